// Writing: a file exists complete under its name or not at all; standard output is checked.
#pragma once

#include "cli/stop.h"

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace lip::record {

// An output: "-" is standard output; a pipe, device or /dev/fd/N is written directly; any other
// path is written as ".NAME.tmp.PID" beside it, synced and renamed by close().
//
// Without close() the destructor removes the temporary file. One thread at a time.
class Output {
public:
    // Throws DataError if `path` exists and `force` is not set, or cannot be created.
    Output(std::string path, bool force);
    ~Output();
    Output(const Output&) = delete;
    Output& operator=(const Output&) = delete;

    // Throws DataError ("write error: No space left on device"), or ReaderGone when the reader of
    // standard output has left.
    void write(std::string_view bytes);
    // Overwrites at `offset`: for headers that are filled in last. Files only.
    void write_at(std::string_view bytes, std::size_t offset);
    void close();

    bool is_stream() const { return !temporary_; }
    int fd() const { return fd_; }

private:
    std::string path_;
    std::optional<cli::TemporaryFile> temporary_;
    int fd_ = -1;
};

// Throws DataError unless `path` can be written: not there, or `force`. "-" is always fine.
void check_can_write(const std::string& path, bool force);

// Writes the whole text through Output.
void write_file(const std::string& path, std::string_view bytes, bool force);

// Reads the whole file. Throws DataError if it cannot be read or is longer than `limit` bytes.
std::string read_file(const std::string& path, std::size_t limit = std::size_t{1} << 31);

// The same for what data name, an image or a mask: only a regular file (or a link to one), so that
// a pipe or a device among them is refused at once.
std::string read_regular_file(const std::string& path, std::size_t limit);

}  // namespace lip::record
