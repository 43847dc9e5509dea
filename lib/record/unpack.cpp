#include "record/unpack.h"

#include "cli/error.h"

#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#include <algorithm>
#include <cstdint>
#include <new>
#include <utility>

namespace lip::record {
namespace {

constexpr std::size_t kBlock = 1 << 18;
constexpr int kMostWindowLog = 27;       // 128 MiB of memory
constexpr std::size_t kMostHeader = 18;  // bytes of a zstd frame's header

class Rejoined final : public ByteSource {
public:
    Rejoined(std::string head, std::unique_ptr<ByteSource> rest)
        : head_(std::move(head)), rest_(std::move(rest)) {}
    std::size_t read(char* to, std::size_t size) override {
        if (at_ == head_.size()) return rest_->read(to, size);
        const std::size_t n = head_.copy(to, size, at_);
        at_ += n;
        return n;
    }
    bool would_wait() override { return at_ == head_.size() && rest_->would_wait(); }

private:
    std::string head_;
    std::unique_ptr<ByteSource> rest_;
    std::size_t at_ = 0;
};

class GzipSource final : public ByteSource {
public:
    GzipSource(std::unique_ptr<ByteSource> packed, std::string name)
        : packed_(std::move(packed)), name_(std::move(name)), buffer_(kBlock, '\0') {
        if (inflateInit2(&stream_, 15 + 16) != Z_OK) throw std::bad_alloc();
    }
    ~GzipSource() override { inflateEnd(&stream_); }
    std::size_t read(char* to, std::size_t size) override {
        stream_.next_out = reinterpret_cast<Bytef*>(to);
        stream_.avail_out = static_cast<uInt>(std::min(size, kBlock));
        const uInt wanted = stream_.avail_out;
        while (stream_.avail_out == wanted) {
            if (stream_.avail_in == 0 && !refill()) {
                if (!between_members_)
                    throw cli::DataError(name_ + ": gzip data ends too early: the file is cut");
                return 0;
            }
            if (between_members_ && !begin_member()) continue;
            step();
        }
        return wanted - stream_.avail_out;
    }
    bool would_wait() override { return stream_.avail_in == 0 && packed_->would_wait(); }

private:
    bool refill() {
        const std::size_t n = packed_->read(buffer_.data(), buffer_.size());
        stream_.next_in = reinterpret_cast<Bytef*>(buffer_.data());
        stream_.avail_in = static_cast<uInt>(n);
        return n > 0;
    }

    // Zeros that fill the last block of a tape or a device are no member.
    bool begin_member() {
        while (stream_.avail_in > 0 && *stream_.next_in == 0) {
            ++stream_.next_in, --stream_.avail_in;
            is_padded_ = true;
        }
        if (stream_.avail_in == 0) return false;
        if (is_padded_ || *stream_.next_in != 0x1f)
            throw cli::DataError(name_ + ": bytes that are no gzip data follow the gzip data");
        inflateReset(&stream_);
        between_members_ = false;
        return true;
    }

    void step() {
        const int status = inflate(&stream_, Z_NO_FLUSH);
        if (status == Z_STREAM_END)
            between_members_ = true;
        else if (status != Z_OK && status != Z_BUF_ERROR)
            throw cli::DataError(name_ + ": gzip data is corrupt: " +
                                 (stream_.msg ? stream_.msg : "it cannot be unpacked"));
    }

    std::unique_ptr<ByteSource> packed_;
    std::string name_;
    std::string buffer_;
    z_stream stream_ = {};
    bool between_members_ = false, is_padded_ = false;
};

std::uint64_t little_endian(std::string_view bytes) {
    std::uint64_t value = 0;
    for (std::size_t i = bytes.size(); i-- > 0;)
        value = value << 8 | static_cast<unsigned char>(bytes[i]);
    return value;
}

// Bytes of memory that the frame which begins here wants (RFC 8878, 3.1.1.1); 0 if this is none.
std::uint64_t window_of(std::string_view frame) {
    if (frame.size() < 6 || !frame.starts_with("\x28\xb5\x2f\xfd")) return 0;
    const auto descriptor = static_cast<unsigned char>(frame[4]);
    if ((descriptor & 0x20) == 0) {
        const auto window = static_cast<unsigned char>(frame[5]);
        const std::uint64_t base = std::uint64_t{1} << (10 + (window >> 3));
        return base + base / 8 * (window & 7);
    }
    // A single segment: the window is the size of the content, which stands behind the
    // dictionary's number.
    constexpr std::size_t kNumberBytes[] = {0, 1, 2, 4}, kSizeBytes[] = {1, 2, 4, 8};
    const std::size_t at = 5 + kNumberBytes[descriptor & 3], bytes = kSizeBytes[descriptor >> 6];
    if (frame.size() < at + bytes) return 0;
    return little_endian(frame.substr(at, bytes)) + (bytes == 2 ? 256 : 0);
}

std::string shown_size(std::uint64_t bytes) {
    constexpr std::uint64_t kMiB = 1 << 20, kGiB = 1 << 30;
    if (bytes == 0) return "more than 128 MiB";
    if (bytes % kGiB == 0) return std::to_string(bytes / kGiB) + " GiB";
    return std::to_string((bytes + kMiB - 1) / kMiB) + " MiB";
}

class ZstdSource final : public ByteSource {
public:
    ZstdSource(std::unique_ptr<ByteSource> packed, std::string name)
        : packed_(std::move(packed)),
          name_(std::move(name)),
          buffer_(kBlock, '\0'),
          stream_(ZSTD_createDStream()) {
        if (!stream_) throw std::bad_alloc();
        ZSTD_DCtx_setParameter(stream_.get(), ZSTD_d_windowLogMax, kMostWindowLog);
    }
    std::size_t read(char* to, std::size_t size) override {
        ZSTD_outBuffer out = {to, size, 0};
        while (out.pos == 0 && size > 0) {
            // A frame that is complete has nothing more to give, however full the output was.
            if (in_.pos == in_.size && (!output_is_full_ || hint_ == 0)) {
                in_ = {buffer_.data(), packed_->read(buffer_.data(), buffer_.size()), 0};
                if (in_.size == 0) {
                    if (hint_ != 0)
                        throw cli::DataError(name_ + ": zstd data ends too early: the file is cut");
                    return 0;
                }
            }
            const std::size_t before = in_.pos;
            hint_ = ZSTD_decompressStream(stream_.get(), &out, &in_);
            keep_header(before);
            output_is_full_ = out.pos == out.size;
            if (ZSTD_isError(hint_)) fail();
        }
        return out.pos;
    }
    bool would_wait() override { return in_.pos == in_.size && packed_->would_wait(); }

private:
    struct Free {
        void operator()(ZSTD_DStream* stream) const { ZSTD_freeDStream(stream); }
    };

    // The first bytes of the frame at hand, for messages.
    void keep_header(std::size_t before) {
        if (hint_ == 0) return header_.clear();
        const std::size_t end = ZSTD_isError(hint_) ? in_.size : in_.pos;
        if (header_.size() < kMostHeader)
            header_.append(buffer_, before, std::min(end - before, kMostHeader - header_.size()));
    }

    // Sound data that is not read here is told from damaged data.
    [[noreturn]] void fail() const {
        switch (ZSTD_getErrorCode(hint_)) {
            case ZSTD_error_frameParameter_windowTooLarge: {
                const std::uint64_t window = window_of(header_);
                throw cli::DataError(name_ + ": the zstd data needs a window of " +
                                     shown_size(window) +
                                     (window ? ", and 128 MiB is the most here" : "") +
                                     " (unpack it on the way: zstd -dc --long=31 FILE | ...)");
            }
            case ZSTD_error_dictionary_wrong:
                throw cli::DataError(name_ +
                                     ": the zstd data was packed with a dictionary (unpack it on "
                                     "the way: zstd -dc -D DICTIONARY FILE | ...)");
            case ZSTD_error_prefix_unknown:
                throw cli::DataError(name_ + ": bytes that are no zstd data follow the zstd data");
            default:
                throw cli::DataError(name_ + ": zstd data is corrupt: " + ZSTD_getErrorName(hint_));
        }
    }

    std::unique_ptr<ByteSource> packed_;
    std::string name_;
    std::string buffer_, header_;
    std::unique_ptr<ZSTD_DStream, Free> stream_;
    ZSTD_inBuffer in_ = {nullptr, 0, 0};
    std::size_t hint_ = 0;
    bool output_is_full_ = false;
};

// A zstd frame, or a skippable one: numbers 0x184D2A50 to 0x184D2A5F.
bool is_zstd(std::string_view head) {
    if (head.starts_with("\x28\xb5\x2f\xfd")) return true;
    return head.size() >= 4 && (static_cast<unsigned char>(head[0]) & 0xF0U) == 0x50U &&
           head.substr(1, 3) == "\x2a\x4d\x18";
}

// Could more bytes make a magic number of this? A slow text pipe need not wait.
bool may_be_packed(std::string_view head) {
    constexpr std::string_view kGzip = "\x1f\x8b", kZstd = "\x28\xb5\x2f\xfd",
                               kSkippable = "\x2a\x4d\x18";
    if (kGzip.starts_with(head.substr(0, 2)) || kZstd.starts_with(head)) return true;
    return (static_cast<unsigned char>(head[0]) & 0xF0U) == 0x50U &&
           kSkippable.starts_with(head.substr(1));
}

}  // namespace

std::unique_ptr<ByteSource> unpack(std::unique_ptr<ByteSource> packed, std::string name) {
    std::string head;
    char byte = 0;
    while (head.size() < 4 && (head.empty() || may_be_packed(head)) && packed->read(&byte, 1) > 0)
        head += byte;
    const bool gzip = head.starts_with("\x1f\x8b"), zstd = is_zstd(head);
    auto whole = rejoin(std::move(head), std::move(packed));
    if (gzip) return std::make_unique<GzipSource>(std::move(whole), std::move(name));
    if (zstd) return std::make_unique<ZstdSource>(std::move(whole), std::move(name));
    return whole;
}

std::unique_ptr<ByteSource> rejoin(std::string head, std::unique_ptr<ByteSource> rest) {
    return std::make_unique<Rejoined>(std::move(head), std::move(rest));
}

}  // namespace lip::record
