// Losses of methods in which the vector of an image is mixed anew for every text that it is
// compared with: Llip's mixture tokens, FLAIR's patches.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace lip::loss {

// What the pairs of B images and T texts are scored from; all float or all double. Channels
// m D/heads and on are head m.
struct TextConditioned {
    at::Tensor q;                 // [T, D] queries, the texts of an image one behind the other
    at::Tensor keys, values;      // [B, K, D]
    at::Tensor output;            // W_O [D, D], acting as y = W x
    at::Tensor targets;           // [T, D], unit vectors
    at::Tensor output_bias = {};  // b_O [D]; undefined: none
};

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
    // int64 [B, T / texts_per_image]: the one text of each other image that an image is compared
    // with, counted within that image (FLAIR's negatives). Undefined: all texts.
    at::Tensor drawn = {};
    // Images of the batch, where the texts given are some of it only and `drawn` is defined.
    std::int64_t images = 0;
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
//   z_ij = W_O concat over m of sum_k phi_ijk^m values_ik^m + b_O
//   s_ij = <z_ij, t_j> / |z_ij|,  l_ij = exp(log_scale) s_ij + bias
//   L = 1/J [sum over own pairs of softplus(-l_ij) + sum over others of softplus(l_ij)]
// With `drawn` the others are one text of each other image, and J is the number of texts that an
// image meets, N + M/N - 1 for N images with M valid texts (doc/flair.md).
//
// valid [T] bool (undefined: all): J is how many are, at least one; a text that is not has no
// influence and a gradient of 0. With one text an image J is the size of the batch. Throws
// c10::Error if shapes do not fit.
//
// Nothing of size B x T x D is held: memory beyond inputs and their gradients is a few blocks and
// two matrices of heads K x D. Multiply-adds of a pair: (K D + heads K D) three times.
// Differentiable in all but `valid`, once: a second backward call of one result throws.
at::Tensor llip_loss(const TextConditioned& x, const at::Tensor& valid, const at::Tensor& log_scale,
                     const at::Tensor& bias, const Llip& options = {});

// The cosines s [B, T] of all images with all texts, without gradients. Of the options heads, tau
// and the sizes count.
at::Tensor llip_scores(const TextConditioned& x, const Llip& options = {});

}  // namespace lip::loss
