#include "shard/source.h"

#include "record/unpack.h"

#include <poll.h>

#include <string>
#include <string_view>
#include <utility>

namespace lip::shard {
namespace {

constexpr std::size_t kBufferBytes = std::size_t{256} << 10;

// Headers of a tar are short: a buffer saves a call for each.
class FileBytes final : public ByteSource {
public:
    explicit FileBytes(File file) : file_(std::move(file)), buffer_(kBufferBytes, '\0') {}
    std::size_t read(char* to, std::size_t n) override {
        if (rest_.empty()) {
            if (n >= buffer_.size()) return file_.read(to, n);
            rest_ = {buffer_.data(), file_.read(buffer_.data(), buffer_.size())};
        }
        const std::size_t got = rest_.copy(to, n);
        rest_.remove_prefix(got);
        return got;
    }
    bool would_wait() override {
        if (!rest_.empty()) return false;
        pollfd poll = {file_.fd(), POLLIN, 0};
        return ::poll(&poll, 1, 0) == 0;
    }

private:
    File file_;
    std::string buffer_;
    std::string_view rest_;  // of the buffer
};

}  // namespace

std::size_t MemorySource::read(char* to, std::size_t n) {
    const std::size_t got = rest_.copy(to, n);
    rest_.remove_prefix(got);
    return got;
}

std::unique_ptr<ByteSource> open_source(File file) {
    std::string name = file.name();
    return record::unpack(std::make_unique<FileBytes>(std::move(file)), std::move(name));
}

}  // namespace lip::shard
