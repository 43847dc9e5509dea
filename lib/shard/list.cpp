#include "shard/list.h"

#include "cli/error.h"
#include "shard/manifest.h"

#include <glob.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <filesystem>
#include <iterator>
#include <optional>
#include <string_view>
#include <utility>

namespace lip::shard {
namespace {

namespace fs = std::filesystem;

constexpr std::array<std::string_view, 3> kShardEndings = {".tar", ".tar.zst", ".tar.gz"};
constexpr std::string_view kManifestEnding = ".manifest.jsonl";
constexpr std::size_t kMaxShards = 10'000'000;  // of one pattern

bool is_shard_name(std::string_view name) {
    return !name.starts_with('.') &&
           std::any_of(kShardEndings.begin(), kShardEndings.end(),
                       [name](std::string_view ending) { return name.ends_with(ending); });
}

std::vector<std::string> in_folder(const std::string& folder) {
    std::vector<std::string> shards;
    std::error_code error;
    fs::directory_iterator entry(folder, error);
    for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
        const bool wanted = is_shard_name(entry->path().filename().string());
        if (wanted && !fs::is_directory(entry->path())) shards.push_back(entry->path().string());
    }
    if (error) throw cli::DataError(folder + ": cannot list: " + error.message());
    if (shards.empty()) {
        throw cli::DataError(folder + ": no shards in this folder (*.tar, *.tar.zst, *.tar.gz)");
    }
    std::sort(shards.begin(), shards.end());
    return shards;
}

std::vector<std::string> in_manifest(const std::string& manifest) {
    std::vector<std::string> shards;
    const fs::path folder = fs::path(manifest).parent_path();
    for (const ShardInfo& info : read_manifest(manifest)) {
        shards.push_back((folder / info.name).string());
    }
    if (shards.empty()) throw cli::DataError(manifest + ": no shards in this manifest");
    return shards;
}

// {FIRST..LAST} within a pattern.
struct Range {
    std::size_t begin;  // of '{'
    std::size_t end;    // after '}'
    std::uint64_t first;
    std::uint64_t last;
    std::size_t digits;
};

bool parse_count(std::string_view digits, std::uint64_t& value) {
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    return error == std::errc{} && end == digits.data() + digits.size();
}

std::optional<Range> find_range(std::string_view pattern) {
    for (std::size_t open = pattern.find('{'); open != std::string_view::npos;
         open = pattern.find('{', open + 1)) {
        const std::size_t close = pattern.find('}', open);
        if (close == std::string_view::npos) break;
        const std::string_view inside = pattern.substr(open + 1, close - open - 1);
        const std::size_t dots = inside.find("..");
        if (dots == std::string_view::npos) continue;
        Range range{open, close + 1, 0, 0, dots};
        if (parse_count(inside.substr(0, dots), range.first) &&
            parse_count(inside.substr(dots + 2), range.last)) {
            return range;
        }
    }
    return std::nullopt;
}

std::string padded(std::uint64_t number, std::size_t digits) {
    const std::string text = std::to_string(number);
    return std::string(digits - std::min(digits, text.size()), '0') + text;
}

// All patterns that come from the counts of `pattern`, in order.
std::vector<std::string> count_out(const std::string& pattern) {
    std::vector<std::string> done{pattern};
    while (const std::optional<Range> range = find_range(done.front())) {
        if (range->last < range->first || range->last - range->first >= kMaxShards / done.size()) {
            throw cli::DataError(pattern +
                                 ": the range of the pattern runs backwards or exceeds 10 million");
        }
        std::vector<std::string> next;
        for (const std::string& text : done) {
            // Every text has the same digits before the range, so it stands at the same place.
            const std::size_t shift = text.size() - done.front().size();
            for (std::uint64_t n = range->first; n <= range->last; ++n) {
                next.push_back(text.substr(0, range->begin + shift) + padded(n, range->digits) +
                               text.substr(range->end + shift));
            }
        }
        done = std::move(next);
    }
    return done;
}

struct GlobResult {
    glob_t found{};
    GlobResult() = default;
    GlobResult(const GlobResult&) = delete;
    GlobResult& operator=(const GlobResult&) = delete;
    ~GlobResult() { ::globfree(&found); }
};

// Names that match, in byte order whatever the locale.
std::vector<std::string> match(const std::string& pattern) {
    GlobResult result;
    const int status = ::glob(pattern.c_str(), GLOB_NOSORT | GLOB_ERR, nullptr, &result.found);
    if (status != 0 && status != GLOB_NOMATCH) {
        throw cli::DataError(pattern + ": cannot read a folder of this pattern");
    }
    std::vector<std::string> names;
    for (std::size_t i = 0; i < result.found.gl_pathc; ++i) {
        std::string name = result.found.gl_pathv[i];
        if (!name.ends_with(kManifestEnding) && !fs::is_directory(name)) {
            names.push_back(std::move(name));
        }
    }
    std::sort(names.begin(), names.end());
    return names;
}

std::vector<std::string> in_pattern(const std::string& operand) {
    std::vector<std::string> shards;
    for (const std::string& name : count_out(operand)) {
        if (name.find_first_of("*?[") == std::string::npos) {
            if (!fs::exists(name)) throw cli::DataError(name + ": no such file or folder");
            shards.push_back(name);
            continue;
        }
        std::vector<std::string> matched = fs::exists(name) ? std::vector{name} : match(name);
        if (matched.empty()) throw cli::DataError(name + ": no shard matches this pattern");
        std::move(matched.begin(), matched.end(), std::back_inserter(shards));
    }
    return shards;
}

}  // namespace

std::vector<std::string> expand_shards(const std::string& operand) {
    std::error_code error;
    const fs::file_status status = fs::status(operand, error);
    if (fs::is_directory(status)) return in_folder(operand);
    // The PREFIX that shard -o was given.
    const std::string manifest = operand + std::string(kManifestEnding);
    if (!fs::exists(status))
        return fs::exists(manifest) ? in_manifest(manifest) : in_pattern(operand);
    if (operand.ends_with(kManifestEnding)) return in_manifest(operand);
    return {operand};
}

}  // namespace lip::shard
