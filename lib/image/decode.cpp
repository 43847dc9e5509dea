#include "image/decode.h"

#include "image/foreign_kind.h"
#include "image/jpeg_reader.h"
#include "image/orientation.h"
#include "image/png_reader.h"
#include "image/webp_reader.h"

#include <string>
#include <utility>

namespace lip::image {
namespace {

constexpr std::string_view kJpegMagic = "\xFF\xD8\xFF";
constexpr std::string_view kPngMagic = "\x89PNG\r\n\x1A\n";

// "RIFF", the size of the file, "WEBP".
bool is_webp(std::string_view bytes) {
    return bytes.starts_with("RIFF") && bytes.size() >= 12 && bytes.substr(8, 4) == "WEBP";
}

cli::Result<DecodedImage> decode_stored(std::string_view bytes, int min_short_side) {
    switch (sniff(bytes)) {
        case Kind::kJpeg:
            return decode_jpeg(bytes, min_short_side);
        case Kind::kPng:
            return decode_png(bytes);
        case Kind::kWebp:
            return decode_webp(bytes);
        case Kind::kUnknown:
            break;
    }
    return cli::Reject{"bad-image", why_unreadable(bytes)};
}

}  // namespace

Kind sniff(std::string_view bytes) {
    if (bytes.substr(0, kJpegMagic.size()) == kJpegMagic) return Kind::kJpeg;
    if (bytes.substr(0, kPngMagic.size()) == kPngMagic) return Kind::kPng;
    if (is_webp(bytes)) return Kind::kWebp;
    return Kind::kUnknown;
}

cli::Result<Header> read_header(std::string_view bytes) {
    switch (sniff(bytes)) {
        case Kind::kJpeg:
            return read_jpeg_header(bytes);
        case Kind::kPng:
            return read_png_header(bytes);
        case Kind::kWebp:
            return read_webp_header(bytes);
        case Kind::kUnknown:
            break;
    }
    return cli::Reject{"bad-image", why_unreadable(bytes)};
}

cli::Result<Image> decode(std::string_view bytes, const DecodeOptions& options) {
    cli::Result<DecodedImage> decoded = decode_stored(bytes, options.min_short_side);
    if (!decoded) return decoded.reject();
    if (options.apply_orientation && decoded->orientation != 1) {
        return apply_orientation(decoded->image, decoded->orientation);
    }
    return std::move(decoded->image);
}

cli::Result<Mask> decode_mask(std::string_view bytes) {
    if (sniff(bytes) == Kind::kPng) return decode_png_mask(bytes);
    const std::string_view name = sniff(bytes) == Kind::kJpeg   ? "a JPEG image"
                                  : sniff(bytes) == Kind::kWebp ? "a WebP image"
                                                                : foreign_kind(bytes).name;
    const std::string what = name.empty() ? "no PNG image" : std::string(name);
    return cli::Reject{"bad-mask", "the file is " + what + "; masks are indexed or grey PNG files"};
}

}  // namespace lip::image
