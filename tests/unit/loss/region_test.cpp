// Region losses against reference numbers, finite differences and the identities that hold.
#include "loss/region.h"

#include "loss/multi_positive.h"
#include "tests/support/golden.h"
#include "tests/support/gradients.h"
#include "tests/support/stand_in_device.h"

#include <ATen/ATen.h>
#include <doctest/doctest.h>

#include <cmath>
#include <limits>

using namespace lip;
using at::Tensor;
using loss::RegionContrast;
using test::difference;
using test::gradient_error;
using test::leaf;
using test::random_unit;
using test::scalar;

namespace {

Tensor valid_of(const nlohmann::json& json) {
    return test::to_tensor(json).to(at::kBool).flatten();
}

std::optional<double> filter_of(const nlohmann::json& run) {
    return run["filter"].is_null() ? std::nullopt : std::optional(run["filter"].get<double>());
}

// Regions of which some have the same phrase, and lost ones with junk.
struct Batch {
    Tensor z = random_unit({11, 6}, 1), t = random_unit({11, 6}, 2), valid;
    Batch() {
        t[3].copy_(t[7]);
        t[9].copy_(t[7]);
        valid = at::ones({11}, at::kBool);
        for (const int lost : {0, 4, 10}) {
            valid[lost] = false;
            z[lost].fill_(std::numeric_limits<double>::quiet_NaN());
            t[lost].fill_(1e30);
        }
    }
};

}  // namespace

TEST_CASE("region contrast: what all phrases share makes none alike once it is taken off") {
    Batch b;
    const Tensor t = tensor::unit(b.t.nan_to_num() + 10), z = b.z;
    const Tensor scale = scalar(1);
    const RegionContrast plain, centred{.filter_centred = true}, off{.filter = std::nullopt};
    CHECK(loss::filtered_share(t, b.valid, plain) == 1);
    CHECK(loss::region_contrast(z, t, b.valid, scale, plain).item<double>() ==
          doctest::Approx(0).epsilon(1e-12));
    CHECK(loss::filtered_share(t, b.valid, off) == 0);
    // Three phrases are the same.
    const double share = loss::filtered_share(t, b.valid, centred);
    CHECK(share == doctest::Approx(6.0 / (8 * 7)));
    const double with = loss::region_contrast(z, t, b.valid, scale, centred).item<double>(),
                 without = loss::region_contrast(z, t, b.valid, scale, off).item<double>();
    CHECK(with > 0.5 * without);
    CHECK(with < without);
    CHECK(loss::region_contrast(z, t, b.valid, scale, {.filter_centred = true, .tile = 3})
              .item<double>() == doctest::Approx(with));
}

TEST_CASE("region contrast: values and gradients of the reference, for tiles of any size") {
    const auto golden = test::read_golden("cloc.json");
    int runs = 0;
    for (const char* name : {"region_contrastive", "validity"}) {
        const auto& c = test::golden_case(golden, name);
        const Tensor valid = c.contains("valid") ? valid_of(c["valid"]) : Tensor();
        for (const auto& run : c["runs"])
            for (const auto type : {at::kDouble, at::kFloat})
                for (const std::int64_t tile : {1, 2, 4, 2048}) {
                    CAPTURE(std::string(name) + run["filter"].dump());
                    CAPTURE(tile);
                    const double tolerance = type == at::kDouble ? 1e-9 : 2e-5;
                    const Tensor z = leaf(test::to_tensor(c["inputs"]["z"]).to(type)),
                                 t = leaf(test::to_tensor(c["inputs"]["t"]).to(type)),
                                 scale = leaf(scalar(run["log_scale"]).to(type));
                    const Tensor loss =
                        loss::region_contrast(tensor::unit(z), tensor::unit(t), valid, scale,
                                              {.filter = filter_of(run), .tile = tile});
                    loss.backward();
                    CHECK(difference(loss, scalar(run["loss"])) < tolerance);
                    const auto& grad = run["grad"];
                    CHECK(difference(z.grad(), test::to_tensor(grad["z"])) < tolerance);
                    CHECK(difference(t.grad(), test::to_tensor(grad["t"])) < tolerance);
                    CHECK(difference(scale.grad(), scalar(grad["log_scale"])) < tolerance);
                    ++runs;
                }
    }
    CHECK(runs == 7 * 2 * 4);
}

TEST_CASE("grounding: values and gradients of the reference") {
    const auto golden = test::read_golden("cloc.json");
    const auto& c = test::golden_case(golden, "validity");
    const Tensor raw = leaf(test::to_tensor(c["inputs"]["raw"])),
                 box = test::to_tensor(c["inputs"]["box"]);
    const Tensor loss = loss::grounding_loss(box, raw.sigmoid(), valid_of(c["valid"]));
    loss.backward();
    CHECK(difference(loss, scalar(c["grounding"]["loss"])) < 1e-9);
    CHECK(difference(raw.grad(), test::to_tensor(c["grounding"]["grad"]["raw"])) < 1e-9);
    // C5
    const Tensor boxes = at::rand({3, 4}, at::kDouble);
    CHECK(loss::grounding_loss(boxes, boxes, {}).item<double>() == 0);
    CHECK(difference(loss::grounding_loss(at::zeros({2, 4}), at::full({2, 4}, 0.5), {}),
                     scalar(0.25)) < 1e-9);
    CHECK_THROWS(loss::grounding_loss(boxes, boxes.slice(1, 0, 3), {}));
}

TEST_CASE("region contrast: finite differences, with lost regions and a filter") {
    const Batch b;
    for (const auto filter : {std::optional<double>(), std::optional(0.9), std::optional(0.2)}) {
        const RegionContrast options{.filter = filter, .tile = 3};
        // Only the valid rows can be moved: the others hold junk.
        const Tensor rows = b.valid.nonzero().squeeze(1);
        const auto of_z = [&](const Tensor& x) {
            return loss::region_contrast(b.z.index_copy(0, rows, x), b.t, b.valid, scalar(1.1),
                                         options);
        };
        const auto of_t = [&](const Tensor& x) {
            return loss::region_contrast(b.z, b.t.index_copy(0, rows, x), b.valid, scalar(1.1),
                                         options);
        };
        const auto of_scale = [&](const Tensor& x) {
            return loss::region_contrast(b.z, b.t, b.valid, x, options);
        };
        CHECK(gradient_error(of_z, b.z.index_select(0, rows)) < 1e-6);
        CHECK(gradient_error(of_t, b.t.index_select(0, rows)) < 1e-6);
        CHECK(gradient_error(of_scale, scalar(1.1)) < 1e-6);
    }
}

TEST_CASE("region contrast: identities") {
    const Tensor z = random_unit({8, 5}, 3), t = random_unit({8, 5}, 4), theta = scalar(2);
    const auto contrast = [&](const Tensor& v, const Tensor& w, std::optional<double> filter) {
        return loss::region_contrast(v, w, {}, theta, {.filter = filter}).item<double>();
    };
    // C1: without a filter it is CLIP's loss.
    CHECK(std::abs(contrast(z, t, {}) -
                   loss::multi_positive(z, t.unsqueeze(1), {}, theta).item<double>()) < 1e-12);
    // C2: equal similarities.
    const Tensor same = t.slice(0, 0, 1).expand({8, 5});
    CHECK(std::abs(contrast(same, same, {}) - std::log(8)) < 1e-12);
    // C3: one phrase for all regions.
    CHECK(std::abs(contrast(z, same, 0.9)) < 1e-12);
    // C9: another order of the regions.
    const Tensor order = at::tensor({5, 2, 7, 0, 1, 6, 4, 3}, at::kLong);
    CHECK(std::abs(contrast(z.index_select(0, order), t.index_select(0, order), 0.3) -
                   contrast(z, t, 0.3)) < 1e-12);
    // C6: no regions.
    const Tensor v = leaf(z), w = leaf(t);
    const Tensor nothing = loss::region_contrast(v, w, at::zeros({8}, at::kBool), theta);
    nothing.backward();
    CHECK(nothing.item<double>() == 0);
    CHECK(v.grad().eq(0).all().item<bool>());
    CHECK(w.grad().eq(0).all().item<bool>());
    CHECK_THROWS(loss::region_contrast(z, t.slice(0, 0, 3), {}, theta));
    CHECK_THROWS(loss::region_contrast(z, t, at::ones({3}, at::kBool), theta));
}

TEST_CASE("region contrast: the parts of several processes add up") {
    const Batch b;
    const auto run = [&](std::int64_t begin, std::int64_t end, std::vector<Tensor>& gradients) {
        const Tensor z = leaf(b.z), t = leaf(b.t), theta = leaf(scalar(1.3));
        const Tensor loss = loss::region_contrast(z, t, b.valid, theta,
                                                  {.tile = 2, .own_begin = begin, .own_end = end});
        loss.backward();
        gradients = {loss.detach(), z.grad(), t.grad(), theta.grad()};
    };
    std::vector<Tensor> whole, sum;
    run(0, -1, whole);
    for (const auto& [begin, end] : {std::pair{0, 3}, {3, 4}, {4, 5}, {5, 11}}) {
        std::vector<Tensor> part;
        run(begin, end, part);
        if (sum.empty()) sum.resize(part.size());
        for (std::size_t i = 0; i < part.size(); ++i)
            sum[i] = sum[i].defined() ? sum[i] + part[i] : part[i];
    }
    for (std::size_t i = 0; i < whole.size(); ++i) CHECK(difference(sum[i], whole[i]) < 1e-12);
}

TEST_CASE("region losses on another device") {
    const Tensor z = random_unit({6, 4}, 5), t = random_unit({6, 4}, 6);
    const Tensor valid = at::tensor({1, 1, 0, 1, 1, 1}).to(at::kBool);
    const auto there = [](const Tensor& x) { return x.to(at::kFloat).to(test::kStandIn); };
    const Tensor a = leaf(there(z)), b = leaf(there(t)), theta = leaf(there(scalar(1)));
    const Tensor away = loss::region_contrast(a, b, valid.to(test::kStandIn), theta, {.tile = 2});
    away.backward();
    CHECK(difference(away, loss::region_contrast(z, t, valid, scalar(1))) < 1e-5);
    CHECK(a.grad().device() == test::kStandIn);
    const Tensor found = leaf(there(z));
    loss::grounding_loss(there(t), found, valid.to(test::kStandIn)).backward();
    CHECK(found.grad().device() == test::kStandIn);
}
