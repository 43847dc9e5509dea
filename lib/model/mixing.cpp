#include "model/mixing.h"

#include "tensor/linear.h"
#include "tensor/math.h"

#include <ATen/ATen.h>

namespace lip::model {

using at::Tensor;

QueryFeatures average(const QueryFeatures& texts) {
    const auto mean = [](const Tensor& x) { return x.mean(/*dim=*/0, /*keepdim=*/true); };
    return {texts.query.defined() ? mean(texts.query) : Tensor(), tensor::unit(mean(texts.target))};
}

MixedImages mix(const MixtureFeatures& images, const Tensor& query, const Tensor& output,
                const Tensor& output_bias, std::int64_t heads) {
    const auto by_head = [&](const Tensor& x) {  // [.., N, D] -> [.., M, N, D/M]
        return x.unflatten(-1, {heads, -1}).transpose(-3, -2);
    };
    const Tensor q = by_head(query).unsqueeze(0);          // [1, M, T, D/M]
    const Tensor e = q.matmul(by_head(images.keys).mT());  // [B, M, T, K]
    const Tensor phi = e.softmax(/*dim=*/-1);              // [B, M, T, K]
    const Tensor c = phi.matmul(by_head(images.values))    // [B, M, T, D/M]
                         .transpose(1, 2)
                         .flatten(2);  // [B, T, D]
    return {phi.transpose(1, 2).contiguous(), tensor::unit(tensor::linear(c, output, output_bias))};
}

}  // namespace lip::model
