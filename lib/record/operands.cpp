#include "record/operands.h"

#include "cli/error.h"

#include <glob.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <filesystem>
#include <iterator>
#include <optional>
#include <string_view>
#include <utility>

namespace lip::record {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostFiles = 10'000'000;  // of one pattern

// In a folder, names are all there is to go by.
bool is_table_name(std::string_view given, bool records_only) {
    if (given.starts_with('.') || is_manifest_name(given)) return false;
    std::string name(given);
    std::ranges::transform(name, name.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    for (const std::string_view packed : {".gz", ".zst"})
        if (name.ends_with(packed)) name.resize(name.size() - packed.size());
    if (name.ends_with(".jsonl") || name.ends_with(".ndjson")) return true;
    if (records_only || name.ends_with("_stats.json")) return false;
    return name.ends_with(".json") || name.ends_with(".csv") || name.ends_with(".tsv") ||
           name.ends_with(".parquet");
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
        if (range->last < range->first || range->last - range->first >= kMostFiles / done.size()) {
            throw cli::DataError(pattern + ": counts down, or further than 10 million");
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
        if (!is_manifest_name(name) && !fs::is_directory(name)) {
            names.push_back(std::move(name));
        }
    }
    std::sort(names.begin(), names.end());
    return names;
}

}  // namespace

std::vector<std::string> tables_in(const std::string& folder, bool records_only) {
    std::vector<std::string> files;
    std::error_code error;
    fs::directory_iterator entry(folder, error);
    for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
        const std::string name = entry->path().filename().string();
        if (is_table_name(name, records_only) && !fs::is_directory(entry->path()))
            files.push_back(entry->path().string());
    }
    if (error) throw cli::DataError(folder + ": cannot list: " + error.message());
    std::sort(files.begin(), files.end());
    return files;
}

bool is_manifest_name(std::string_view name) {
    return name.ends_with(".manifest.jsonl");
}

bool is_pattern(const std::string& operand) {
    return operand.find_first_of("*?[") != std::string::npos || find_range(operand);
}

std::vector<std::string> expand_pattern(const std::string& operand) {
    std::vector<std::string> files;
    for (const std::string& name : count_out(operand)) {
        if (name.find_first_of("*?[") == std::string::npos) {
            if (!fs::exists(name)) throw cli::DataError(name + ": no such file or folder");
            files.push_back(name);
            continue;
        }
        std::vector<std::string> matched = fs::exists(name) ? std::vector{name} : match(name);
        if (matched.empty()) throw cli::DataError(name + ": nothing matches this pattern");
        std::move(matched.begin(), matched.end(), std::back_inserter(files));
    }
    return files;
}

}  // namespace lip::record
