#include "image/orientation.h"

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace lip::image {
namespace {

constexpr unsigned kOrientationTag = 0x0112;
constexpr unsigned kShortType = 3;
constexpr std::size_t kEntryBytes = 12;

// Numbers of a TIFF structure in its own byte order; reading past the end gives 0.
struct TiffBytes {
    std::string_view bytes;
    bool little;

    unsigned at(std::size_t i) const {
        return i < bytes.size() ? static_cast<unsigned char>(bytes[i]) : 0U;
    }
    unsigned u16(std::size_t i) const {
        return little ? at(i) | at(i + 1) << 8 : at(i) << 8 | at(i + 1);
    }
    unsigned u32(std::size_t i) const {
        return little ? u16(i) | u16(i + 2) << 16 : u16(i) << 16 | u16(i + 2);
    }
};

// Which stored pixel goes to (x, y): the source starts at `origin` and moves by `step_x` for each
// column and `step_y` for each row of the result, all counted in pixels.
struct Walk {
    std::ptrdiff_t origin, step_x, step_y;
};

Walk walk_of(const Image& stored, int orientation) {
    const std::ptrdiff_t w = stored.width;
    const std::ptrdiff_t right = w - 1;
    const std::ptrdiff_t below = w * (stored.height - 1);
    switch (orientation) {
        case 2:
            return {right, -1, w};
        case 3:
            return {below + right, -1, -w};
        case 4:
            return {below, 1, -w};
        case 5:
            return {0, w, 1};
        case 6:
            return {below, -w, 1};
        case 7:
            return {below + right, -w, -1};
        case 8:
            return {right, w, -1};
        default:
            return {0, 1, w};
    }
}

}  // namespace

int exif_orientation(std::string_view tiff) {
    const bool little = tiff.substr(0, 4) == std::string_view("II*\0", 4);
    if (!little && tiff.substr(0, 4) != std::string_view("MM\0*", 4)) return 1;
    const TiffBytes data{tiff, little};
    const std::size_t directory = data.u32(4);
    if (directory >= tiff.size()) return 1;
    const unsigned entries = data.u16(directory);
    for (unsigned i = 0; i < entries; ++i) {
        const std::size_t entry = directory + 2 + kEntryBytes * i;
        if (entry + kEntryBytes > tiff.size()) return 1;
        if (data.u16(entry) != kOrientationTag) continue;
        const unsigned value = data.u16(entry + 8);
        const bool usable = data.u16(entry + 2) == kShortType && value >= 1 && value <= 8;
        return usable ? static_cast<int>(value) : 1;
    }
    return 1;
}

std::string exif_with_orientation(int orientation) {
    std::string data(kExifHead);
    data.append("MM\0*\0\0\0\x08", 8);       // big-endian, the directory after 8 bytes
    data.append("\0\x01\x01\x12\0\x03", 6);  // one entry: the tag, of the type short,
    data.append("\0\0\0\x01\0", 5);          // with one value
    data += static_cast<char>(orientation);
    return data.append(6, '\0');  // rest of the value; no directory follows
}

Image apply_orientation(const Image& stored, int orientation) {
    const bool swaps = orientation >= 5 && orientation <= 8;
    Image turned =
        swaps ? make_image(stored.height, stored.width) : make_image(stored.width, stored.height);
    const Walk walk = walk_of(stored, orientation);
    std::uint8_t* to = turned.rgb.data();
    for (int y = 0; y < turned.height; ++y) {
        std::ptrdiff_t from = walk.origin + walk.step_y * y;
        for (int x = 0; x < turned.width; ++x, to += 3, from += walk.step_x) {
            std::memcpy(to, stored.rgb.data() + 3 * from, 3);
        }
    }
    return turned;
}

}  // namespace lip::image
