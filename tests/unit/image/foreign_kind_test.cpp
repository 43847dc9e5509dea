#include "image/foreign_kind.h"

#include "image/decode.h"
#include "image/encode.h"
#include "make_webp.h"

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <utility>

using namespace std::string_view_literals;

namespace lip::image {

TEST_CASE("what is no readable image is named") {
    const std::pair<std::string_view, std::string_view> kinds[] = {
        {"", "empty"},
        {"GIF89a\1\0\1\0"sv, "a GIF image"},
        {"BM\x36\x30\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0"sv, "a BMP image"},
        {"BMW is a make of cars.", "a text, not an image"},
        {"Not Found\r\n", "a text, not an image"},
        {"/9j/4AAQSkZJRgABAQ==", "a JPEG image as base64 text"},
        {"data:image/png;base64,iVBO", "an image as a data URL"},
        {"PAR1\x15\4\x15"sv, "a Parquet file"},
        {"caf\xC3\xA9 au lait", ""},
        {"II*\0\x08\0\0\0"sv, "a TIFF image"},
        {"MM\0*\0\0\0\x08"sv, "a TIFF image"},
        {"\0\0\0\x1C"
         "ftypavif\0\0\0\0avifmif1miaf"sv,
         "an AVIF image"},
        {"\0\0\0\x1C"
         "ftypmif1\0\0\0\0mif1avifmiaf"sv,
         "an AVIF image"},
        {"\0\0\0\x18"
         "ftypheic\0\0\0\0mif1heic"sv,
         "a HEIC image"},
        {"\0\0\0\x14"
         "ftypmif1\0\0\0\0mif1"sv,
         "a HEIF image"},
        {"\0\0\0\x18"
         "ftypmp42\0\0\0\0isommp42"sv,
         "a video (MP4 or QuickTime)"},
        {"\0\0\0\x0CJXL \r\n\x87\n"sv, "a JPEG XL image"},
        {"RIFF\x24\0\0\0AVI LIST"sv, "a video (AVI)"},
        {"<!DOCTYPE html><html></html>", "a web page (HTML), not an image"},
        {"\xEF\xBB\xBF\r\n  <HTML>", "a web page (HTML), not an image"},
        {"<?xml version=\"1.0\"?>\n<!DOCTYPE html>\n<html>", "a web page (HTML), not an image"},
        {"<?xml version=\"1.0\"?><svg xmlns=\"x\"/>", "an SVG drawing"},
        {"<svg>", "an SVG drawing"},
        {"<?xml version=\"1.0\"?><Error><Code>AccessDenied</Code></Error>", "XML, not an image"},
        {"{\"error\":\"not found\"}", "JSON, not an image"},
        {"version https://git-lfs.github.com/spec/v1\noid sha256:00\n",
         "a git-lfs pointer, not the image"},
        {"\x1F\x8B\x08\0"sv, "packed with gzip"},
        {"PK\3\4"sv, "a zip archive"},
        {std::string_view("\0\0\0\0\0\0\0\0", 8), "all zero bytes"},
        {"RIFF", ""},
        {"\xFF\xD8", ""},
    };
    for (const auto& [bytes, name] : kinds) {
        CAPTURE(name);
        CHECK(sniff(bytes) == Kind::kUnknown);
        CHECK(foreign_kind(bytes).name == name);
        // Every beginning of it has some message.
        for (std::size_t n = 0; n <= bytes.size(); ++n)
            CHECK(!why_unreadable(bytes.substr(0, n)).empty());
        const auto image = decode(bytes);
        REQUIRE(!image);
        CHECK(image.reject().message == why_unreadable(bytes));
        CHECK(read_header(bytes).reject().message == why_unreadable(bytes));
    }
}

TEST_CASE("an unknown file shows its first bytes, an image behind white space is said") {
    CHECK(why_unreadable("\xFF\xD8").find("the bytes FF D8 (") != std::string::npos);
    CHECK(foreign_kind("\n" + encode_png(gradient(2, 2))).name.find("white space") !=
          std::string::npos);
}

TEST_CASE("a mask that is another image is named") {
    CHECK(decode_mask("GIF89a").reject().message.find("is a GIF image;") != std::string::npos);
    CHECK(decode_mask(encode_jpeg(gradient(2, 2), 90)).reject().message.find("is a JPEG image;") !=
          std::string::npos);
    CHECK(decode_mask(make_lossless_webp(noise(2, 2))).reject().message.find("is a WebP image;") !=
          std::string::npos);
    CHECK(decode_mask("").reject().message.find("is empty;") != std::string::npos);
}

}  // namespace lip::image
