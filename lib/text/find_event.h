// Passing over the bytes of a text at which nothing can happen, sixteen at a time.
#pragma once

#include <array>
#include <bit>
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

// Which of the sixteen bytes at `bytes` may be events: a set byte for each. Reads a seventeenth.
using EventMask = std::array<std::uint64_t, 2>;

template <const EventBytes& kSet>
EventMask possible_events(const char* bytes) {
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
    EventMask words{};
    static_assert(sizeof words == sizeof any);
    std::memcpy(words.data(), &any, sizeof words);
    return words;
}

// Place of the first set byte; the order of bytes in a word is the machine's.
inline std::size_t first_of(const EventMask& mask) {
    const auto in_word = [](std::uint64_t word) {
        const int bits = std::endian::native == std::endian::little ? std::countr_zero(word)
                                                                    : std::countl_zero(word);
        return static_cast<std::size_t>(bits) / 8;
    };
    return mask[0] != 0 ? in_word(mask[0]) : sizeof(std::uint64_t) + in_word(mask[1]);
}

// The first position of an event in [pos, limit), limit if there is none.
template <const EventBytes& kSet>
std::size_t find_event(std::string_view text, std::size_t pos, std::size_t limit) {
    static constexpr std::array<bool, 256> kTable = kSet.table();
    constexpr std::size_t kBlock = 16;
    for (; pos < limit; ++pos) {
        if (limit - pos > kBlock) {
            const EventMask mask = possible_events<kSet>(text.data() + pos);
            if ((mask[0] | mask[1]) == 0) {
                pos += kBlock - 1;
                continue;
            }
            pos += first_of(mask);
        }
        if (kTable[static_cast<unsigned char>(text[pos])]) return pos;
        if (kSet.double_spaces && text[pos] == ' ' && pos + 1 < limit && text[pos + 1] == ' ') {
            return pos;
        }
    }
    return limit;
}

}  // namespace lip::text
