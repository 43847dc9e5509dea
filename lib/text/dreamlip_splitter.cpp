#include "text/dreamlip_splitter.h"

#include "text/utf8.h"

#include <cstddef>

namespace lip::text {
namespace {

// Bytes of the separator at `pos`, 0 if there is none.
std::size_t separator_size(std::string_view text, std::size_t pos) {
    if (text[pos] == '.' || text[pos] == '\n') return 1;
    return text[pos] == '<' && text.substr(pos).starts_with("</s>") ? 4 : 0;
}

}  // namespace

bool ends_like_dreamlip(std::string_view piece) {
    static constexpr std::u32string_view kEnds = U".!?\u2026\"'\u201D\u2019)]\u3002\uFF01\uFF1F";
    return !piece.empty() && kEnds.find(decode_before(piece, piece.size()).code) != kEnds.npos;
}

std::vector<Span> split_like_dreamlip(std::string_view text) {
    std::vector<Span> pieces;
    const auto add = [&](std::size_t begin, std::size_t end) {
        const std::string_view piece = trim(text.substr(begin, end - begin));
        if (piece.empty()) return;
        const auto first = static_cast<std::uint32_t>(piece.data() - text.data());
        pieces.push_back({first, first + static_cast<std::uint32_t>(piece.size())});
    };
    std::size_t begin = 0;
    for (std::size_t pos = 0; pos < text.size();) {
        const std::size_t size = separator_size(text, pos);
        if (size > 0) {
            add(begin, pos);
            begin = pos + size;
        }
        pos += size > 0 ? size : 1;
    }
    add(begin, text.size());
    return pieces;
}

}  // namespace lip::text
