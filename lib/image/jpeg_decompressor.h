// A libjpeg decompressor over bytes in memory, strict and bounded; private to the room.
#pragma once

#include "cli/error.h"
#include "image/decode.h"
#include "image/orientation.h"
#include "image/trap.h"

#include <cstdio>  // jpeglib.h needs it and does not include it

#include <jerror.h>
#include <jpeglib.h>

#include <array>
#include <string>
#include <string_view>

namespace lip::image {

// Encoders write 1 to 10 scans. Each further one costs a pass over the whole picture, so that a
// small file could keep a reader busy for hours.
inline constexpr int kMaxScans = 200;

// Warnings that do not put the pixels in doubt, and that Pillow and browsers overlook: a newer JFIF
// number, an unknown Adobe transform, stray bytes before a marker, a sequential scan that names a
// part of the coefficients and holds all of them.
inline bool is_harmless(int warning) {
    return warning == JWRN_JFIF_MAJOR || warning == JWRN_ADOBE_XFORM ||
           warning == JWRN_EXTRANEOUS_DATA || warning == JWRN_NOT_SEQUENTIAL;
}

// Owns the decompressor. Not movable: libjpeg keeps pointers into it.
class Decompressor {
public:
    explicit Decompressor(std::string_view bytes) : bytes_(bytes) {
        info.err = jpeg_std_error(&errors_);
        info.client_data = &trap;
        errors_.error_exit = fail;
        errors_.emit_message = warn;
        progress_.progress_monitor = watch_scans;
    }
    Decompressor(const Decompressor&) = delete;
    Decompressor& operator=(const Decompressor&) = delete;
    ~Decompressor() { jpeg_destroy_decompress(&info); }

    [[nodiscard]] bool open() {
        return run_trapped(trap, [this] {
            jpeg_create_decompress(&info);
            info.progress = &progress_;
            jpeg_save_markers(&info, JPEG_APP0 + 1, 0xFFFF);
            jpeg_mem_src(&info, reinterpret_cast<const unsigned char*>(bytes_.data()),
                         static_cast<unsigned long>(bytes_.size()));
            jpeg_read_header(&info, TRUE);
        });
    }

    int orientation() const {
        for (const jpeg_marker_struct* m = info.marker_list; m != nullptr; m = m->next) {
            const std::string_view data(reinterpret_cast<const char*>(m->data), m->data_length);
            if (data.substr(0, kExifHead.size()) != kExifHead) continue;
            return exif_orientation(data.substr(kExifHead.size()));
        }
        return 1;
    }

    cli::Reject broken() const {
        return {"bad-image", std::string("broken JPEG data: ") + trap.message.data()};
    }

    jpeg_decompress_struct info{};
    Trap trap;

private:
    static Trap& trap_of(j_common_ptr common) { return *static_cast<Trap*>(common->client_data); }

    static void fail(j_common_ptr common) {
        std::array<char, JMSG_LENGTH_MAX> text{};
        common->err->format_message(common, text.data());
        spring_trap(trap_of(common), text.data());
    }

    static void warn(j_common_ptr common, int level) {
        if (level < 0 && !is_harmless(common->err->msg_code)) fail(common);
    }

    static void watch_scans(j_common_ptr common) {
        if (reinterpret_cast<j_decompress_ptr>(common)->input_scan_number > kMaxScans) {
            spring_trap(trap_of(common), "more than 200 scans");
        }
    }

    std::string_view bytes_;
    jpeg_error_mgr errors_{};
    jpeg_progress_mgr progress_{};
};

// The header, if this is a picture that can be turned into RGB. Requires open().
cli::Result<Header> checked_header(const Decompressor& jpeg);

}  // namespace lip::image
