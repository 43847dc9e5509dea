// Local loss of DreamLIP: each sub-caption finds its own group of patches.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace lip::loss {

enum class LocalDirection : std::uint8_t {
    kTextToGroup,  // a text against the groups of its image: the paper's form
    kGroupToText,  // a group against the texts of its image
    kBoth,         // the mean of the two
};

// DreamLIP, local loss (doc/dreamlip.md), with the other sub-captions of the image as negatives:
//   C_i[j,k] = s_l <g_ij, t_ik>
//   t2g(i,k) = lse_{j: m_ij=1} C_i[j,k] - C_i[k,k]    g2t(i,k) = lse_{n: m_in=1} C_i[k,n] -
//   C_i[k,k]
// g and t [N, K, D] unit vectors, valid [N, K] bool (undefined: all), log_scale the scalar ln s_l.
// The sum over valid (i,k): divided by their number in the whole batch it is the loss, so that
// parts of a batch add up. A negative whose text has a cosine above `filter` with the right one's
// is left out; 0: none is.
at::Tensor local_sum(const at::Tensor& g, const at::Tensor& t, const at::Tensor& valid,
                     const at::Tensor& log_scale, LocalDirection direction, double filter);

}  // namespace lip::loss
