#include "text/utf8.h"

#include <algorithm>
#include <array>
#include <cstdint>

namespace lip::text {
namespace {

std::uint8_t byte_at(std::string_view text, std::size_t pos) {
    return static_cast<std::uint8_t>(text[pos]);
}

// What a lead byte promises: how many bytes, and which second byte is well formed.
struct Lead {
    std::size_t size;  // 0: not a lead byte
    std::uint8_t low;
    std::uint8_t high;
};

// Unicode 15, table 3-7: the second byte is what keeps out over-long forms and surrogates.
Lead lead_of(std::uint8_t byte) {
    if (byte < 0x80) return {1, 0, 0};
    if (byte < 0xC2) return {0, 0, 0};
    if (byte < 0xE0) return {2, 0x80, 0xBF};
    if (byte == 0xE0) return {3, 0xA0, 0xBF};
    if (byte == 0xED) return {3, 0x80, 0x9F};
    if (byte < 0xF0) return {3, 0x80, 0xBF};
    if (byte == 0xF0) return {4, 0x90, 0xBF};
    if (byte < 0xF4) return {4, 0x80, 0xBF};
    if (byte == 0xF4) return {4, 0x80, 0x8F};
    return {0, 0, 0};
}

// How many bytes from `pos` are the well-formed beginning of a character; 0 if not even a lead.
std::size_t well_formed_prefix(std::string_view text, std::size_t pos, const Lead& lead) {
    if (lead.size == 0) return 0;
    std::size_t n = 1;
    while (n < lead.size && pos + n < text.size()) {
        const std::uint8_t byte = byte_at(text, pos + n);
        const std::uint8_t low = n == 1 ? lead.low : 0x80;
        const std::uint8_t high = n == 1 ? lead.high : 0xBF;
        if (byte < low || byte > high) break;
        ++n;
    }
    return n;
}

}  // namespace

Decoded decode_long_at(std::string_view text, std::size_t pos) {
    const std::uint8_t first = byte_at(text, pos);
    const Lead lead = lead_of(first);
    if (lead.size == 0 || well_formed_prefix(text, pos, lead) < lead.size) {
        return {kInvalidByte, 1};
    }
    constexpr std::array<std::uint8_t, 5> kLeadMask{0, 0x7F, 0x1F, 0x0F, 0x07};
    char32_t code = first & kLeadMask[lead.size];
    for (std::size_t n = 1; n < lead.size; ++n) code = code << 6 | (byte_at(text, pos + n) & 0x3F);
    return {code, lead.size};
}

Decoded decode_long_before(std::string_view text, std::size_t pos, std::size_t floor) {
    for (std::size_t size = 2; size <= 4 && size <= pos - floor; ++size) {
        const std::uint8_t byte = byte_at(text, pos - size);
        if ((byte & 0xC0) == 0x80) continue;
        const Decoded found = decode_at(text, pos - size);
        if (found.size == size) return found;
        break;
    }
    return {kInvalidByte, 1};
}

std::size_t space_size_at(std::string_view text, std::size_t pos) {
    if (pos >= text.size()) return 0;
    const Decoded c = decode_at(text, pos);
    return is_space(c.code) ? c.size : 0;
}

std::size_t space_size_before(std::string_view text, std::size_t pos, std::size_t floor) {
    if (pos <= floor) return 0;
    const Decoded c = decode_before(text, pos, floor);
    return is_space(c.code) ? c.size : 0;
}

std::string_view trim(std::string_view text) {
    std::size_t begin = 0;
    while (const std::size_t size = space_size_at(text, begin)) begin += size;
    std::size_t end = text.size();
    while (const std::size_t size = space_size_before(text, end, begin)) end -= size;
    return text.substr(begin, end - begin);
}

std::string_view last_characters(std::string_view text, int count) {
    std::size_t begin = text.size();
    for (int i = 0; i < count && begin > 0; ++i) begin -= decode_before(text, begin).size;
    return text.substr(begin);
}

std::size_t ill_formed_size(std::string_view text, std::size_t pos) {
    return std::max<std::size_t>(well_formed_prefix(text, pos, lead_of(byte_at(text, pos))), 1);
}

Repaired replace_invalid_utf8(std::string_view text) {
    Repaired out{{}, false};
    out.text.reserve(text.size());
    std::size_t pos = 0;
    while (pos < text.size()) {
        const Lead lead = lead_of(byte_at(text, pos));
        const std::size_t good = well_formed_prefix(text, pos, lead);
        if (lead.size > 0 && good == lead.size) {
            out.text.append(text, pos, good);
        } else {
            out.text.append("\xEF\xBF\xBD");
            out.changed = true;
        }
        pos += std::max<std::size_t>(good, 1);
    }
    return out;
}

std::vector<std::size_t> character_starts(std::string_view text) {
    std::vector<std::size_t> starts;
    for (std::size_t i = 0; i < text.size(); ++i)
        if ((static_cast<unsigned char>(text[i]) & 0xC0) != 0x80) starts.push_back(i);
    starts.push_back(text.size());
    return starts;
}

}  // namespace lip::text
