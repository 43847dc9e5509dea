// The same bytes, arriving in pieces.
#pragma once

#include "tests/unit/record/sources.h"

#include <xxhash.h>

#include <memory>
#include <string_view>

// Where the pieces end depends on the bytes: a run of the fuzzer tries many places, each input few,
// since a reader's buffers cost more than its work.
inline std::unique_ptr<lip::record::ByteSource> in_pieces(std::string_view bytes) {
    const auto hash = static_cast<std::size_t>(XXH3_64bits(bytes.data(), bytes.size()));
    const std::size_t first = 1 + hash % (bytes.size() + 1);
    const std::size_t step = 1 + bytes.size() / 32 + (hash >> 32) % (bytes.size() + 1);
    return std::make_unique<lip::record::Trickle>(bytes, first, hash % 2 ? step : 1 + step / 32);
}
