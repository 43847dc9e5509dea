// Byte sources for tests: slow ones, and packed bytes.
#pragma once

#include "record/input.h"

#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

namespace lip::record {

// Gives `first` bytes, then at most `step` at a time: every way to cut an input.
class Trickle final : public ByteSource {
public:
    Trickle(std::string_view bytes, std::size_t first, std::size_t step)
        : rest_(bytes), next_(first), step_(step) {}
    std::size_t read(char* to, std::size_t size) override {
        const std::size_t n = rest_.copy(to, std::min(size, std::max<std::size_t>(next_, 1)));
        rest_.remove_prefix(n);
        next_ = step_;
        return n;
    }
    bool would_wait() override { return false; }

private:
    std::string_view rest_;
    std::size_t next_, step_;
};

inline std::string gzip(std::string_view bytes) {
    z_stream stream = {};
    if (deflateInit2(&stream, 1, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        throw std::runtime_error("deflate");
    std::string out(deflateBound(&stream, bytes.size()) + 32, '\0');
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    stream.avail_in = static_cast<uInt>(bytes.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    deflate(&stream, Z_FINISH);
    out.resize(out.size() - stream.avail_out);
    deflateEnd(&stream);
    return out;
}

inline std::string zstd(std::string_view bytes) {
    std::string out(ZSTD_compressBound(bytes.size()), '\0');
    out.resize(ZSTD_compress(out.data(), out.size(), bytes.data(), bytes.size(), 1));
    return out;
}

// All bytes of a source, asked for `step` at a time.
inline std::string read_all(ByteSource& source, std::size_t step = 1 << 16) {
    std::string out, block(step, '\0');
    while (const std::size_t n = source.read(block.data(), block.size())) out.append(block, 0, n);
    return out;
}

}  // namespace lip::record
