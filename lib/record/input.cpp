#include "record/input.h"

#include "cli/error.h"
#include "cli/stop.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include <cerrno>
#include <cstring>

namespace lip::record {
namespace {

constexpr std::size_t kBlock = 1 << 18;

class FileSource final : public ByteSource {
public:
    explicit FileSource(const std::string& path) : name_(path == "-" ? "standard input" : path) {
        fd_ = path == "-" ? STDIN_FILENO : ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
        if (fd_ < 0) throw cli::DataError(name_ + ": cannot be opened: " + std::strerror(errno));
        struct stat in = {}, out = {};
        // A file that grows while it is read never ends.
        if (::fstat(fd_, &in) == 0 && ::fstat(STDOUT_FILENO, &out) == 0 && S_ISREG(in.st_mode) &&
            in.st_dev == out.st_dev && in.st_ino == out.st_ino)
            throw cli::DataError(name_ + ": is both input and standard output");
        ::posix_fadvise(fd_, 0, 0, POSIX_FADV_SEQUENTIAL);
    }
    ~FileSource() override {
        if (fd_ > STDIN_FILENO) ::close(fd_);
    }
    std::size_t read(char* to, std::size_t size) override {
        for (;;) {
            const ssize_t n = ::read(fd_, to, size);
            if (n >= 0) return static_cast<std::size_t>(n);
            if (errno != EINTR)
                throw cli::DataError(name_ + ": cannot be read: " + std::strerror(errno));
            if (cli::stop_requested()) throw cli::Stopped();
        }
    }
    bool would_wait() override {
        pollfd poll = {fd_, POLLIN, 0};
        return ::poll(&poll, 1, 0) == 0;
    }
    const std::string& name() const { return name_; }

private:
    std::string name_;
    int fd_;
};

class MemorySource final : public ByteSource {
public:
    explicit MemorySource(std::string_view bytes) : rest_(bytes) {}
    std::size_t read(char* to, std::size_t size) override {
        const std::size_t n = rest_.copy(to, size);
        rest_.remove_prefix(n);
        return n;
    }
    bool would_wait() override { return false; }

private:
    std::string_view rest_;
};

// The bytes already read to find the magic, then the rest.
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
            if (stream_.avail_in == 0) {
                const std::size_t n = packed_->read(buffer_.data(), buffer_.size());
                if (n == 0 && !between_members_)
                    throw cli::DataError(name_ + ": gzip data is truncated");
                if (n == 0) return 0;
                stream_.next_in = reinterpret_cast<Bytef*>(buffer_.data());
                stream_.avail_in = static_cast<uInt>(n);
            }
            if (between_members_) inflateReset(&stream_), between_members_ = false;
            const int status = inflate(&stream_, Z_NO_FLUSH);
            if (status == Z_STREAM_END)
                between_members_ = true;
            else if (status != Z_OK && status != Z_BUF_ERROR)
                throw cli::DataError(name_ + ": gzip data is corrupt");
        }
        return wanted - stream_.avail_out;
    }
    bool would_wait() override { return stream_.avail_in == 0 && packed_->would_wait(); }

private:
    std::unique_ptr<ByteSource> packed_;
    std::string name_;
    std::string buffer_;
    z_stream stream_ = {};
    bool between_members_ = false;
};

class ZstdSource final : public ByteSource {
public:
    ZstdSource(std::unique_ptr<ByteSource> packed, std::string name)
        : packed_(std::move(packed)),
          name_(std::move(name)),
          buffer_(kBlock, '\0'),
          stream_(ZSTD_createDStream()) {
        if (!stream_) throw std::bad_alloc();
        ZSTD_DCtx_setParameter(stream_.get(), ZSTD_d_windowLogMax, 27);
    }
    std::size_t read(char* to, std::size_t size) override {
        ZSTD_outBuffer out = {to, size, 0};
        while (out.pos == 0) {
            // A frame that is complete has nothing more to give, however full the output was.
            if (in_.pos == in_.size && (!output_is_full_ || hint_ == 0)) {
                in_ = {buffer_.data(), packed_->read(buffer_.data(), buffer_.size()), 0};
                if (in_.size == 0) {
                    if (hint_ != 0) throw cli::DataError(name_ + ": zstd data is truncated");
                    return 0;
                }
            }
            hint_ = ZSTD_decompressStream(stream_.get(), &out, &in_);
            output_is_full_ = out.pos == out.size;
            if (ZSTD_isError(hint_))
                throw cli::DataError(name_ + ": zstd data is corrupt: " + ZSTD_getErrorName(hint_));
        }
        return out.pos;
    }
    bool would_wait() override { return in_.pos == in_.size && packed_->would_wait(); }

private:
    struct Free {
        void operator()(ZSTD_DStream* stream) const { ZSTD_freeDStream(stream); }
    };
    std::unique_ptr<ByteSource> packed_;
    std::string name_;
    std::string buffer_;
    std::unique_ptr<ZSTD_DStream, Free> stream_;
    ZSTD_inBuffer in_ = {nullptr, 0, 0};
    std::size_t hint_ = 0;
    bool output_is_full_ = false;
};

}  // namespace

std::unique_ptr<ByteSource> open_bytes(const std::string& path) {
    auto file = std::make_unique<FileSource>(path);
    const std::string name = file->name();
    std::string head(4, '\0');
    std::size_t have = 0;
    while (have < head.size()) {
        const std::size_t n = file->read(head.data() + have, head.size() - have);
        if (n == 0) break;
        have += n;
        if (head[0] != '\x1f' && head[0] != '\x28') break;  // a slow text pipe need not wait
    }
    head.resize(have);
    const bool gzip = head.starts_with("\x1f\x8b"), zstd = head == "\x28\xb5\x2f\xfd";
    auto whole = std::make_unique<Rejoined>(std::move(head), std::move(file));
    if (gzip) return std::make_unique<GzipSource>(std::move(whole), name);
    if (zstd) return std::make_unique<ZstdSource>(std::move(whole), name);
    return whole;
}

std::unique_ptr<ByteSource> memory_bytes(std::string_view bytes) {
    return std::make_unique<MemorySource>(bytes);
}

bool Window::skip_line() {
    for (;;) {
        const std::size_t end = view().find('\n');
        if (end != std::string_view::npos) return take(end + 1), true;
        take(view().size());
        if (!more()) return false;
    }
}

bool Window::more() {
    if (begin_ > 0 && (begin_ == end_ || buffer_.size() - end_ < block_)) {
        std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
        end_ -= begin_;
        begin_ = 0;
    }
    if (buffer_.size() - end_ < block_) buffer_.resize(std::max(buffer_.size() * 2, end_ + block_));
    const std::size_t n = source_->read(buffer_.data() + end_, block_);
    end_ += n;
    if (n == block_) block_ = std::min(block_ * 2, kBlock);
    return n > 0;
}

}  // namespace lip::record
