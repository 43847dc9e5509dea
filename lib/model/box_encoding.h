// Position encodings of points in an image, and weights of the patches under a box.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>

namespace lip::model {

struct PositionEncoding {
    std::string kind = "sinus";  // sinus, sinus_2pi, fourier
    std::int64_t grid = 14;      // patches along a side

    // Points [..., 2] within 0..1 -> [..., channels]; channels is a multiple of 4. With F =
    // channels / 4 the halves of a row are pe(x) and pe(y),
    //   pe(u)[2f], pe(u)[2f+1] = sin(w_f u), cos(w_f u)    w_f = S / 10000^(f/F)
    // where S = pi * grid, so that the fastest wave has a period of two patches (CLOC, section 3.2
    // leaves S open), or 2 pi. fourier: sin and cos of F * 2 fixed random directions of the point.
    at::Tensor operator()(const at::Tensor& points, std::int64_t channels) const;
};

// The middles of the patches, row by row: [grid * grid, 2].
at::Tensor patch_centres(std::int64_t grid, const at::TensorOptions& options);

// Weights [..., P] of the patches in the mean of 7 x 7 bilinear samples of a box [..., 4], at the
// middles of its bins, as in RoIAlign with one sample a bin. Each row sums to 1.
at::Tensor roi_weights(const at::Tensor& boxes, std::int64_t grid);

}  // namespace lip::model
