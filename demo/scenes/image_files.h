// JPEG and PNG bytes of scenes.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace lip::demo {

// Baseline JPEG, quality 90, full-size colour planes (4:4:4). rgb holds size * size * 3 bytes.
// Throws DataError if the encoder fails (out of memory).
std::vector<std::uint8_t> encode_jpeg(std::span<const std::uint8_t> rgb, int size);

// PNG with 8-bit palette indices: the values of `mask` (size * size bytes) themselves, 0 black,
// others in colours of their own. Throws DataError if the encoder fails.
std::vector<std::uint8_t> encode_mask(std::span<const std::uint8_t> mask, int size);

}  // namespace lip::demo
