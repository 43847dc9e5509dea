#include "image/foreign_kind.h"

#include "image/decode.h"
#include "text/byte_order_mark.h"
#include "text/letters.h"

#include <algorithm>
#include <array>
#include <cstddef>

namespace lip::image {
namespace {

using namespace std::string_view_literals;

constexpr auto kConvert = "convert it to JPEG, PNG or WebP"sv;
constexpr auto kFetch = "the server sent it in place of the image: download the image again"sv;
constexpr auto kUnpack = "unpack it first"sv;
constexpr auto kFrame = "take a frame of it as an image"sv;
constexpr auto kRender = "draw it as PNG first"sv;
constexpr auto kDecode = "decode its base64 text first"sv;
constexpr auto kAgain = "the download or the copy was cut: make it again"sv;

// Fewer bytes may be anything.
constexpr std::size_t kLeastText = 8;

struct Magic {
    std::size_t offset;
    std::string_view bytes;
    ForeignKind kind;
};

// The first that fits. Container files of the "ftyp" kind are told apart by brands, below.
constexpr Magic kMagics[] = {
    {0, "GIF87a"sv, {"a GIF image", kConvert}},
    {0, "GIF89a"sv, {"a GIF image", kConvert}},
    {0, "II*\0"sv, {"a TIFF image", kConvert}},
    {0, "MM\0*"sv, {"a TIFF image", kConvert}},
    {0, "II+\0"sv, {"a TIFF image", kConvert}},
    {0, "MM\0+"sv, {"a TIFF image", kConvert}},
    {0, "\xFF\x0A"sv, {"a JPEG XL image", kConvert}},
    {0, "\0\0\0\x0CJXL "sv, {"a JPEG XL image", kConvert}},
    {0, "\0\0\0\x0CjP  "sv, {"a JPEG 2000 image", kConvert}},
    {0, "\xFF\x4F\xFF\x51"sv, {"a JPEG 2000 image", kConvert}},
    {0, "\x8A\x4D\x4E\x47\r\n\x1A\n"sv, {"an MNG animation", kFrame}},
    {0, "8BPS"sv, {"a Photoshop file", kConvert}},
    {0, "\0\0\1\0"sv, {"an icon file (ICO)", kConvert}},
    {0, "\x76\x2F\x31\x01"sv, {"an OpenEXR image", kConvert}},
    {0, "#?RADIANCE"sv, {"a Radiance HDR image", kConvert}},
    {0, "qoif"sv, {"a QOI image", kConvert}},
    {0, "DDS "sv, {"a DDS image", kConvert}},
    {0, "P1\n"sv, {"a PBM image", kConvert}},
    {0, "P4\n"sv, {"a PBM image", kConvert}},
    {0, "P2\n"sv, {"a PGM image", kConvert}},
    {0, "P5\n"sv, {"a PGM image", kConvert}},
    {0, "P3\n"sv, {"a PPM image", kConvert}},
    {0, "P6\n"sv, {"a PPM image", kConvert}},
    {0, "\x93NUMPY"sv, {"a NumPy array", "store it as PNG"}},
    {0, "%PDF-"sv, {"a PDF file", kRender}},
    {0, "PK\3\4"sv, {"a zip archive", kUnpack}},
    {0, "Rar!\x1A\7"sv, {"a RAR archive", kUnpack}},
    {0, "7z\xBC\xAF\x27\x1C"sv, {"a 7z archive", kUnpack}},
    {0, "\x1F\x8B"sv, {"packed with gzip", kUnpack}},
    {0, "\x28\xB5\x2F\xFD"sv, {"packed with zstd", kUnpack}},
    {0, "BZh"sv, {"packed with bzip2", kUnpack}},
    {0, "\xFD\x37zXZ\0"sv, {"packed with xz", kUnpack}},
    {0, "\x1A\x45\xDF\xA3"sv, {"a video (WebM or Matroska)", kFrame}},
    {257, "ustar"sv, {"a tar archive", kUnpack}},
    {0, "PAR1"sv, {"a Parquet file", "recaption-ingest reads those"}},
    {0, "/9j/"sv, {"a JPEG image as base64 text", kDecode}},
    {0, "iVBORw0KGgo"sv, {"a PNG image as base64 text", kDecode}},
    {0, "data:image/"sv, {"an image as a data URL", kDecode}},
    {8, "AVI "sv, {"a video (AVI)", kFrame}},
    {0, "FLV\1"sv, {"a video (FLV)", kFrame}},
    {0,
     "version https://git-lfs.github.com/spec/"sv,
     {"a git-lfs pointer, not the image", "git lfs pull fetches the image"}},
};

// Brands of ISO media files, ISO/IEC 14496-12 4.3: the main one first, compatible ones after it.
struct Brand {
    std::string_view name;
    ForeignKind kind;
};
constexpr Brand kBrands[] = {
    {"avif", {"an AVIF image", kConvert}},   {"avis", {"an AVIF image", kConvert}},
    {"heic", {"a HEIC image", kConvert}},    {"heix", {"a HEIC image", kConvert}},
    {"hevc", {"a HEIC image", kConvert}},    {"heim", {"a HEIC image", kConvert}},
    {"heis", {"a HEIC image", kConvert}},    {"mif1", {"a HEIF image", kConvert}},
    {"msf1", {"a HEIF image", kConvert}},    {"crx ", {"a raw photograph (CR3)", kConvert}},
    {"jxl ", {"a JPEG XL image", kConvert}},
};

unsigned byte_at(std::string_view bytes, std::size_t i) {
    return i < bytes.size() ? static_cast<unsigned char>(bytes[i]) : 0U;
}

// "BM" alone begins many texts: the size of the header that follows is one of a few.
bool is_bmp(std::string_view bytes) {
    constexpr std::array<unsigned, 8> kHeaderSizes = {12, 16, 40, 52, 56, 64, 108, 124};
    return bytes.starts_with("BM") && bytes.size() >= 18 && byte_at(bytes, 15) == 0 &&
           std::ranges::find(kHeaderSizes, byte_at(bytes, 14)) != kHeaderSizes.end();
}

ForeignKind media_kind(std::string_view bytes) {
    if (bytes.substr(4, 4) != "ftyp") return {};
    const std::size_t size = byte_at(bytes, 2) << 8 | byte_at(bytes, 3);
    const std::size_t end = std::min({bytes.size(), size, std::size_t{256}});
    // A general main brand ("mif1") gives way to a special one after it.
    ForeignKind found = {"a video (MP4 or QuickTime)", kFrame};
    bool is_image = false;
    for (std::size_t at = 8; at + 4 <= end; at += at == 8 ? 8 : 4) {
        for (const Brand& brand : kBrands) {
            if (bytes.substr(at, 4) != brand.name) continue;
            const bool is_general = brand.kind.name == "a HEIF image"sv;
            if (!is_image || found.name == "a HEIF image"sv) found = brand.kind;
            is_image = true;
            if (!is_general) return found;
        }
    }
    return found;
}

bool begins(std::string_view bytes, std::string_view lower_case) {
    return text::ascii_lower(bytes.substr(0, lower_case.size())) == lower_case;
}

bool is_printable(std::string_view text) {
    return std::ranges::all_of(
        text, [](char c) { return (c >= ' ' && c <= '~') || c == '\n' || c == '\r' || c == '\t'; });
}

std::string_view without_space(std::string_view bytes) {
    bytes = text::without_byte_order_mark(bytes);
    return bytes.substr(std::min(bytes.find_first_not_of(" \t\r\n\f"), bytes.size()));
}

ForeignKind text_kind(std::string_view text) {
    constexpr ForeignKind kPage = {"a web page (HTML), not an image", kFetch};
    constexpr ForeignKind kSvg = {"an SVG drawing", kRender};
    for (const auto tag : {"<!doctype html"sv, "<html"sv, "<head"sv, "<body"sv, "<title"sv,
                           "<script"sv, "<meta"sv, "<center"sv, "<h1"sv, "<p>"sv, "<div"sv})
        if (begins(text, tag)) return kPage;
    if (begins(text, "<svg")) return kSvg;
    const std::string_view head = text.substr(0, 1024);
    if (begins(text, "<?xml") || begins(text, "<!--") || begins(text, "<!doctype")) {
        if (head.find("<svg") != head.npos) return kSvg;
        if (head.find("<html") != head.npos || head.find("<HTML") != head.npos) return kPage;
    }
    if (begins(text, "<?xml") || begins(text, "<error")) return {"XML, not an image", kFetch};
    if (begins(text, "{\"") || begins(text, "[{")) return {"JSON, not an image", kFetch};
    if (text.size() >= kLeastText && is_printable(text.substr(0, 64)))
        return {"a text, not an image", "download the image again"};
    return {};
}

std::string hex(std::string_view bytes) {
    constexpr auto kDigits = "0123456789ABCDEF"sv;
    std::string text;
    for (const char c : bytes.substr(0, 8)) {
        const auto byte = static_cast<unsigned char>(c);
        if (!text.empty()) text += ' ';
        text += {kDigits[byte >> 4U], kDigits[byte & 15U]};
    }
    return text;
}

}  // namespace

ForeignKind foreign_kind(std::string_view bytes) {
    if (bytes.empty()) return {"empty", kAgain};
    for (const Magic& magic : kMagics)
        if (bytes.substr(std::min(magic.offset, bytes.size()), magic.bytes.size()) == magic.bytes)
            return magic.kind;
    if (is_bmp(bytes)) return {"a BMP image", kConvert};
    if (bytes.size() >= 12 && bytes.substr(4, 4) == "ftyp") return media_kind(bytes);

    if (bytes.find_first_not_of('\0') == bytes.npos) return {"all zero bytes", kAgain};
    const std::string_view rest = without_space(bytes);
    if (rest.size() < bytes.size() && sniff(rest) != Kind::kUnknown)
        return {"an image with white space before its first byte", "remove the white space"};
    return text_kind(rest);
}

std::string why_unreadable(std::string_view bytes) {
    const ForeignKind kind = foreign_kind(bytes);
    if (kind.name.empty())
        return "the file is neither JPEG, PNG nor WebP: it begins with the bytes " + hex(bytes) +
               " (" + std::string(kConvert) + ")";
    return "the file is " + std::string(kind.name) + " (" + std::string(kind.remedy) + ")";
}

}  // namespace lip::image
