// All forms of the multi-positive loss against reference numbers, plain formulas, finite
// differences and the identities that hold for them.
#include "loss/multi_positive.h"
#include "loss/clip.h"
#include "tests/support/golden.h"
#include "tests/support/gradients.h"
#include "tests/support/stand_in_device.h"

#include <ATen/ATen.h>
#include <doctest/doctest.h>

#include <cmath>

using namespace lip;
using at::Tensor;
using loss::Positives;
using test::difference;
using test::gradient_error;
using test::leaf;
using test::random_unit;
using test::scalar;

namespace {

constexpr Positives kForms[] = {Positives::kSlots, Positives::kAll, Positives::kLse};

loss::MultiPositive in_form(Positives positives, std::int64_t chunk = 1024) {
    loss::MultiPositive options;
    options.positives = positives;
    options.chunk = chunk;
    return options;
}

// [N, N, K]: logits of image i and text (n, k); equal[i, n, k]: image i has text (n, k) as well
// (in slot k: equal_slot), n != i.
struct Plain {
    Tensor logits, equal, equal_slot;
};

Plain plain_parts(const Tensor& v, const Tensor& t, const Tensor& valid, const Tensor& log_scale,
                  const Tensor& ids) {
    const std::int64_t n = t.size(0), k = t.size(1);
    Plain plain;
    plain.logits = at::tensordot(v, t, {1}, {2}) * log_scale.exp();
    plain.equal = at::zeros({n, n, k}, at::kBool);
    plain.equal_slot = at::zeros({n, n, k}, at::kBool);
    if (!ids.defined()) return plain;
    for (std::int64_t i = 0; i < n; ++i)
        for (std::int64_t j = 0; j < n; ++j)
            for (std::int64_t a = 0; a < k; ++a)
                for (std::int64_t b = 0; b < k; ++b)
                    if (i != j && valid[i][a].item<bool>() && valid[j][b].item<bool>() &&
                        ids[i][a].item<std::int64_t>() == ids[j][b].item<std::int64_t>()) {
                        plain.equal[i][j][b] = true;
                        if (a == b) plain.equal_slot[i][j][b] = true;
                    }
    return plain;
}

// The formulas with whole matrices, for autograd.
Tensor plain_loss(Positives positives, const Tensor& v, const Tensor& t, const Tensor& valid,
                  const Tensor& log_scale, const Tensor& ids = {}) {
    const auto [logits, equal, equal_slot] = plain_parts(v, t, valid, log_scale, ids);
    const Tensor own = logits.diagonal().t();  // [N, K]
    const Tensor t2i = logits.masked_fill(equal, -INFINITY).logsumexp(0) - own;
    const Tensor columns = t2i.masked_select(valid).mean();
    const Tensor lost = valid.logical_not();
    if (positives == Positives::kSlots) {
        const Tensor i2t =
            logits.masked_fill(lost, -INFINITY).masked_fill(equal_slot, -INFINITY).logsumexp(1) -
            own;
        return (i2t.masked_select(valid).mean() + columns) / 2;
    }
    const Tensor rows =
        logits.masked_fill(lost, -INFINITY).masked_fill(equal, -INFINITY).flatten(1).logsumexp(1);
    const Tensor count = valid.sum(1);
    const Tensor positive = positives == Positives::kAll
                                ? (own * valid).sum(1) / count.clamp_min(1)
                                : own.masked_fill(lost, -INFINITY).logsumexp(1);
    return ((rows - positive).masked_select(count > 0).mean() + columns) / 2;
}

struct Inputs {
    Tensor v, t, valid, log_scale;
};

Inputs made_up(std::int64_t n, std::int64_t k, double scale, bool lost = true) {
    Inputs in{random_unit({n, 4}, 1), random_unit({n, k, 4}, 2), at::ones({n, k}, at::kBool),
              scalar(std::log(scale))};
    if (lost) {
        in.valid[1][k - 1] = false;
        in.valid[n - 1][0] = false;
        in.valid[2].fill_(false);  // an image without any text
    }
    return in;
}

// Loss and gradients in one vector.
Tensor everything(const Tensor& loss, std::initializer_list<Tensor> leaves) {
    std::vector<Tensor> all{loss.detach().flatten()};
    for (const Tensor& x : leaves) x.mutable_grad() = Tensor();
    loss.backward();
    for (const Tensor& x : leaves) all.push_back(x.grad().flatten());
    return at::cat(all);
}

}  // namespace

TEST_CASE("multi-positive losses and their gradients equal the reference") {
    const auto golden = test::read_golden("dreamlip.json");
    int cases = 0;
    for (const auto& c : golden["cases"]) {
        if (!c.contains("inputs")) continue;
        for (const auto& run : c["runs"])
            for (const auto& [positives, name] :
                 {std::pair{Positives::kSlots, "mpcl_slot"}, {Positives::kAll, "mpcl_all"}})
                for (const auto type : {at::kDouble, at::kFloat})
                    for (const std::int64_t chunk : {1, 2, 3, 1024}) {
                        CAPTURE(c["name"].get<std::string>());
                        CAPTURE(name);
                        CAPTURE(chunk);
                        const double tolerance = type == at::kDouble ? 1e-9 : 2e-5;
                        const auto unit_leaf = [&](const char* key) {
                            return leaf(tensor::unit(test::to_tensor(c["inputs"][key])).to(type));
                        };
                        const Tensor v = unit_leaf("image"), t = unit_leaf("text");
                        const Tensor log_scale =
                            leaf(scalar(std::log(run["scale"].template get<double>())).to(type));
                        const Tensor loss =
                            loss::multi_positive(v, t, test::to_tensor(c["valid"]).to(at::kBool),
                                                 log_scale, in_form(positives, chunk));
                        loss.backward();
                        CHECK(difference(loss, test::to_tensor(run[name]["loss"])) < tolerance);
                        const auto& grad = run["grad_unit"][name];
                        CHECK(difference(v.grad(), test::to_tensor(grad["image"])) < tolerance);
                        CHECK(difference(t.grad(), test::to_tensor(grad["text"])) < tolerance);
                        CHECK(difference(log_scale.grad(), test::to_tensor(grad["log_scale"])) <
                              tolerance);
                        ++cases;
                    }
    }
    CHECK(cases == 5 * 2 * 2 * 2 * 4);
}

TEST_CASE("every form equals the plain formula, at scales that need each kind of exponent") {
    // In float, 14 needs no shift, 100 a common one, 100 with opposite vectors and 1000 the maxima
    // of each row and column; in double only 1000 needs those.
    for (const double scale : {14.0, 100.0, 1000.0})
        for (const bool opposite : {false, true})
            for (const bool with_ids : {false, true})
                for (const Positives positives : kForms) {
                    Inputs in = made_up(7, 3, scale);
                    if (opposite) {  // one image far from all texts
                        in.t = in.t[0][0].expand({7, 3, 4}).clone();
                        in.v = in.v.clone();
                        in.v[0] = -in.t[0][0];
                    }
                    const Tensor ids = at::arange(21).view({7, 3}) % 8;  // repeats across images
                    const Tensor v = leaf(in.v), t = leaf(in.t), s = leaf(in.log_scale);
                    const Tensor plain = everything(
                        plain_loss(positives, v, t, in.valid, s, with_ids ? ids : Tensor()),
                        {v, t, s});
                    for (const std::int64_t chunk : {1, 2, 3, 1024})
                        for (const auto type : {at::kDouble, at::kFloat}) {
                            CAPTURE(scale);
                            CAPTURE(opposite);
                            CAPTURE(with_ids);
                            CAPTURE(static_cast<int>(positives));
                            CAPTURE(chunk);
                            CAPTURE(type);
                            loss::MultiPositive options = in_form(positives, chunk);
                            if (with_ids) options.text_ids = ids;
                            const Tensor v2 = leaf(in.v.to(type)), t2 = leaf(in.t.to(type)),
                                         s2 = leaf(in.log_scale.to(type));
                            const Tensor ours = everything(
                                loss::multi_positive(v2, t2, in.valid, s2, options), {v2, t2, s2});
                            // In float a logit of 1000 is known to 6e-5 only.
                            const double tolerance = type == at::kDouble ? 1e-9
                                                     : scale > 500       ? 1e-3
                                                                         : 2e-5;
                            CHECK(difference(ours, plain) < tolerance);
                        }
                }
}

TEST_CASE("multi-positive gradients agree with central differences") {
    const Inputs in = made_up(5, 3, 4);
    for (const Positives positives : kForms) {
        loss::MultiPositive options = in_form(positives, 2);
        options.text_ids = at::arange(15).view({5, 3}) % 7;
        const auto loss = [&](const Tensor& v, const Tensor& t, const Tensor& s) {
            return loss::multi_positive(v, t, in.valid, s, options);
        };
        CHECK(gradient_error([&](const Tensor& x) { return loss(x, in.t, in.log_scale); }, in.v) <
              1e-8);
        CHECK(gradient_error([&](const Tensor& x) { return loss(in.v, x, in.log_scale); }, in.t) <
              1e-8);
        CHECK(gradient_error([&](const Tensor& x) { return loss(in.v, in.t, x); }, in.log_scale) <
              1e-8);
    }
}

TEST_CASE("equal embeddings give the logarithm of the number of candidates") {
    const Tensor v = at::ones({6, 4}, at::kDouble) / 2, t = at::ones({6, 3, 4}, at::kDouble) / 2;
    const auto loss = [&](Positives positives) {
        return loss::multi_positive(v, t, {}, scalar(2), in_form(positives)).item<double>();
    };
    CHECK(std::abs(loss(Positives::kSlots) - std::log(6.0)) < 1e-12);
    CHECK(std::abs(loss(Positives::kAll) - (std::log(18.0) + std::log(6.0)) / 2) < 1e-12);
    CHECK(std::abs(loss(Positives::kLse) - std::log(6.0)) < 1e-12);  // ln 18 - ln 3 and ln 6
}

TEST_CASE("with one slot every form is CLIP's loss, the symmetric cross entropy") {
    const Tensor v = random_unit({7, 5}, 3), t = random_unit({7, 5}, 4);
    const Tensor logits = v.matmul(t.t()) * std::exp(2.0), target = at::arange(7);
    const double expected =
        (at::cross_entropy_loss(logits, target) + at::cross_entropy_loss(logits.t(), target))
            .item<double>() /
        2;
    for (const Positives positives : kForms)
        CHECK(std::abs(loss::multi_positive(v, t.unsqueeze(1), {}, scalar(2), in_form(positives, 3))
                           .item<double>() -
                       expected) < 1e-12);
    CHECK(std::abs(loss::clip_loss(v, t, scalar(2), 3).item<double>() - expected) < 1e-12);
}

TEST_CASE("the order of images never matters, that of an image's texts to slots alone") {
    const Inputs in = made_up(6, 3, 8);
    const Tensor order = at::tensor({3, 1, 5, 0, 2, 4}, at::kLong);
    Tensor t = in.t.clone(), valid = in.valid.clone();
    t[0] = in.t[0].index_select(0, at::tensor({2, 0, 1}, at::kLong));
    for (const Positives positives : kForms) {
        const auto loss = [&](const Tensor& v, const Tensor& texts, const Tensor& mask) {
            return loss::multi_positive(v, texts, mask, in.log_scale, in_form(positives))
                .item<double>();
        };
        const double as_is = loss(in.v, in.t, in.valid);
        CHECK(std::abs(as_is - loss(in.v.index_select(0, order), in.t.index_select(0, order),
                                    in.valid.index_select(0, order))) < 1e-12);
        const bool same = std::abs(as_is - loss(in.v, t, valid)) < 1e-12;
        CHECK(same == (positives != Positives::kSlots));
    }
}

TEST_CASE("a lost slot has no gradient, and any text may stand there, with any id") {
    const Inputs in = made_up(6, 2, 5);
    const Tensor ids = at::arange(12).view({6, 2}) % 5;
    Tensor other_ids = ids.clone(), other = in.t.clone();
    other[1][1] = in.v[0];
    other[2] = in.v[1];
    other_ids[1][1] = ids[0][0];
    other_ids[2].fill_(ids[3][1]);
    for (const Positives positives : kForms) {
        loss::MultiPositive options = in_form(positives, 4);
        options.text_ids = ids;
        const Tensor t = leaf(other), v = leaf(in.v);
        const double loss =
            loss::multi_positive(v, in.t, in.valid, in.log_scale, options).item<double>();
        options.text_ids = other_ids;
        const Tensor changed = loss::multi_positive(v, t, in.valid, in.log_scale, options);
        changed.backward();
        CHECK(changed.item<double>() == loss);
        CHECK(t.grad()
                  .masked_select(in.valid.logical_not().unsqueeze(2))
                  .abs()
                  .max()
                  .item<double>() == 0);
        CHECK(t.grad()[0][0].abs().max().item<double>() > 0);
    }
}

TEST_CASE("the parts of several processes add up to the loss and its gradients") {
    const Inputs in = made_up(7, 3, 6);
    const Tensor ids = at::arange(21).view({7, 3}) % 9;
    for (const Positives positives : kForms) {
        loss::MultiPositive options = in_form(positives, 2);
        options.text_ids = ids;
        const Tensor v = leaf(in.v), t = leaf(in.t), s = leaf(in.log_scale);
        const auto part = [&](std::int64_t begin, std::int64_t end) {
            options.own_begin = begin;
            options.own_end = end;
            return everything(loss::multi_positive(v, t, in.valid, s, options), {v, t, s});
        };
        const Tensor whole = part(0, -1);
        for (const auto& borders : {std::vector{0, 7}, {0, 3, 7}, {0, 2, 3, 5, 7}}) {
            Tensor sum = at::zeros_like(whole);
            for (std::size_t i = 1; i < borders.size(); ++i)
                sum += part(borders[i - 1], borders[i]);
            CHECK(difference(sum, whole) < 1e-12);
        }
    }
}

TEST_CASE("a slot without valid texts is left out; what cannot be right is refused") {
    const Tensor v = random_unit({3, 4}, 7), t = random_unit({3, 2, 4}, 8);
    Tensor valid = at::ones({3, 2}, at::kBool);
    valid.select(1, 1).fill_(false);
    const double clip = loss::clip_loss(v, t.select(1, 0), scalar(2)).item<double>();
    for (const Positives positives : kForms)
        CHECK(std::abs(
                  loss::multi_positive(v, t, valid, scalar(2), in_form(positives)).item<double>() -
                  clip) < 1e-12);
    CHECK(std::abs(loss::multi_positive_slots(v, t, valid, scalar(2)).item<double>() - clip) <
          1e-12);

    CHECK_THROWS(loss::multi_positive(v, t, at::zeros({3, 2}, at::kBool), scalar(2)));
    CHECK_THROWS(loss::multi_positive(v, t.slice(0, 0, 2), {}, scalar(2)));
    CHECK_THROWS(loss::multi_positive(v, t, valid.slice(1, 0, 1), scalar(2)));
    CHECK_THROWS(loss::multi_positive(v, t.to(at::kFloat), valid, scalar(2)));
    loss::MultiPositive options;
    options.chunk = 0;
    CHECK_THROWS(loss::multi_positive(v, t, valid, scalar(2), options));
    options = {};
    options.own_begin = 2, options.own_end = 4;
    CHECK_THROWS(loss::multi_positive(v, t, valid, scalar(2), options));
    options = {};
    options.text_ids = at::zeros({3, 1}, at::kLong);
    CHECK_THROWS(loss::multi_positive(v, t, valid, scalar(2), options));
}

TEST_CASE("lost texts that fit perfectly give no NaN at scale 100") {
    const Tensor v = leaf(at::eye(3, at::kFloat));
    Tensor texts = at::eye(3, at::kFloat).roll(1, 0).unsqueeze(1).repeat({1, 2, 1});
    texts[1][1] = v.detach()[1];  // its own image's, and of a valid row below
    texts[2][1] = v.detach()[0];
    const Tensor t = leaf(texts), log_scale = leaf(at::scalar_tensor(std::log(100.0)));
    Tensor valid = at::ones({3, 2}, at::kBool);
    valid[1][1] = valid[2][1] = false;
    for (const Positives positives : kForms)
        for (const std::int64_t chunk : {1, 2, 1024}) {
            const Tensor all =
                everything(loss::multi_positive(v, t, valid, log_scale, in_form(positives, chunk)),
                           {v, t, log_scale});
            CHECK(all.isfinite().all().item<bool>());
            CHECK(t.grad()[1][1].abs().max().item<double>() == 0);
        }
}

TEST_CASE("multi-positive losses run on another device without stray CPU tensors") {
    const auto there = [](const Tensor& x) { return leaf(x.to(at::kFloat).to(test::kStandIn)); };
    const Inputs in = made_up(4, 2, 3);
    for (const double scale : {3.0, 1000.0})
        for (const Positives positives : kForms) {
            loss::MultiPositive options = in_form(positives, 3);
            options.text_ids = (at::arange(8).view({4, 2}) % 3).to(test::kStandIn);
            const Tensor v = there(in.v), t = there(in.t), s = there(scalar(std::log(scale)));
            const Tensor away = loss::multi_positive(v, t, in.valid.to(test::kStandIn), s, options);
            away.backward();
            options.text_ids = options.text_ids.to(at::kCPU);
            const Tensor v2 = leaf(in.v);
            const Tensor here =
                loss::multi_positive(v2, in.t, in.valid, scalar(std::log(scale)), options);
            here.backward();
            CHECK(difference(away, here.detach()) < 1e-4);
            CHECK(difference(v.grad(), v2.grad()) < 1e-3);
            CHECK_THROWS(loss::multi_positive(v, t, in.valid, s, options));  // masks on the CPU
        }
}
