// Any bytes as an image: decoders must return pixels or a reason, and pixels must be consistent.
#include "image/decode.h"
#include "image/decode_region.h"
#include "tests/fuzz/require.h"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace {

// Larger pictures take long and find nothing new.
constexpr std::int64_t kMaxFuzzPixels = 1 << 20;

void check_pixels(std::string_view bytes, const lip::image::DecodeOptions& options) {
    const auto image = lip::image::decode(bytes, options);
    if (!image) {
        require(image.reject().word == "bad-image" && !image.reject().message.empty(),
                "a reject says why");
        return;
    }
    require(image->width > 0 && image->height > 0, "an image has pixels");
    require(image->rgb.size() == 3 * lip::image::pixel_count(image->width, image->height),
            "as many pixels as the size says");
}

// Parts of it, whole rows and single columns too, at sizes that need every scale.
void check_regions(std::string_view bytes, const lip::image::Header& header) {
    const lip::image::Box boxes[] = {
        {0, 0, header.width, header.height},
        {header.width / 3, header.height / 3, (header.width + 2) / 3, (header.height + 2) / 3},
        {header.width - 1, header.height / 2, 1, header.height - header.height / 2}};
    for (const lip::image::Box& box : boxes) {
        for (const int side : {1, 5, 40}) {
            const auto part =
                lip::image::decode_region(bytes, {.box = box, .width = side, .height = side});
            require(!part || part->rgb.size() == 3 * lip::image::pixel_count(side, side),
                    "as many pixels as were asked for");
        }
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    const auto header = lip::image::read_header(bytes);
    if (header && std::int64_t{header->width} * header->height > kMaxFuzzPixels) return 0;
    check_pixels(bytes, {});
    check_pixels(bytes, {true, 8});
    if (header) check_regions(bytes, *header);
    const auto mask = lip::image::decode_mask(bytes);
    if (mask)
        require(mask->value.size() == lip::image::pixel_count(mask->width, mask->height),
                "as many values as the size says");
    return 0;
}
