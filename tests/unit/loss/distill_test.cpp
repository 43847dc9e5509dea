#include "loss/distill.h"

#include "tests/support/small_step.h"
#include "tests/support/stand_in_device.h"
#include "train/step.h"

#include "tests/support/golden.h"

#include <ATen/ATen.h>
#include <doctest/doctest.h>

#include <cmath>

using namespace lip;
using at::Tensor;

namespace {

Tensor waves(at::IntArrayRef shape, double step) {
    std::int64_t n = 1;
    for (const std::int64_t side : shape) n *= side;
    const Tensor x =
        at::sin(at::arange(n, at::TensorOptions(at::kDouble)) * step + step).view(shape);
    return x / x.norm(2, -1, true);
}

loss::Matches matches(std::int64_t images, std::int64_t slots, double step) {
    return {waves({images, 6}, step), waves({images, slots, 6}, step + 0.1),
            at::full({}, 1.0 + step, at::TensorOptions(at::kDouble))};
}

double whole(const loss::Matches& student, const loss::Matches& teacher, const Tensor& valid,
             std::int64_t begin, std::int64_t end, std::int64_t most) {
    double sum = 0;
    loss::distill(
        student, teacher, valid, begin, end,
        [&](const Tensor& share) { sum += share.item<double>(); }, most);
    return sum;
}

}  // namespace

TEST_CASE("distillation: with one text an image it is open_clip's form") {
    const auto student = matches(7, 1, 0.7), teacher = matches(7, 1, 0.3);
    const auto logits = [](const loss::Matches& m) {
        return m.log_scale.exp() * m.v.matmul(m.t.squeeze(1).t());
    };
    const auto one_way = [](const Tensor& t, const Tensor& s) {
        return -(t.softmax(1) * s.log_softmax(1)).sum(1).mean(0);
    };
    const Tensor t = logits(teacher), s = logits(student);
    const double expected = ((one_way(t, s) + one_way(t.t(), s.t())) / 2).item<double>();
    const Tensor valid = at::ones({7, 1}, at::kBool);
    CHECK(std::abs(whole(student, teacher, valid, 0, 7, 1 << 20) - expected) < 1e-12);
    // The shares of parts and of ranks add up.
    CHECK(std::abs(whole(student, teacher, valid, 0, 7, 1) - expected) < 1e-12);
    CHECK(std::abs(whole(student, teacher, valid, 0, 3, 1 << 20) +
                   whole(student, teacher, valid, 3, 7, 8) - expected) < 1e-12);
}

TEST_CASE("distillation: a text that is not valid counts nowhere") {
    auto student = matches(5, 3, 0.7), teacher = matches(5, 3, 0.3);
    Tensor valid = at::ones({5, 3}, at::kBool);
    valid[2][1] = valid[4][0] = false;
    const double was = whole(student, teacher, valid, 0, 5, 1 << 20);
    student.t[2][1] = 100;
    teacher.t[4][0] = -100;
    CHECK(whole(student, teacher, valid, 0, 5, 1 << 20) == was);
    const Tensor none = at::zeros({5, 3}, at::kBool);
    CHECK(std::isfinite(whole(student, teacher, none, 0, 5, 1 << 20)));
}

TEST_CASE("distillation: gradients by finite differences") {
    const auto student = matches(4, 2, 0.7), teacher = matches(4, 2, 0.3);
    Tensor valid = at::ones({4, 2}, at::kBool);
    valid[1][1] = false;
    for (const Tensor& leaf : {student.v, student.t, student.log_scale}) leaf.requires_grad_(true);
    loss::distill(
        student, teacher, valid, 0, 4, [](const Tensor& share) { share.backward(); }, 8);
    for (const Tensor& leaf : {student.v, student.t, student.log_scale}) {
        const at::NoGradGuard no_grad;
        Tensor flat = leaf.detach().view(-1);
        for (std::int64_t at = 0; at < flat.numel(); at += 5) {
            const double was = flat[at].item<double>(), h = 1e-6;
            const auto loss_at = [&](double x) {
                flat[at] = x;
                return whole(student, teacher, valid, 0, 4, 8);
            };
            const double slope = (loss_at(was + h) - loss_at(was - h)) / (2 * h);
            flat[at] = was;
            CHECK(std::abs(slope - leaf.grad().view(-1)[at].item<double>()) < 1e-8);
        }
    }
}

TEST_CASE("distillation: from itself a model learns nothing new, from another it does") {
    for (const train::Method& method : train::methods()) {
        if (method.image_features) continue;
        CAPTURE(std::string(method.name));
        train::Batch batch = test::small_batch(5, method.texts_per_image);
        if (method.regions) test::add_regions(batch);
        model::LanguageImageModel plain(test::small_config(method), 1),
            same(test::small_config(method), 1), other(test::small_config(method), 1);
        model::ModelConfig larger = test::small_config(method);
        larger.vision.image_size = 64;
        larger.text.context_length = 8;  // some texts are cut
        const model::LanguageImageModel twin(test::small_config(method), 1), teacher(larger, 2);
        const train::StepSettings parts{.part_images = 2};
        const auto step = [&](const model::LanguageImageModel& m,
                              const model::LanguageImageModel* t) {
            train::StepSettings how = parts;
            how.teacher = t;
            how.distill_weight = 0.5;
            return train::forward_backward(method, m, batch, how);
        };
        const train::StepLoss a = step(plain, nullptr), b = step(same, &twin),
                              c = step(other, &teacher);
        CHECK_FALSE(a.distill.defined());
        CHECK(std::abs(b.total.item<double>() - (a.total + 0.5 * b.distill).item<double>()) < 1e-5);
        bool differs = false;
        for (std::size_t i = 0; i < plain.parameters.all().size(); ++i) {
            const auto gradient = [&](const model::LanguageImageModel& m) {
                return m.parameters.all()[i].second.grad();
            };
            if (!gradient(plain).defined()) continue;
            CHECK(test::difference(gradient(plain), gradient(same)) < 1e-5);
            differs |= test::difference(gradient(plain), gradient(other)) > 1e-4;
        }
        CHECK(differs);
        for (const auto& [name, value] : teacher.parameters.all())
            CHECK_FALSE(value.grad().defined());
        model::LanguageImageModel there(test::small_config(method), 1), far(larger, 2);
        there.to(test::kStandIn);
        far.to(test::kStandIn);
        CHECK(test::difference(step(there, &far).total.to(at::kCPU), c.total) < 1e-4);
    }
}
