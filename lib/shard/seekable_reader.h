// SeekableReader: any frame of a file in zstd's seekable format.
#pragma once

#include "shard/file.h"
#include "shard/seek_table.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace lip::shard {

// Reads files of any writer of the format, with or without checksums in the table.
// After construction any number of threads may call it.
class SeekableReader {
public:
    // Reads the table. Throws DataError as read_seek_table() does.
    // A frame that unpacks to more than `max_frame_bytes` is refused before memory is taken for it.
    explicit SeekableReader(File file, std::uint64_t max_frame_bytes = std::uint64_t{3} << 29);

    const std::string& name() const { return file_.name(); }
    std::size_t frames() const { return table_.frames.size(); }
    // Where frame i begins in the file; for i == frames(), where the table does.
    std::uint64_t frame_offset(std::size_t i) const { return offsets_[i]; }
    const FrameEntry& frame(std::size_t i) const { return table_.frames[i]; }
    const File& file() const { return file_; }

    // The content of frame i. Throws DataError if it is damaged: frame and table must agree in
    // sizes and checksum. Requires i < frames().
    std::string read_frame(std::size_t i) const;

    // The same in two steps and into buffers that serve again: the frame as it stands in the
    // file, and its content.
    void read_packed(std::size_t i, std::string& packed) const;
    void unpack(std::size_t i, const std::string& packed, std::string& content) const;

private:
    [[noreturn]] void fail(std::size_t i, const std::string& what) const;

    File file_;
    SeekTable table_;
    std::vector<std::uint64_t> offsets_;
};

}  // namespace lip::shard
