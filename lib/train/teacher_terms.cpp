#include "train/teacher_terms.h"

#include "tensor/device.h"

#include <ATen/ATen.h>

namespace lip::train {

using at::Tensor;

void TeacherTerms::embed(Part& part) const {
    const at::NoGradGuard no_grad;
    const tensor::Autocast autocast(teacher_->device(), settings_.precision);
    const std::int64_t side = teacher_->config.vision.image_size;
    Tensor pixels = part.pixels.to(teacher_->device());
    if (pixels.size(2) != side || pixels.size(3) != side)
        pixels = at::_upsample_bilinear2d_aa(pixels.to(at::kFloat), {side, side},
                                             /*align_corners=*/false);
    part.teacher_v = teacher_->embed_images(pixels);
    if (!part.teacher_texts.groups.empty())
        part.teacher_t = teacher_->embed_texts(part.teacher_texts);
}

Tensor TeacherTerms::contrast(const std::vector<Part>& parts, const Tensor& place,
                              const loss::Matches& student, const Tensor& valid) const {
    const std::int64_t images = valid.size(0), slots = valid.size(1),
                       first = ranks_.rank() * images;
    const Tensor texts = join(parts, &Part::teacher_t).detach().index_select(0, place);
    const loss::Matches teacher{ranks_.gather(join(parts, &Part::teacher_v).detach()),
                                ranks_.gather(texts.view({images, slots, -1})),
                                teacher_->log_scale.detach()};
    const bool alone = ranks_.size() == 1;
    const auto all_of = [&](const Tensor& own) {
        return alone ? own : ranks_.gather(own.detach()).requires_grad_(true);
    };
    const loss::Matches all{all_of(student.v), all_of(student.t), student.log_scale};
    Tensor sum = at::zeros({}, at::TensorOptions(at::kFloat).device(teacher_->device()));
    loss::distill(all, teacher, ranks_.gather(valid), first, first + images,
                  [&](const Tensor& share) {
                      sum.add_(share.detach());
                      (settings_.distill_weight * share).backward();
                  });
    if (!alone) {
        const at::NoGradGuard no_grad;
        Tensor(student.v).mutable_grad().add_(ranks_.sum_scatter(all.v.grad()));
        Tensor(student.t).mutable_grad() = ranks_.sum_scatter(all.t.grad());
    }
    return ranks_.sum(sum);
}

}  // namespace lip::train
