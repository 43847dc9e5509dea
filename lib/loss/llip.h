// Llip's loss: the vector of an image is mixed anew for every text that it is compared with.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace lip::loss {

struct Llip {
    std::int64_t heads = 8;  // of the mixing; divides D
    double tau = 5;          // its temperature: large mixes evenly, small selects
    std::int64_t texts_per_image = 1;
    // The images given are those of the batch from this one on, and their own texts those at
    // own_begin * texts_per_image and behind: the losses of several processes, each with its own
    // images and all texts, add up to that of the batch.
    std::int64_t own_begin = 0;
    // J, where the texts given are some of the batch's only: losses over all its texts add up to
    // that of the batch, too. Then own_begin may lie outside of the texts, or be negative: the
    // texts of other images are negatives.
    std::int64_t count = 0;
    // Bound of one block of the pairwise computation, which holds about five; on the CPU blocks
    // are smaller, to stay in its cache. Changes the result by rounding only.
    double tile_mib = 64;
    std::int64_t text_chunk = 0;  // texts of a block; 0: what tile_mib allows
    // Gradients are computed in the backward call, for one more forward part, rather than in the
    // forward call and kept.
    bool recompute = false;
};

// The sigmoid loss over text-conditioned image vectors (doc/llip.md). For image i, text j, head m:
//   phi_ij^m = softmax over k of <q_j^m, keys_ik^m> / tau
//   z_ij = W_O concat over m of sum_k phi_ijk^m values_ik^m
//   s_ij = <z_ij, t_j> / |z_ij|,  l_ij = exp(log_scale) s_ij + bias
//   L = 1/J [sum over own pairs of softplus(-l_ij) + sum over others of softplus(l_ij)]
//
// q [T, D] queries and targets [T, D] unit vectors of the T texts, those of an image one behind the
// other; keys, values [B, K, D] of the mixture tokens; output W_O [D, D], acting as y = W x; all
// float or all double. Channels m D/heads and on are head m. valid [T] bool (undefined: all): J is
// how many are, at least one; a text that is not has no influence and a gradient of 0. With one
// text an image J is the size of the batch. Throws c10::Error if shapes do not fit.
//
// Nothing of size B x T x D is held: memory beyond inputs and their gradients is a few blocks and
// two matrices of heads K x D. Multiply-adds of a pair: (K D + heads K D) three times.
// Differentiable in all seven, once: a second backward call of one result throws.
at::Tensor llip_loss(const at::Tensor& q, const at::Tensor& keys, const at::Tensor& values,
                     const at::Tensor& output, const at::Tensor& targets, const at::Tensor& valid,
                     const at::Tensor& log_scale, const at::Tensor& bias, const Llip& options = {});

// The cosines s [B, T] of all images with all texts, without gradients. Of the options heads, tau
// and the sizes count.
at::Tensor llip_scores(const at::Tensor& q, const at::Tensor& keys, const at::Tensor& values,
                       const at::Tensor& output, const at::Tensor& targets,
                       const Llip& options = {});

}  // namespace lip::loss
