// CLOC's losses over regions: a box of an image and the phrase for it.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <optional>

namespace lip::loss {

struct RegionContrast {
    // Phrases more alike than this are no negatives of each other's regions; nothing: all are.
    std::optional<double> filter = 0.9;
    // The filter compares phrases after the mean of all is taken off: what all share, which is most
    // of them in a text tower that has learnt nothing yet, makes none alike.
    bool filter_centred = false;
    std::int64_t tile = 2048;  // rows and columns of a block of similarities
    // Only the terms of the rows [own_begin, own_end), still divided by the number of all valid
    // ones: the parts of several processes add up to the loss. -1: to the last.
    std::int64_t own_begin = 0, own_end = -1;
};

// Symmetric contrast of regions with their phrases (CLOC, ICML 2025; doc/cloc.md):
//   S_pq = exp(log_scale) <z_p, t_q>,  keep_pq = (p = q) or <t_p, t_q> <= filter
//   L = 1/2R [sum_p (log sum_{q: keep_pq} exp S_pq - S_pp) + sum_q (log sum_{p: keep_pq} exp S_pq -
//   S_qq)]
//
// z, t [N, D] unit vectors, valid [N] bool (undefined: all); p and q run over the R valid rows. A
// row that is not valid may hold anything, has no influence and a gradient of 0; without valid rows
// the loss is 0. The filter takes no part in the gradient; phrases that are all alike lose all
// their negatives, and the loss is 0. Memory beyond inputs and their gradients
// is some blocks of tile x tile numbers. Differentiable in z, t and log_scale, once. Throws
// c10::Error if shapes do not fit.
at::Tensor region_contrast(const at::Tensor& z, const at::Tensor& t, const at::Tensor& valid,
                           const at::Tensor& log_scale, const RegionContrast& options = {});

// The share of the pairs of different phrases t [N, D], unit vectors, that the filter leaves out.
double filtered_share(const at::Tensor& t, const at::Tensor& valid, const RegionContrast& options);

// Where a phrase is said to be: 1/4R sum over valid p of |boxes_p - found_p|^2.
//
// boxes, found [N, 4] as (x1, y1, x2, y2) within 0..1; valid [N] bool (undefined: all). R is
// all_valid, or of the rows given if that is 0. Rows that are not valid as above.
at::Tensor grounding_loss(const at::Tensor& boxes, const at::Tensor& found, const at::Tensor& valid,
                          double all_valid = 0);

}  // namespace lip::loss
