#include "model/checksums.h"

#include "cli/error.h"
#include "record/file.h"
#include "shard/file_hash.h"

#include <algorithm>
#include <string_view>

namespace lip::model {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kHashDigits = 16;
constexpr std::string_view kGap = "  ";

bool is_line(std::string_view line) {
    const auto is_digit = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
    return line.size() > kHashDigits + kGap.size() &&
           std::ranges::all_of(line.substr(0, kHashDigits), is_digit) &&
           line.substr(kHashDigits, kGap.size()) == kGap &&
           line.find('/') == std::string_view::npos;
}

}  // namespace

void write_checksums(const fs::path& folder) {
    std::map<std::string, std::string> hashes;
    for (const auto& entry : fs::directory_iterator(folder))
        if (const std::string name = entry.path().filename().string();
            entry.is_regular_file() && name != kChecksumsFile)
            hashes[name] = shard::hash_of_file(entry.path());
    std::string text;
    for (const auto& [name, hash] : hashes) text += hash + std::string(kGap) + name + "\n";
    record::write_file((folder / kChecksumsFile).string(), text, true);
}

std::map<std::string, std::string> read_checksums(const fs::path& folder) {
    const fs::path file = folder / kChecksumsFile;
    std::map<std::string, std::string> hashes;
    if (!fs::exists(file)) return hashes;
    const std::string text = record::read_file(file.string(), 1 << 20);
    std::size_t number = 0;
    for (std::size_t begin = 0; begin < text.size();) {
        const std::size_t end = std::min(text.find('\n', begin), text.size());
        const std::string_view line = std::string_view(text).substr(begin, end - begin);
        ++number;
        if (!is_line(line))
            throw cli::DataError(file.string() + ": line " + std::to_string(number) +
                                 ": expected 16 digits, two spaces and a file name");
        hashes[std::string(line.substr(kHashDigits + kGap.size()))] = line.substr(0, kHashDigits);
        begin = end + 1;
    }
    return hashes;
}

}  // namespace lip::model
