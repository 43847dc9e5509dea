#include "text/clip_vocabulary.h"

#include "cli/error.h"
#include "text/letters.h"
#include "text/utf8.h"

#include <algorithm>
#include <array>

namespace lip::text {
namespace {

// 49,408 ids are two alphabets of 256, the merges, and two special tokens.
constexpr std::size_t kMaxMerges = 49152 - 256 - 2;

bool is_readable(unsigned byte) {
    return (byte >= '!' && byte <= '~') || (byte >= 0xA1 && byte <= 0xAC) || byte >= 0xAE;
}

// Calls take(line) for each line; the text after the last line feed counts as one.
template <typename Take>
void for_lines(std::string_view text, Take take) {
    for (std::size_t pos = 0; pos <= text.size();) {
        const std::size_t end = std::min(text.find('\n', pos), text.size());
        std::string_view line = text.substr(pos, end - pos);
        if (line.ends_with('\r')) line.remove_suffix(1);
        if (!take(line)) return;
        pos = end + 1;
    }
}

std::pair<std::string, std::string> split_merge(std::string_view line, const std::string& name,
                                                std::size_t number) {
    const std::size_t space = line.find(' ');
    if (space == 0 || space == line.npos || space + 1 == line.size() ||
        line.find(' ', space + 1) != line.npos)
        throw cli::DataError(name + ": line " + std::to_string(number) +
                             ": expected two tokens with a space between, found '" +
                             std::string(line.substr(0, 80)) + "'");
    return {std::string(line.substr(0, space)), std::string(line.substr(space + 1))};
}

}  // namespace

const std::vector<unsigned char>& byte_order() {
    static const std::vector<unsigned char> kOrder = [] {
        std::vector<unsigned char> order;
        for (const bool readable : {true, false})
            for (unsigned byte = 0; byte < 256; ++byte)
                if (is_readable(byte) == readable)
                    order.push_back(static_cast<unsigned char>(byte));
        return order;
    }();
    return kOrder;
}

const std::vector<std::string>& byte_alphabet() {
    static const std::vector<std::string> kAlphabet = [] {
        std::vector<std::string> alphabet(256);
        char32_t next = 256;  // bytes that are not readable get the letters from U+0100 on
        for (unsigned byte = 0; byte < 256; ++byte)
            append_utf8(alphabet[byte], is_readable(byte) ? byte : next++);
        return alphabet;
    }();
    return kAlphabet;
}

std::string token_bytes(std::string_view token) {
    static const std::array<unsigned char, 512> kBytes = [] {
        std::array<unsigned char, 512> bytes{};
        for (std::size_t byte = 0; byte < 256; ++byte)
            bytes[decode_at(byte_alphabet()[byte], 0).code] = static_cast<unsigned char>(byte);
        return bytes;
    }();
    if (token.ends_with(kWordEnd)) token.remove_suffix(kWordEnd.size());
    std::string out;
    for (std::size_t pos = 0; pos < token.size();) {
        const Decoded c = decode_at(token, pos);
        // Other characters occur only in tokens that no word can reach.
        if (c.code < kBytes.size())
            out += static_cast<char>(kBytes[c.code]);
        else
            out.append(token.substr(pos, c.size));
        pos += c.size;
    }
    return out;
}

ClipVocabulary parse_bpe_text(std::string_view text, const std::string& name) {
    ClipVocabulary v;
    for (const std::string_view end : {std::string_view(), kWordEnd})
        for (const unsigned char byte : byte_order())
            v.tokens.push_back(byte_alphabet()[byte] + std::string(end));
    std::size_t number = 0;
    for_lines(text, [&](std::string_view line) {
        if (++number == 1) return true;
        if (number > kMaxMerges + 1) return false;
        if (line.empty()) {
            // The end of a short file. open_clip takes it for a token without letters.
            v.tokens.emplace_back();
            return true;
        }
        v.merges.push_back(split_merge(line, name, number));
        v.tokens.push_back(v.merges.back().first + v.merges.back().second);
        return true;
    });
    v.begin_id = static_cast<std::int32_t>(v.tokens.size());
    v.end_id = v.begin_id + 1;
    v.tokens.insert(v.tokens.end(), {"<|startoftext|>", "<|endoftext|>"});
    v.added = {{v.tokens[v.tokens.size() - 2], v.begin_id, false},
               {v.tokens.back(), v.end_id, false}};
    return v;
}

std::vector<std::pair<std::string, std::string>> parse_merges(std::string_view text,
                                                              const std::string& name) {
    std::vector<std::pair<std::string, std::string>> merges;
    std::size_t number = 0;
    for_lines(text, [&](std::string_view line) {
        ++number;
        if (!line.empty() && !line.starts_with("#version"))
            merges.push_back(split_merge(line, name, number));
        return true;
    });
    return merges;
}

}  // namespace lip::text
