// Pictures of how a text mixes an image of a Llip or FLAIR model.
#pragma once

#include "cmd/embed/embed.h"
#include "cmd/embed/output.h"
#include "image/image.h"

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <vector>

namespace lip::cmd {

// The image; beside it where its mixture tokens look, each as much as the text weighs it, blue to
// red; below both the weights, a row a head, a column a token, white to black; a legend with the
// text. `image` is square; weights [heads, K] phi of the text; attention [K, P] of the tokens to a
// square grid of patches. fp32, on the CPU.
image::Image mixing_picture(const image::Image& image, const at::Tensor& weights,
                            const at::Tensor& attention, const std::string& text);

// That of `row`, an image for a given text, as --mixing-dir/KEY.GIVEN.png. `planes` are [3, S, S].
// Throws DataError if the file exists and may not be replaced, or cannot be written.
void write_mixing(const EmbedOptions& options, const VectorRow& row,
                  const std::vector<std::uint8_t>& planes, const at::Tensor& weights,
                  const at::Tensor& attention);

}  // namespace lip::cmd
