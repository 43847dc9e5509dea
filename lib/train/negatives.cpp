#include "train/negatives.h"

#include "record/keyed_rng.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <stdexcept>
#include <vector>

namespace lip::train {

using at::Tensor;

Tensor draws_of(const Batch& batch) {
    if (std::ssize(batch.draws) != batch.pixels.size(0))
        throw std::logic_error("a batch without random numbers of its images");
    std::vector<std::int64_t> bits(batch.draws.size());
    std::ranges::transform(batch.draws, bits.begin(),
                           [](std::uint64_t x) { return static_cast<std::int64_t>(x); });
    return at::tensor(bits, at::TensorOptions(at::kLong));
}

Tensor draw_negatives(const Tensor& own, const Tensor& all, const Tensor& valid) {
    const Tensor mine = own.to(at::kCPU).contiguous(), others = all.to(at::kCPU).contiguous(),
                 usable = valid.to(at::kCPU).contiguous();
    const std::int64_t rows = mine.size(0), images = others.size(0), slots = usable.size(1);
    std::vector<std::vector<std::int64_t>> choices(static_cast<std::size_t>(images));
    for (std::int64_t n = 0; n < images; ++n) {
        auto& of_image = choices[static_cast<std::size_t>(n)];
        for (std::int64_t k = 0; k < slots; ++k)
            if (usable.const_data_ptr<bool>()[n * slots + k]) of_image.push_back(k);
        if (of_image.empty()) of_image.push_back(0);
    }
    Tensor drawn = at::empty({rows, images}, at::TensorOptions(at::kLong));
    auto* out = drawn.mutable_data_ptr<std::int64_t>();
    const auto bits = [](const Tensor& x, std::int64_t i) {
        return static_cast<std::uint64_t>(x.const_data_ptr<std::int64_t>()[i]);
    };
    for (std::int64_t i = 0; i < rows; ++i)
        for (std::int64_t n = 0; n < images; ++n) {
            const auto& of_image = choices[static_cast<std::size_t>(n)];
            const std::uint64_t random =
                record::mix64(bits(mine, i) + record::mix64(bits(others, n)));
            *out++ = of_image[record::below(random, of_image.size())];
        }
    return drawn;
}

}  // namespace lip::train
