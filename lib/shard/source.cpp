#include "shard/source.h"

#include "cli/error.h"

#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <cstring>
#include <new>
#include <string>
#include <utility>

namespace lip::shard {
namespace {

constexpr std::size_t kBufferBytes = std::size_t{256} << 10;

// A file with a buffer whose bytes can be looked at before they are taken.
class BufferedFile : public ByteSource {
public:
    explicit BufferedFile(File file) : file_(std::move(file)), buffer_(kBufferBytes, '\0') {}

    const std::string& name() const { return file_.name(); }

    // The bytes at hand, at least one but at the end.
    std::string_view peek() {
        if (begin_ == end_) {
            begin_ = 0;
            end_ = file_.read(buffer_.data(), buffer_.size());
        }
        return {buffer_.data() + begin_, end_ - begin_};
    }

    // The first n bytes or, if the file is shorter, all of it. Requires that nothing was taken.
    std::string_view head(std::size_t n) {
        while (end_ < n) {
            const std::size_t got = file_.read(buffer_.data() + end_, buffer_.size() - end_);
            if (got == 0) break;
            end_ += got;
        }
        return {buffer_.data(), end_};
    }

    void take(std::size_t n) { begin_ += n; }

    std::size_t read(char* to, std::size_t n) override {
        if (begin_ == end_ && n >= buffer_.size()) return file_.read(to, n);
        const std::string_view bytes = peek().substr(0, n);
        if (!bytes.empty()) std::memcpy(to, bytes.data(), bytes.size());
        take(bytes.size());
        return bytes.size();
    }

private:
    File file_;
    std::string buffer_;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
};

class GzipSource : public ByteSource {
public:
    explicit GzipSource(std::unique_ptr<BufferedFile> file) : file_(std::move(file)) {
        constexpr int kGzipOnly = 16 + MAX_WBITS;
        if (::inflateInit2(&stream_, kGzipOnly) != Z_OK) throw std::bad_alloc();
    }
    ~GzipSource() override { ::inflateEnd(&stream_); }

    std::size_t read(char* to, std::size_t n) override {
        const uInt room = static_cast<uInt>(std::min<std::size_t>(n, kBufferBytes));
        stream_.next_out = reinterpret_cast<Bytef*>(to);
        stream_.avail_out = room;
        while (stream_.avail_out == room && room > 0) {
            const std::string_view in = file_->peek();
            if (in.empty()) {
                if (!inside_) return 0;
                throw cli::DataError(file_->name() +
                                     ": gzip data ends too early: the file is truncated");
            }
            step(in);
        }
        return room - stream_.avail_out;
    }

private:
    void step(std::string_view in) {
        inside_ = true;
        stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(in.data()));
        stream_.avail_in = static_cast<uInt>(in.size());
        const int status = ::inflate(&stream_, Z_NO_FLUSH);
        file_->take(in.size() - stream_.avail_in);
        if (status == Z_STREAM_END) {
            inside_ = false;
            ::inflateReset(&stream_);  // keeps next_out: another member may follow
        } else if (status != Z_OK) {
            throw cli::DataError(file_->name() + ": damaged gzip data: " +
                                 (stream_.msg != nullptr ? stream_.msg : "cannot be decompressed"));
        }
    }

    std::unique_ptr<BufferedFile> file_;
    z_stream stream_{};
    bool inside_ = true;  // a member has begun and not ended
};

class ZstdSource : public ByteSource {
public:
    explicit ZstdSource(std::unique_ptr<BufferedFile> file)
        : file_(std::move(file)), stream_(ZSTD_createDStream()) {
        if (!stream_) throw std::bad_alloc();
    }

    std::size_t read(char* to, std::size_t n) override {
        ZSTD_outBuffer out{to, n, 0};
        while (out.pos == 0 && n > 0) {
            const std::string_view bytes = file_->peek();
            ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
            const std::size_t status = ZSTD_decompressStream(stream_.get(), &out, &in);
            if (ZSTD_isError(status) != 0) {
                throw cli::DataError(file_->name() +
                                     ": damaged zstd data: " + ZSTD_getErrorName(status));
            }
            file_->take(in.pos);
            // At the end of the file a call without input still empties the decoder's buffer.
            if (bytes.empty() && out.pos == 0) {
                if (!inside_) return 0;
                throw cli::DataError(file_->name() +
                                     ": zstd data ends too early: the file is truncated");
            }
            // Without input, status speaks of a frame that has not begun.
            if (!bytes.empty() || out.pos > 0) inside_ = status != 0;
        }
        return out.pos;
    }

private:
    struct FreeStream {
        void operator()(ZSTD_DStream* stream) const { ZSTD_freeDStream(stream); }
    };

    std::unique_ptr<BufferedFile> file_;
    std::unique_ptr<ZSTD_DStream, FreeStream> stream_;
    bool inside_ = true;  // a frame has begun and not ended
};

bool is_gzip(std::string_view head) {
    return head.starts_with("\x1f\x8b");
}

// A zstd frame, or a skippable one: numbers 0x184D2A50 to 0x184D2A5F.
bool is_zstd(std::string_view head) {
    if (head.starts_with("\x28\xb5\x2f\xfd")) return true;
    return head.size() >= 4 && (static_cast<unsigned char>(head[0]) & 0xF0U) == 0x50U &&
           head.substr(1, 3) == "\x2a\x4d\x18";
}

}  // namespace

std::size_t MemorySource::read(char* to, std::size_t n) {
    const std::string_view bytes = rest_.substr(0, n);
    if (!bytes.empty()) std::memcpy(to, bytes.data(), bytes.size());
    rest_.remove_prefix(bytes.size());
    return bytes.size();
}

std::unique_ptr<ByteSource> open_source(File file) {
    auto buffered = std::make_unique<BufferedFile>(std::move(file));
    const std::string_view head = buffered->head(4);
    if (is_gzip(head)) return std::make_unique<GzipSource>(std::move(buffered));
    if (is_zstd(head)) return std::make_unique<ZstdSource>(std::move(buffered));
    return buffered;
}

}  // namespace lip::shard
