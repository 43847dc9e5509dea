// Apart from the messages: the Parquet module takes this and nothing else of this room.
#include "cli/log.h"

namespace lip::cli {

namespace {

constexpr bool is_plain(unsigned char c) {
    return c >= 0x20 && c != '"' && c != '\\';
}

std::size_t plain_size(std::string_view text) {
    std::size_t size = 0;
    while (size < text.size() && is_plain(static_cast<unsigned char>(text[size]))) ++size;
    return size;
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
    constexpr char kHex[] = "0123456789abcdef";
    std::size_t plain = plain_size(text);
    if (plain == text.size()) {  // nearly always: room and quotes in one call
        const std::size_t begin = out.size() + 1;
        out.append(text.size() + 2, '"');
        text.copy(out.data() + begin, text.size());
        return;
    }
    out += '"';
    while (true) {
        out.append(text, 0, plain);
        text.remove_prefix(plain);
        if (text.empty()) break;
        const auto c = static_cast<unsigned char>(text.front());
        text.remove_prefix(1);
        plain = plain_size(text);
        switch (c) {
            case '"':
                out += "\\\"";
                break;
            case '\\':
                out += "\\\\";
                break;
            case '\n':
                out += "\\n";
                break;
            case '\r':
                out += "\\r";
                break;
            case '\t':
                out += "\\t";
                break;
            default:
                out += "\\u00";
                out += kHex[c >> 4];
                out += kHex[c & 15];
        }
    }
    out += '"';
}

}  // namespace lip::cli
