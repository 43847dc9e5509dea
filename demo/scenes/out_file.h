// Checked writing of whole files and of lists that take their name when they are complete.
#pragma once

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <span>
#include <string_view>

namespace lip::demo {

// Writes a small file in place of what was there. Throws DataError.
void write_file(const std::filesystem::path& path, std::span<const std::uint8_t> bytes);

// A text file under a temporary name beside `path`. Without close() the destructor removes it.
// One thread at a time.
class OutFile {
public:
    // Throws DataError if the temporary file cannot be created.
    explicit OutFile(std::filesystem::path path);
    ~OutFile();
    OutFile(const OutFile&) = delete;
    OutFile& operator=(const OutFile&) = delete;

    // Throws DataError if not all bytes could be written.
    void write(std::string_view text);

    // Syncs, and renames to the final name. Throws DataError; the file is removed then.
    void close();

private:
    struct Closer {
        void operator()(std::FILE* file) const { std::fclose(file); }
    };
    std::filesystem::path path_, temporary_;
    std::unique_ptr<std::FILE, Closer> file_;
};

}  // namespace lip::demo
