#include "image/picture_file.h"

#include "cli/error.h"
#include "record/file.h"

#include <cstdio>
#include <filesystem>
#include <sstream>

namespace lip::image {
namespace {

// One part of a key between slashes.
std::string safe_name(const std::string& part) {
    const bool is_dots = part == "." || part == "..";
    std::string name;
    for (const char c : part) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte >= 0x20 && byte != 0x7f && c != '%' && !is_dots) {
            name += c;
            continue;
        }
        char code[4];
        std::snprintf(code, sizeof code, "%%%02X", static_cast<unsigned>(byte));
        name += code;
    }
    return name;
}

}  // namespace

std::string picture_path(const std::string& folder, const std::string& key) {
    std::filesystem::path path = folder;
    std::istringstream parts(key);
    for (std::string part; std::getline(parts, part, '/');)
        if (!part.empty()) path /= safe_name(part);
    path += ".png";
    return path.string();
}

void write_picture(const std::string& path, const std::string& bytes, bool force) {
    const std::filesystem::path folder = std::filesystem::path(path).parent_path();
    std::error_code problem;
    if (!folder.empty()) std::filesystem::create_directories(folder, problem);
    if (problem)
        throw cli::DataError(folder.string() + ": the folder cannot be made: " + problem.message());
    record::write_file(path, bytes, force);
}

}  // namespace lip::image
