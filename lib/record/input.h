// Reading: files and standard input as bytes, unpacked on the way (gzip and zstd by magic), and
// as lines. Constant memory.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace lip::record {

// Bytes that a message or a file of rejects shows of a line that is too large.
inline constexpr std::size_t kShownBytes = 200;

// A source of bytes. One thread at a time.
class ByteSource {
public:
    virtual ~ByteSource() = default;
    // Up to `size` bytes, as many as are there now; 0 at the end only. Throws DataError.
    virtual std::size_t read(char* to, std::size_t size) = 0;
    // Could read() wait? False means bytes are at hand (or the end is).
    virtual bool would_wait() = 0;
};

// Opens `path` ("-" is standard input) and unpacks gzip and zstd. Throws DataError if it cannot be
// opened or read, or the compressed data is corrupt or cut.
std::unique_ptr<ByteSource> open_bytes(const std::string& path);

// A source over bytes in memory; they must outlive it.
std::unique_ptr<ByteSource> memory_bytes(std::string_view bytes);

// A reading window over a source: look ahead, take, refill. What CSV and line readers build on.
class Window {
public:
    explicit Window(std::unique_ptr<ByteSource> source) : source_(std::move(source)) {}

    // The bytes not yet taken.
    std::string_view view() const { return {buffer_.data() + begin_, end_ - begin_}; }
    // Adds bytes to the view; false at the end of the source.
    bool more();
    void take(std::size_t n) {
        begin_ += n;
        offset_ += n;
    }
    // Takes all up to and with the next newline, in constant memory. False if the end came first.
    bool skip_line();
    // Of view()[0] in the unpacked source.
    std::uint64_t offset() const { return offset_; }
    bool would_wait() { return source_->would_wait(); }

private:
    std::unique_ptr<ByteSource> source_;
    std::string buffer_;
    std::size_t begin_ = 0, end_ = 0;
    std::size_t block_ = 4096;  // bytes asked for at a time; grows while the source has as many
    std::uint64_t offset_ = 0;
};

}  // namespace lip::record
