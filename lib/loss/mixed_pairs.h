// Pairs of images and texts whose scores are no product of two vectors: the text mixes what the
// image has, and the result is compared with the text. Private to the room; what is computed is
// said in llip.h.
#pragma once

#include "loss/llip.h"

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace lip::loss {

// Checked inputs, contiguous. Throws c10::Error if shapes or types do not fit.
struct PairInputs {
    PairInputs(const TextConditioned& x, const Llip& options);

    std::int64_t images() const { return keys.size(0); }
    std::int64_t tokens() const { return keys.size(1); }
    std::int64_t texts() const { return q.size(0); }
    std::int64_t width() const { return q.size(1); }
    std::int64_t rows() const { return options.heads * tokens(); }  // M K

    at::Tensor q, keys, values, output, targets, output_bias;
    Llip options;
};

// How many images and texts are taken at a time.
struct BlockSizes {
    std::int64_t images, texts;
};
BlockSizes block_sizes(const PairInputs& in);

// Some images with some texts.
struct MixedBlock {
    at::Tensor q;        // [M, T, D/M], divided by tau
    at::Tensor targets;  // [T, D]
    at::Tensor phi;      // [M, B, K, T]
    at::Tensor z;        // [B, T, D]
    at::Tensor norm, s;  // [B, T]
};

// Some images, for all texts. W_O is taken into the values, w_ik^m = W_O^m v_ik^m, once for an
// image: then z_ij is one product of the weights [T, M K] and w [M K, D], and its gradients are two
// more. Weights of a head add up to 1, so that each w bears its share of the output's bias.
class ImageBlock {
public:
    ImageBlock(const PairInputs& in, std::int64_t begin, std::int64_t end);

    // Queries and targets [T, D].
    MixedBlock mix(const at::Tensor& q, const at::Tensor& targets) const;
    // ds [B, T] is dL/ds. Adds to the rows dq and dtargets [T, D] of the block's texts. Uses up z.
    void add_gradients(MixedBlock& x, const at::Tensor& ds, at::Tensor dq, at::Tensor dtargets);
    // After all texts: writes dkeys and dvalues [B, K, D] of the images, adds to doutput [M, D,
    // D/M] and doutput_bias [D], if there is one.
    void finish(at::Tensor dkeys, at::Tensor dvalues, at::Tensor doutput, at::Tensor doutput_bias);

private:
    at::Tensor images_first(const at::Tensor& x) const;
    at::Tensor heads_first(const at::Tensor& x) const;

    const PairInputs& in_;
    std::int64_t count_;
    at::Tensor keys_, values_, output_;  // [M, B K, D/M], the last [M, D, D/M]
    at::Tensor w_;                       // [B, M K, D]
    at::Tensor dw_, dkeys_;              // as w and keys, sums over the texts
};

// Calls body(image begin, image end, block) once for some images, which goes through the texts.
template <class Body>
void for_each_image_block(const PairInputs& in, std::int64_t step, const Body& body) {
    for (std::int64_t begin = 0; begin < in.images(); begin += step) {
        const std::int64_t end = begin + step < in.images() ? begin + step : in.images();
        ImageBlock block(in, begin, end);
        body(begin, end, block);
    }
}

}  // namespace lip::loss
