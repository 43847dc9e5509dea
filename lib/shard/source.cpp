#include "shard/source.h"

#include "record/unpack.h"

#include <poll.h>

#include <string>
#include <utility>

namespace lip::shard {
namespace {

class FileBytes final : public ByteSource {
public:
    explicit FileBytes(File file) : file_(std::move(file)) {}
    std::size_t read(char* to, std::size_t n) override { return file_.read(to, n); }
    bool would_wait() override {
        pollfd poll = {file_.fd(), POLLIN, 0};
        return ::poll(&poll, 1, 0) == 0;
    }

private:
    File file_;
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
