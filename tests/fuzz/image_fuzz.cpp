// Any bytes as an image: decoders must return pixels or a reason, and pixels must be consistent.
#include "image/decode.h"
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

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    const auto header = lip::image::read_header(bytes);
    if (header && std::int64_t{header->width} * header->height > kMaxFuzzPixels) return 0;
    check_pixels(bytes, {});
    check_pixels(bytes, {true, 8});
    const auto mask = lip::image::decode_mask(bytes);
    if (mask)
        require(mask->value.size() == lip::image::pixel_count(mask->width, mask->height),
                "as many values as the size says");
    return 0;
}
