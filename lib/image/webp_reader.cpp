#include "image/webp_reader.h"

#include <webp/decode.h>
#include <webp/demux.h>

#include <cstdint>
#include <cstring>
#include <memory>
#include <string>

namespace lip::image {
namespace {

struct CloseDemuxer {
    void operator()(WebPDemuxer* demuxer) const { WebPDemuxDelete(demuxer); }
};

cli::Reject broken(const std::string& why) {
    return {"bad-image", "broken WebP data: " + why};
}

const char* reason(VP8StatusCode status) {
    switch (status) {
        case VP8_STATUS_OUT_OF_MEMORY:
            return "not enough memory";
        case VP8_STATUS_UNSUPPORTED_FEATURE:
            return "a feature that libwebp does not know";
        case VP8_STATUS_SUSPENDED:
        case VP8_STATUS_NOT_ENOUGH_DATA:
            return "the file is cut off";
        default:
            return "the pixels cannot be decoded";
    }
}

// The chunks of a file; views into its bytes.
class WebpFile {
public:
    explicit WebpFile(std::string_view bytes) {
        const WebPData data{reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()};
        demuxer_.reset(WebPDemuxPartial(&data, &state_));
    }
    ~WebpFile() { WebPDemuxReleaseIterator(&frame); }
    WebpFile(const WebpFile&) = delete;
    WebpFile& operator=(const WebpFile&) = delete;

    // Finds the first frame; the reason if there is none or the file is not whole.
    std::string open() {
        if (state_ == WEBP_DEMUX_PARSE_ERROR) return "its chunks do not fit together";
        if (state_ != WEBP_DEMUX_DONE || !demuxer_) return "the file is cut off";
        if (WebPDemuxGetFrame(demuxer_.get(), 1, &frame) == 0) return "there is no picture in it";
        return {};
    }

    std::int64_t width() const { return WebPDemuxGetI(demuxer_.get(), WEBP_FF_CANVAS_WIDTH); }
    std::int64_t height() const { return WebPDemuxGetI(demuxer_.get(), WEBP_FF_CANVAS_HEIGHT); }

    // Some writers put JPEG's head before the EXIF data, others do not.
    int orientation() const {
        WebPChunkIterator chunk{};
        int found = 1;
        if (WebPDemuxGetChunk(demuxer_.get(), "EXIF", 1, &chunk) != 0) {
            std::string_view data(reinterpret_cast<const char*>(chunk.chunk.bytes),
                                  chunk.chunk.size);
            if (data.starts_with(kExifHead)) data.remove_prefix(kExifHead.size());
            found = exif_orientation(data);
        }
        WebPDemuxReleaseChunkIterator(&chunk);
        return found;
    }

    WebPIterator frame{};

private:
    std::unique_ptr<WebPDemuxer, CloseDemuxer> demuxer_;
    WebPDemuxState state_ = WEBP_DEMUX_PARSE_ERROR;
};

cli::Result<Header> checked_header(const WebpFile& file) {
    const std::int64_t width = file.width(), height = file.height();
    if (width < 1 || height < 1) return broken("a side of no pixels");
    if (width * height > kMaxPixels) {
        return cli::Reject{"bad-image", "WebP of " + std::to_string(width) + " x " +
                                            std::to_string(height) +
                                            " pixels; at most 2^28 are read"};
    }
    return Header{Kind::kWebp, static_cast<int>(width), static_cast<int>(height),
                  file.orientation()};
}

// Decodes one frame to RGB. libwebp holds the pixels until all are there, so that a header alone
// does not make the program touch the memory of a large picture.
class Frame {
public:
    Frame() { WebPInitDecoderConfig(&config_); }
    ~Frame() { WebPFreeDecBuffer(&config_.output); }
    Frame(const Frame&) = delete;
    Frame& operator=(const Frame&) = delete;

    VP8StatusCode decode(const WebPData& data) {
        config_.output.colorspace = MODE_RGB;
        return WebPDecode(data.bytes, data.size, &config_);
    }
    int width() const { return config_.output.width; }
    int height() const { return config_.output.height; }
    const std::uint8_t* row(int y) const {
        const WebPRGBABuffer& rgb = config_.output.u.RGBA;
        return rgb.rgba + static_cast<std::ptrdiff_t>(rgb.stride) * y;
    }

private:
    WebPDecoderConfig config_{};
};

bool fits(const Frame& frame, int x, int y, const Image& canvas) {
    return x >= 0 && y >= 0 && frame.width() <= canvas.width - x &&
           frame.height() <= canvas.height - y;
}

}  // namespace

cli::Result<Header> read_webp_header(std::string_view bytes) {
    WebpFile file(bytes);
    const std::string why = file.open();
    if (!why.empty()) return broken(why);
    return checked_header(file);
}

cli::Result<DecodedImage> decode_webp(std::string_view bytes) {
    WebpFile file(bytes);
    const std::string why = file.open();
    if (!why.empty()) return broken(why);
    const cli::Result<Header> header = checked_header(file);
    if (!header) return header.reject();
    Frame frame;
    const VP8StatusCode status = frame.decode(file.frame.fragment);
    if (status != VP8_STATUS_OK) return broken(reason(status));
    DecodedImage decoded{make_image(header->width, header->height), header->orientation};
    const int left = file.frame.x_offset, top = file.frame.y_offset;
    if (!fits(frame, left, top, decoded.image)) return broken("a frame leaves the picture");
    for (int y = 0; y < frame.height(); ++y) {
        std::memcpy(&decoded.image.rgb[pixel_offset(decoded.image, left, top + y)], frame.row(y),
                    3 * static_cast<std::size_t>(frame.width()));
    }
    return decoded;
}

}  // namespace lip::image
