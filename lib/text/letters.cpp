#include "text/letters.h"

#include "text/utf8.h"

#include <cstring>
#include <iterator>

namespace lip::text {
namespace {

// How upper and lower case lie in a block of code points.
enum class Layout : std::uint8_t {
    kLower,      // all lower, no partner listed
    kUpper,      // all upper; the partner is `offset` higher
    kEvenUpper,  // even upper, odd lower, partners adjacent
    kOddUpper,   // odd upper, even lower, partners adjacent
    kNone,       // no letters
};

struct Block {
    char32_t first;
    char32_t last;
    Layout layout;
    std::int32_t offset;  // kUpper: added to get the lower-case partner, 0 if it stays
};

// Ascending. What lies in no block is a caseless letter.
constexpr Block kBlocks[] = {
    {0x0000, 0x0040, Layout::kNone, 0},        {0x0041, 0x005A, Layout::kUpper, 32},
    {0x005B, 0x0060, Layout::kNone, 0},        {0x0061, 0x007A, Layout::kLower, 0},
    {0x007B, 0x00A9, Layout::kNone, 0},        {0x00AB, 0x00B4, Layout::kNone, 0},
    {0x00B5, 0x00B5, Layout::kLower, 0},       {0x00B6, 0x00B9, Layout::kNone, 0},
    {0x00BB, 0x00BF, Layout::kNone, 0},        {0x00C0, 0x00D6, Layout::kUpper, 32},
    {0x00D7, 0x00D7, Layout::kNone, 0},        {0x00D8, 0x00DE, Layout::kUpper, 32},
    {0x00DF, 0x00F6, Layout::kLower, 0},       {0x00F7, 0x00F7, Layout::kNone, 0},
    {0x00F8, 0x00FF, Layout::kLower, 0},       {0x0100, 0x012F, Layout::kEvenUpper, 0},
    {0x0130, 0x0130, Layout::kUpper, -0xC7},   {0x0131, 0x0131, Layout::kLower, 0},
    {0x0132, 0x0137, Layout::kEvenUpper, 0},   {0x0138, 0x0138, Layout::kLower, 0},
    {0x0139, 0x0148, Layout::kOddUpper, 0},    {0x0149, 0x0149, Layout::kLower, 0},
    {0x014A, 0x0177, Layout::kEvenUpper, 0},   {0x0178, 0x0178, Layout::kUpper, -0x79},
    {0x0179, 0x017E, Layout::kOddUpper, 0},    {0x017F, 0x0180, Layout::kLower, 0},
    {0x0182, 0x0185, Layout::kEvenUpper, 0},   {0x018F, 0x018F, Layout::kUpper, 0xCA},
    {0x01A0, 0x01A5, Layout::kEvenUpper, 0},   {0x01AF, 0x01B0, Layout::kOddUpper, 0},
    {0x01CD, 0x01DC, Layout::kOddUpper, 0},    {0x01DE, 0x01EF, Layout::kEvenUpper, 0},
    {0x01F8, 0x021F, Layout::kEvenUpper, 0},   {0x0222, 0x0233, Layout::kEvenUpper, 0},
    {0x0246, 0x024F, Layout::kEvenUpper, 0},   {0x0250, 0x02AF, Layout::kLower, 0},
    {0x0370, 0x0373, Layout::kEvenUpper, 0},   {0x037E, 0x037E, Layout::kNone, 0},
    {0x0386, 0x0386, Layout::kUpper, 38},      {0x0387, 0x0387, Layout::kNone, 0},
    {0x0388, 0x038A, Layout::kUpper, 37},      {0x038C, 0x038C, Layout::kUpper, 64},
    {0x038E, 0x038F, Layout::kUpper, 63},      {0x0390, 0x0390, Layout::kLower, 0},
    {0x0391, 0x03AB, Layout::kUpper, 32},      {0x03AC, 0x03CE, Layout::kLower, 0},
    {0x03D8, 0x03EF, Layout::kEvenUpper, 0},   {0x0400, 0x040F, Layout::kUpper, 80},
    {0x0410, 0x042F, Layout::kUpper, 32},      {0x0430, 0x045F, Layout::kLower, 0},
    {0x0460, 0x0481, Layout::kEvenUpper, 0},   {0x048A, 0x04BF, Layout::kEvenUpper, 0},
    {0x04C0, 0x04C0, Layout::kUpper, 15},      {0x04C1, 0x04CE, Layout::kOddUpper, 0},
    {0x04CF, 0x04CF, Layout::kLower, 0},       {0x04D0, 0x052F, Layout::kEvenUpper, 0},
    {0x0531, 0x0556, Layout::kUpper, 48},      {0x055A, 0x055F, Layout::kNone, 0},
    {0x0560, 0x0588, Layout::kLower, 0},       {0x0589, 0x058F, Layout::kNone, 0},
    {0x060C, 0x060D, Layout::kNone, 0},        {0x061B, 0x061F, Layout::kNone, 0},
    {0x06D4, 0x06D4, Layout::kNone, 0},        {0x0700, 0x070D, Layout::kNone, 0},
    {0x07F7, 0x07F9, Layout::kNone, 0},        {0x0830, 0x083E, Layout::kNone, 0},
    {0x0964, 0x0965, Layout::kNone, 0},        {0x0F0D, 0x0F0E, Layout::kNone, 0},
    {0x104A, 0x104F, Layout::kNone, 0},        {0x1360, 0x1368, Layout::kNone, 0},
    {0x166E, 0x166E, Layout::kNone, 0},        {0x1680, 0x1680, Layout::kNone, 0},
    {0x1735, 0x1736, Layout::kNone, 0},        {0x17D4, 0x17D6, Layout::kNone, 0},
    {0x1800, 0x180A, Layout::kNone, 0},        {0x1944, 0x1945, Layout::kNone, 0},
    {0x1AA8, 0x1AAB, Layout::kNone, 0},        {0x1B5A, 0x1B5F, Layout::kNone, 0},
    {0x1C3B, 0x1C3F, Layout::kNone, 0},        {0x1C7E, 0x1C7F, Layout::kNone, 0},
    {0x1E00, 0x1E95, Layout::kEvenUpper, 0},   {0x1E96, 0x1E9D, Layout::kLower, 0},
    {0x1E9E, 0x1E9E, Layout::kUpper, -0x1DBF}, {0x1E9F, 0x1E9F, Layout::kLower, 0},
    {0x1EA0, 0x1EFF, Layout::kEvenUpper, 0},   {0x2000, 0x2BFF, Layout::kNone, 0},
    {0x2E00, 0x2E7F, Layout::kNone, 0},        {0x3000, 0x3004, Layout::kNone, 0},
    {0x3008, 0x3020, Layout::kNone, 0},        {0x3030, 0x3030, Layout::kNone, 0},
    {0x30FB, 0x30FB, Layout::kNone, 0},        {0xA4FE, 0xA4FF, Layout::kNone, 0},
    {0xA60D, 0xA60F, Layout::kNone, 0},        {0xA6F2, 0xA6F7, Layout::kNone, 0},
    {0xA874, 0xA877, Layout::kNone, 0},        {0xA8CE, 0xA8CF, Layout::kNone, 0},
    {0xA92E, 0xA92F, Layout::kNone, 0},        {0xA9C7, 0xA9C9, Layout::kNone, 0},
    {0xAA5C, 0xAA5F, Layout::kNone, 0},        {0xAAF0, 0xAAF1, Layout::kNone, 0},
    {0xE000, 0xF8FF, Layout::kNone, 0},        {0xFE00, 0xFE6F, Layout::kNone, 0},
    {0xFEFF, 0xFF20, Layout::kNone, 0},        {0xFF21, 0xFF3A, Layout::kUpper, 32},
    {0xFF3B, 0xFF40, Layout::kNone, 0},        {0xFF41, 0xFF5A, Layout::kLower, 0},
    {0xFF5B, 0xFF65, Layout::kNone, 0},        {0xFFE0, 0xFFFF, Layout::kNone, 0},
    {0x1F000, 0x1FAFF, Layout::kNone, 0},      {0xE0000, 0x10FFFF, Layout::kNone, 0},
};

const Block* block_of(char32_t code) {
    std::size_t low = 0;
    std::size_t high = std::size(kBlocks);
    while (low < high) {
        const std::size_t mid = (low + high) / 2;
        if (kBlocks[mid].last < code) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    return low < std::size(kBlocks) && kBlocks[low].first <= code ? &kBlocks[low] : nullptr;
}

// The eight bytes with ASCII capitals in lower case; no carry leaves a byte.
std::uint64_t lower_eight(std::uint64_t bytes) {
    constexpr std::uint64_t kEach = 0x0101010101010101;
    const std::uint64_t low = bytes & 0x7F * kEach;
    const std::uint64_t from_a = low + (0x80 - 'A') * kEach;   // high bit: 'A' or above
    const std::uint64_t above_z = low + (0x7F - 'Z') * kEach;  // high bit: above 'Z'
    const std::uint64_t capital = from_a & ~above_z & ~bytes & 0x80 * kEach;
    return bytes | capital >> 2;
}

void lower_in_place(char* bytes, std::size_t size) {
    std::size_t pos = 0;
    for (; pos + 8 <= size; pos += 8) {
        std::uint64_t eight = 0;
        std::memcpy(&eight, bytes + pos, 8);
        eight = lower_eight(eight);
        std::memcpy(bytes + pos, &eight, 8);
    }
    for (; pos < size; ++pos) bytes[pos] = ascii_lower(bytes[pos]);
}

LetterCase case_in(const Block& block, char32_t code) {
    const bool odd = (code & 1) != 0;
    switch (block.layout) {
        case Layout::kLower:
            return LetterCase::kLower;
        case Layout::kUpper:
            return LetterCase::kUpper;
        case Layout::kEvenUpper:
            return odd ? LetterCase::kLower : LetterCase::kUpper;
        case Layout::kOddUpper:
            return odd ? LetterCase::kUpper : LetterCase::kLower;
        case Layout::kNone:
            break;
    }
    return LetterCase::kNone;
}

}  // namespace

LetterCase letter_case_beyond_ascii(char32_t code) {
    const Block* block = block_of(code);
    return block == nullptr ? LetterCase::kCaseless : case_in(*block, code);
}

bool is_ascii(std::string_view text) {
    std::uint64_t any = 0;
    std::size_t pos = 0;
    for (; pos + 8 <= text.size(); pos += 8) {
        std::uint64_t eight = 0;
        std::memcpy(&eight, text.data() + pos, 8);
        any |= eight;
    }
    for (; pos < text.size(); ++pos) any |= static_cast<unsigned char>(text[pos]);
    return (any & 0x8080808080808080) == 0;
}

std::string ascii_lower(std::string_view text) {
    std::string lower(text);
    lower_in_place(lower.data(), lower.size());
    return lower;
}

char32_t to_lower(char32_t code) {
    if (code < 0x80) return code >= U'A' && code <= U'Z' ? code + 32 : code;
    const Block* block = block_of(code);
    if (block == nullptr || case_in(*block, code) != LetterCase::kUpper) return code;
    const std::int32_t step = block->layout == Layout::kUpper ? block->offset : 1;
    return static_cast<char32_t>(static_cast<std::int32_t>(code) + step);
}

void append_utf8(std::string& out, char32_t code) {
    const auto put = [&out](char32_t byte) { out.push_back(static_cast<char>(byte)); };
    if (code < 0x80) {
        put(code);
    } else if (code < 0x800) {
        put(0xC0 | code >> 6);
        put(0x80 | (code & 0x3F));
    } else if (code < 0x10000) {
        put(0xE0 | code >> 12);
        put(0x80 | (code >> 6 & 0x3F));
        put(0x80 | (code & 0x3F));
    } else {
        put(0xF0 | code >> 18);
        put(0x80 | (code >> 12 & 0x3F));
        put(0x80 | (code >> 6 & 0x3F));
        put(0x80 | (code & 0x3F));
    }
}

void append_lower(std::string& out, std::string_view text) {
    const std::size_t begin = out.size();
    out.append(text);
    lower_in_place(out.data() + begin, text.size());
    std::size_t pos = 0;
    while (pos < text.size() && static_cast<unsigned char>(text[pos]) < 0x80) ++pos;
    if (pos == text.size()) return;
    out.resize(begin + pos);
    while (pos < text.size()) {
        const Decoded c = decode_at(text, pos);
        if (c.code < 0x80)
            out.push_back(ascii_lower(text[pos]));
        else if (c.code == kInvalidByte)
            out.push_back(text[pos]);
        else
            append_utf8(out, to_lower(c.code));
        pos += c.size;
    }
}

std::string normalise_for_comparison(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    bool pending_space = false;
    for (std::size_t pos = 0; pos < text.size();) {
        if (const char ascii = text[pos]; ascii > ' ' && ascii < '\x7F') {  // nearly all there is
            if (pending_space) out.push_back(' ');
            pending_space = false;
            out.push_back(ascii >= 'A' && ascii <= 'Z' ? static_cast<char>(ascii + 32) : ascii);
            ++pos;
            continue;
        }
        const Decoded c = decode_at(text, pos);
        if (is_space(c.code)) {
            pending_space = !out.empty();
        } else {
            if (pending_space) out.push_back(' ');
            pending_space = false;
            if (c.code == kInvalidByte) {
                out.push_back(text[pos]);
            } else {
                append_utf8(out, to_lower(c.code));
            }
        }
        pos += c.size;
    }
    return out;
}

}  // namespace lip::text
