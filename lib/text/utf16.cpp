#include "text/utf16.h"

#include "text/letters.h"

#include <cstdint>

namespace lip::text {

std::optional<std::string> from_utf16(std::string_view bytes) {
    const bool is_little = bytes.starts_with("\xFF\xFE");
    if (!is_little && !bytes.starts_with("\xFE\xFF")) return std::nullopt;
    const auto unit_at = [&](std::size_t at) -> std::uint32_t {
        if (at + 2 > bytes.size()) return 0;
        const auto first = static_cast<unsigned char>(bytes[at]);
        const auto second = static_cast<unsigned char>(bytes[at + 1]);
        return static_cast<std::uint32_t>(is_little ? second << 8 | first : first << 8 | second);
    };
    std::string out;
    for (std::size_t at = 2; at < bytes.size(); at += 2) {
        std::uint32_t code = unit_at(at);
        const std::uint32_t next = unit_at(at + 2);
        const bool is_first = code >= 0xD800 && code < 0xDC00;
        if (is_first && next >= 0xDC00 && next < 0xE000) {
            code = 0x10000 + ((code - 0xD800) << 10) + (next - 0xDC00);
            at += 2;
        }
        if (at + 1 == bytes.size() || (code >= 0xD800 && code < 0xE000))
            out += '\xFF';
        else
            append_utf8(out, static_cast<char32_t>(code));
    }
    return out;
}

}  // namespace lip::text
