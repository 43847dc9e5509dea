#include "report/page.h"

#include "image/encode.h"

#include <cstdint>

namespace lip::demo {
namespace {

std::string base64(const std::string& bytes) {
    constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string out;
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        std::uint32_t bits = 0;
        for (std::size_t k = 0; k < 3; ++k)
            bits =
                bits << 8 | (i + k < bytes.size() ? static_cast<unsigned char>(bytes[i + k]) : 0U);
        for (std::size_t k = 0; k < 4; ++k)
            out += i + k > bytes.size() ? '=' : kDigits[bits >> (18 - 6 * k) & 63];
    }
    return out;
}

constexpr const char* kStyle = R"(<style>
:root{color-scheme:light dark;--ink:#222;--soft:#555;--line:#ddd;--page:#fff}
@media(prefers-color-scheme:dark){:root{--ink:#e8e8e8;--soft:#aaa;--line:#444;--page:#16181b}}
body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:var(--ink);background:var(--page)}
table{border-collapse:collapse;margin:1rem 0}td,th{padding:.35rem .6rem;border-bottom:1px solid var(--line);text-align:left}
td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}img{image-rendering:pixelated;display:block;width:120px;height:120px}
td{vertical-align:top}.soft,figcaption{font-size:13px;color:var(--soft)}.row{display:flex;flex-wrap:wrap;gap:.8rem;margin:0 0 1.2rem}
figure{margin:0;width:120px}figcaption{line-height:1.25;padding-top:.25rem}svg{width:100%;font-size:12px;fill:var(--soft)}
.grid{stroke:var(--line)}.axis{stroke:var(--soft)}
</style>)";

}  // namespace

std::string escaped(const std::string& text) {
    std::string out;
    for (const char c : text)
        out += c == '&' ? "&amp;" : c == '<' ? "&lt;" : c == '>' ? "&gt;" : std::string(1, c);
    return out;
}

std::string picture(const std::string& bytes, const char* type) {
    return std::string("<img alt=\"\" src=\"data:image/") + type + ";base64," + base64(bytes) +
           "\">";
}

std::string picture(const image::Image& image) {
    return picture(image::encode_png(image), "png");
}

std::string cell(const std::string& content, const char* kind) {
    return (kind ? std::string("<td class=\"") + kind + "\">" : "<td>") + content + "</td>";
}

std::string page_head(const std::string& title) {
    return "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" "
           "content=\"width=device-width\"><title>" +
           escaped(title) + "</title>" + kStyle;
}

}  // namespace lip::demo
