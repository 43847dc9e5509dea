// Passing over the bytes of a text at which nothing can happen, sixteen at a time.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <utility>

namespace lip::text {

// The bytes that are events: the ASCII characters of `chars`, the lead bytes of `leads`, control
// characters that are white space if `controls` is set, and a space before another space if
// `double_spaces` is set.
struct EventBytes {
    std::string_view chars;
    std::string_view leads;
    bool controls = false;
    bool double_spaces = false;

    constexpr std::array<bool, 256> table() const {
        std::array<bool, 256> table{};
        for (const char c : chars) table[static_cast<unsigned char>(c)] = true;
        for (const char c : leads) table[static_cast<unsigned char>(c)] = true;
        for (unsigned c = 0x09; controls && c < 0x20; ++c) table[c] = c <= 0x0D || c >= 0x1C;
        return table;
    }
};

// True if one of the sixteen bytes at `bytes` may be an event. Reads a seventeenth.
template <const EventBytes& kSet>
bool may_hold_event(const char* bytes) {
    // A vector type of GCC and Clang: a few instructions on every processor that has vectors.
    using Block [[gnu::vector_size(16)]] = std::uint8_t;
    Block block;
    std::memcpy(&block, bytes, sizeof block);
    auto any = block == static_cast<std::uint8_t>(kSet.chars.front());
    [&]<std::size_t... kIndex>(std::index_sequence<kIndex...>) {
        ((any |= block == static_cast<std::uint8_t>(kSet.chars[kIndex])), ...);
    }
    (std::make_index_sequence<kSet.chars.size()>{});
    if constexpr (!kSet.leads.empty()) any |= block >= std::uint8_t{0x80};
    if constexpr (kSet.controls) any |= block < std::uint8_t{0x20};
    if constexpr (kSet.double_spaces) {
        Block next;
        std::memcpy(&next, bytes + 1, sizeof next);
        any |= (block == std::uint8_t{' '}) & (next == std::uint8_t{' '});
    }
    std::array<std::uint64_t, 2> words{};
    static_assert(sizeof words == sizeof any);
    std::memcpy(words.data(), &any, sizeof words);
    return (words[0] | words[1]) != 0;
}

// The first position of an event in [pos, limit), limit if there is none.
template <const EventBytes& kSet>
std::size_t find_event(std::string_view text, std::size_t pos, std::size_t limit) {
    static constexpr std::array<bool, 256> kTable = kSet.table();
    constexpr std::size_t kBlock = 16;
    while (pos < limit) {
        if (limit - pos > kBlock && !may_hold_event<kSet>(text.data() + pos)) {
            pos += kBlock;
            continue;
        }
        for (const std::size_t stop = std::min(limit, pos + kBlock); pos < stop; ++pos) {
            if (kTable[static_cast<unsigned char>(text[pos])]) return pos;
            if (kSet.double_spaces && text[pos] == ' ' && pos + 1 < limit && text[pos + 1] == ' ') {
                return pos;
            }
        }
    }
    return limit;
}

}  // namespace lip::text
