#include "image/decode.h"

#include "image/jpeg_reader.h"
#include "image/orientation.h"
#include "image/png_reader.h"

#include <string>
#include <utility>

namespace lip::image {
namespace {

constexpr std::string_view kJpegMagic = "\xFF\xD8\xFF";
constexpr std::string_view kPngMagic = "\x89PNG\r\n\x1A\n";

cli::Reject unknown_kind(std::string_view word, std::string_view bytes) {
    if (bytes.empty()) return {word, "the file is empty; a JPEG or PNG image is needed"};
    return {word, "neither a JPEG nor a PNG image by its first bytes; convert it first"};
}

}  // namespace

Kind sniff(std::string_view bytes) {
    if (bytes.substr(0, kJpegMagic.size()) == kJpegMagic) return Kind::kJpeg;
    if (bytes.substr(0, kPngMagic.size()) == kPngMagic) return Kind::kPng;
    return Kind::kUnknown;
}

cli::Result<Header> read_header(std::string_view bytes) {
    switch (sniff(bytes)) {
        case Kind::kJpeg:
            return read_jpeg_header(bytes);
        case Kind::kPng:
            return read_png_header(bytes);
        case Kind::kUnknown:
            break;
    }
    return unknown_kind("bad-image", bytes);
}

cli::Result<Image> decode(std::string_view bytes, const DecodeOptions& options) {
    const Kind kind = sniff(bytes);
    if (kind == Kind::kUnknown) return unknown_kind("bad-image", bytes);
    cli::Result<DecodedImage> decoded =
        kind == Kind::kJpeg ? decode_jpeg(bytes, options.min_short_side) : decode_png(bytes);
    if (!decoded) return decoded.reject();
    if (options.apply_orientation && decoded->orientation != 1) {
        return apply_orientation(decoded->image, decoded->orientation);
    }
    return std::move(decoded->image);
}

cli::Result<Mask> decode_mask(std::string_view bytes) {
    if (sniff(bytes) == Kind::kPng) return decode_png_mask(bytes);
    if (bytes.empty()) return cli::Reject{"bad-mask", "the file is empty; a PNG mask is needed"};
    return cli::Reject{"bad-mask", "not a PNG file; masks are indexed or grey PNG files"};
}

}  // namespace lip::image
