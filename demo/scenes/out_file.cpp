#include "scenes/out_file.h"

#include "cli/error.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <system_error>
#include <utility>

namespace lip::demo {

namespace {

[[noreturn]] void fail(const std::filesystem::path& path, const char* what) {
    const int error = errno;
    throw cli::DataError(path.string() + ": cannot be " + what + ": " + std::strerror(error));
}

}  // namespace

void write_file(const std::filesystem::path& path, std::span<const std::uint8_t> bytes) {
    std::FILE* const file = std::fopen(path.c_str(), "wb");
    if (file == nullptr) fail(path, "created");
    const bool written = std::fwrite(bytes.data(), 1, bytes.size(), file) == bytes.size();
    const int write_error = errno;
    if (std::fclose(file) != 0) fail(path, "written");
    if (!written) {
        errno = write_error;
        fail(path, "written");
    }
}

OutFile::OutFile(std::filesystem::path path)
    : path_(std::move(path)), temporary_(path_.string() + ".tmp." + std::to_string(::getpid())) {
    file_.reset(std::fopen(temporary_.c_str(), "wb"));
    if (!file_) fail(temporary_, "created");
}

OutFile::~OutFile() {
    if (temporary_.empty()) return;
    std::error_code ignored;
    std::filesystem::remove(temporary_, ignored);
}

void OutFile::write(std::string_view text) {
    if (std::fwrite(text.data(), 1, text.size(), file_.get()) != text.size()) {
        fail(temporary_, "written");
    }
}

void OutFile::close() {
    if (std::fflush(file_.get()) != 0 || ::fsync(::fileno(file_.get())) != 0 ||
        std::fclose(file_.release()) != 0) {
        fail(temporary_, "written");
    }
    if (std::rename(temporary_.c_str(), path_.c_str()) != 0) fail(path_, "renamed into place");
    temporary_.clear();
}

}  // namespace lip::demo
