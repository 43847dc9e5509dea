#include "image/decode_region.h"

#include "image/decode.h"
#include "image/jpeg_decompressor.h"
#include "image/resample.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace lip::image {
namespace {

// Pixels that libjpeg's smooth upsampling of colour takes from beside a cropped row: at the border
// of what is decoded it would invent them.
constexpr int kMargin = 2;

// libjpeg-turbo writes rows that begin at a multiple of this past the caches, and the filter would
// wait for memory: a sixth of the time.
constexpr std::size_t kVector = 16;

// One direction of the box on the picture that libjpeg delivers.
struct Range {
    float from, to;   // the box
    int first, last;  // pixels that it touches, the last one not included

    Range(int start, int length, int divisor)
        : from(static_cast<float>(start) / static_cast<float>(divisor)),
          to(static_cast<float>(start + length) / static_cast<float>(divisor)),
          first(start / divisor),
          last((start + length + divisor - 1) / divisor) {}

    Axis axis(int out) const {
        const auto zero = static_cast<float>(first);
        return {last - first, from - zero, to - zero, out, 0, out};
    }
};

// libjpeg has fast code for these scales only: jpeg_reader.cpp. Where colour is coarser in one
// direction than in the other, libjpeg reduces it together with the brightness, so that a picture
// has to stay larger by as much.
int scale_divisor(const jpeg_decompress_struct& info, const Region& region) {
    if (region.exact) return 1;
    const int across = info.max_h_samp_factor, down = info.max_v_samp_factor;
    const int spare =
        info.num_components == 1 ? 1 : std::max(across, down) / std::min(across, down);
    for (const int divisor : {8, 4, 2})
        if (region.box.width / divisor / spare >= region.width &&
            region.box.height / divisor / spare >= region.height)
            return divisor;
    return 1;
}

class JpegRegion {
public:
    JpegRegion(Decompressor& jpeg, const Region& region)
        : jpeg_(jpeg),
          region_(region),
          divisor_(scale_divisor(jpeg.info, region)),
          columns_(region.box.x, region.box.width, divisor_),
          rows_(region.box.y, region.box.height, divisor_),
          resampler_(columns_.axis(region.width), rows_.axis(region.height), region.filter,
                     region.exact ? Precision::kExact : Precision::kFast) {}

    bool decode() {
        jpeg_.info.scale_num = 1;
        jpeg_.info.scale_denom = static_cast<unsigned>(divisor_);
        jpeg_.info.out_color_space = JCS_RGB;
        if (!run_trapped(jpeg_.trap, [this] { jpeg_start_decompress(&jpeg_.info); })) return false;
        if (!region_.exact && !leave_out()) return false;
        buffer_.resize(3 * std::size_t{jpeg_.info.output_width} + kPadding + kVector);
        const auto address = reinterpret_cast<std::uintptr_t>(buffer_.data());
        row_ = buffer_.data() + (address % kVector == 0 ? 1 : 0);
        const auto end = static_cast<unsigned>(rows_.first + resampler_.end_row());
        while (jpeg_.info.output_scanline < end) {
            const bool enters = jpeg_.info.output_scanline >=
                                static_cast<unsigned>(rows_.first + resampler_.first_row());
            if (!read_row()) return false;
            if (enters) resampler_.push(row_ + 3 * left_);
        }
        return !region_.exact || finish();
    }

    Image take() { return resampler_.take(); }

private:
    // Columns beside the box and rows above it.
    bool leave_out() {
        if (columns_.first > 0 || columns_.last < static_cast<int>(jpeg_.info.output_width)) {
            JDIMENSION x = static_cast<JDIMENSION>(std::max(0, columns_.first - kMargin));
            JDIMENSION width = std::min(static_cast<JDIMENSION>(columns_.last + kMargin),
                                        jpeg_.info.output_width) -
                               x;
            if (!run_trapped(jpeg_.trap,
                             [this, &x, &width] { jpeg_crop_scanline(&jpeg_.info, &x, &width); }))
                return false;
            left_ -= static_cast<std::size_t>(x);
        }
        const int above = rows_.first + resampler_.first_row();
        return above == 0 || run_trapped(jpeg_.trap, [this, above] {
                   jpeg_skip_scanlines(&jpeg_.info, static_cast<JDIMENSION>(above));
               });
    }

    bool read_row() {
        return run_trapped(jpeg_.trap, [this] {
            JSAMPROW row = row_;
            jpeg_read_scanlines(&jpeg_.info, &row, 1);
        });
    }

    bool finish() {
        while (jpeg_.info.output_scanline < jpeg_.info.output_height)
            if (!read_row()) return false;
        return run_trapped(jpeg_.trap, [this] { jpeg_finish_decompress(&jpeg_.info); });
    }

    Decompressor& jpeg_;
    const Region& region_;
    int divisor_;
    Range columns_, rows_;
    RowResampler resampler_;
    std::size_t left_ = static_cast<std::size_t>(columns_.first);  // pixels before the box in a row
    std::vector<std::uint8_t> buffer_;
    std::uint8_t* row_ = nullptr;
};

}  // namespace

cli::Result<Image> decode_region(std::string_view bytes, const Region& region) {
    if (sniff(bytes) == Kind::kJpeg) {
        Decompressor jpeg(bytes);
        if (!jpeg.open()) return jpeg.broken();
        const cli::Result<Header> header = checked_header(jpeg);
        if (!header) return header.reject();
        if (jpeg.info.num_components != 4) {
            check_region({header->width, header->height}, region.box, region.width, region.height);
            JpegRegion part(jpeg, region);
            if (!part.decode()) return jpeg.broken();
            return part.take();
        }
    }
    const cli::Result<Image> whole = decode(bytes);
    if (!whole) return whole.reject();
    return resize_crop(*whole, region.box, region.width, region.height, region.filter);
}

}  // namespace lip::image
