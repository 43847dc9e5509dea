#include "record/input.h"

#include "cli/error.h"
#include "cli/stop.h"
#include "record/unpack.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

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

}  // namespace

std::unique_ptr<ByteSource> open_bytes(const std::string& path) {
    auto file = std::make_unique<FileSource>(path);
    std::string name = file->name();
    return unpack(std::move(file), std::move(name));
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
