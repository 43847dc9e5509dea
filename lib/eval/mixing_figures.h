// Does the text change what a Llip or FLAIR model makes of an image? Figures over images and texts.
#pragma once

#include "model/mixing.h"

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

namespace lip::eval {

// Takes images in parts and keeps D x D numbers, however many there are.
class MixingFigures {
public:
    // Images B, all for the same T texts.
    void add(const model::MixedImages& mixed);

    // The mean over images, texts and heads of the entropy of the weights phi, as a share of ln K:
    // 1 where all tokens weigh the same, 0 where one has all the weight. NaN of one token.
    double entropy() const;
    // The mean of 1 - cos(z_ij, z_ij') over images i and pairs of different texts: 0 where texts
    // change nothing. NaN of one text.
    double distance() const;
    // Of the matrix of all unit(z_ij), largest first, divided by the square root of their number:
    // the squares sum to 1. Small ones are only as exact as the square root of double precision.
    std::vector<double> singular_values() const;
    // exp of the entropy of the singular values as shares of their sum (Roy and Vetterli, 2007): in
    // how many directions the vectors spread, 1..D.
    double effective_rank() const;

private:
    double entropies_ = 0, distances_ = 0;
    std::int64_t images_ = 0, vectors_ = 0, tokens_ = 0, texts_ = 0;
    at::Tensor products_;  // [D, D] in double: the sum of z^T z
};

}  // namespace lip::eval
