#include "loss/distill.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <limits>

namespace lip::loss {

using at::Tensor;

namespace {

// Sum over rows of the cross-entropy of softmax(x) with softmax(y); `mask` [columns] says which
// count.
Tensor cross_entropy(const Tensor& x, const Tensor& y, const Tensor& mask) {
    const double least = -std::numeric_limits<float>::max();
    const Tensor q = x.masked_fill(~mask, least).softmax(-1);
    const Tensor log_p = y.masked_fill(~mask, least).log_softmax(-1);
    // Where q is 0, log p may be as low as it likes.
    return -(q * log_p.masked_fill(~mask, 0)).sum();
}

Tensor logits(const Matches& of, const Tensor& rows, const Tensor& columns) {
    return of.log_scale.exp() * rows.matmul(columns.t());
}

}  // namespace

void distill(const Matches& student, const Matches& teacher, const Tensor& valid,
             std::int64_t begin, std::int64_t end, const std::function<void(const Tensor&)>& take,
             std::int64_t most) {
    const std::int64_t images = valid.size(0), slots = valid.size(1);
    const Tensor all_valid = valid.flatten();
    const double texts = std::max(all_valid.sum().item<double>(), 1.0);
    const Tensor teacher_t = teacher.t.flatten(0, 1);
    const std::int64_t rows = std::max<std::int64_t>(most / (images * slots), 1);
    for (std::int64_t at = begin; at < end; at += rows) {
        const std::int64_t to = std::min(at + rows, end);
        const Tensor x = logits(teacher, teacher.v.slice(0, at, to), teacher_t);
        const Tensor y = logits(student, student.v.slice(0, at, to), student.t.flatten(0, 1));
        take(cross_entropy(x, y, all_valid) / (2.0 * static_cast<double>(images)));
    }
    const Tensor every_image = at::ones({images}, valid.options());
    for (std::int64_t at = begin; at < end; at += rows) {
        const std::int64_t to = std::min(at + rows, end);
        const Tensor own = valid.slice(0, at, to).flatten().nonzero().squeeze(1);
        const auto of = [&](const Matches& m) {
            return logits(m, m.t.slice(0, at, to).flatten(0, 1).index_select(0, own), m.v);
        };
        take(cross_entropy(of(teacher), of(student), every_image) / (2.0 * texts));
    }
}

}  // namespace lip::loss
