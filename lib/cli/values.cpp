#include "cli/values.h"

#include "cli/error.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <utility>

namespace lip::cli {
namespace {

struct Unit {
    std::string_view suffix;
    double factor;
};

constexpr Unit kCounts[] = {{"k", 1e3}, {"M", 1e6}, {"G", 1e9}, {"", 1}};
constexpr Unit kSizes[] = {{"KiB", 1024}, {"MiB", 1024. * 1024}, {"GiB", 1024. * 1024 * 1024},
                           {"KB", 1e3},   {"MB", 1e6},           {"GB", 1e9},
                           {"", 1}};
constexpr Unit kDurations[] = {{"s", 1}, {"m", 60}, {"h", 3600}, {"", 1}};
constexpr Unit kNone[] = {{"", 1}};

std::vector<Unit> units_of(Kind kind) {
    const auto list = [](const auto& table) {
        return std::vector<Unit>(std::begin(table), std::end(table));
    };
    switch (kind) {
        case Kind::kCount:
            return list(kCounts);
        case Kind::kSize:
            return list(kSizes);
        case Kind::kDuration:
            return list(kDurations);
        case Kind::kPlain:
            break;
    }
    return list(kNone);
}

// How close two names are.
// Two letters that changed places count once.
std::size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> before, last, row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        before = std::exchange(last, row);
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t change = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
            row[j] = std::min({last[j] + 1, row[j - 1] + 1, change});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = std::min(row[j], before[j - 2] + 1);
        }
    }
    return row[b.size()];
}

}  // namespace

std::string integer_text(std::int64_t value, Kind kind) {
    const char* suffixes[] = {"GiB", "MiB", "KiB"};
    if (kind == Kind::kSize && value > 0)
        for (int i = 0; i < 3; ++i) {
            const std::int64_t factor = std::int64_t{1} << (30 - 10 * i);
            if (value % factor == 0) return std::to_string(value / factor) + suffixes[i];
        }
    if (kind == Kind::kCount && value >= 1000 && value % 1000 == 0)
        return value % 1000000 == 0 ? std::to_string(value / 1000000) + "M"
                                    : std::to_string(value / 1000) + "k";
    return std::to_string(value);
}

std::vector<std::string> split_commas(std::string_view text) {
    std::vector<std::string> parts;
    for (std::size_t begin = 0; begin <= text.size();) {
        const std::size_t end = std::min(text.find(',', begin), text.size());
        if (end > begin) parts.emplace_back(text.substr(begin, end - begin));
        begin = end + 1;
    }
    return parts;
}

std::string meant_name(const std::vector<std::string>& names, std::string_view given) {
    std::size_t best = 3;
    std::string found;
    for (const std::string& name : names)
        if (const std::size_t distance = edit_distance(given, name); distance < best)
            best = distance, found = name;
    return found;
}

std::string join(const std::vector<std::string>& words, std::string_view between) {
    std::string out;
    for (const std::string& word : words) {
        if (!out.empty()) out += between;
        out += word;
    }
    return out;
}

std::int64_t parse_integer(std::string_view text, Kind kind) {
    for (const Unit& unit : units_of(kind)) {
        if (!text.ends_with(unit.suffix)) continue;
        const std::string_view digits = text.substr(0, text.size() - unit.suffix.size());
        if (unit.factor == 1) {
            std::int64_t value = 0;
            const auto [end, error] = std::from_chars(digits.begin(), digits.end(), value);
            if (error != std::errc{} || end != digits.end() || digits.empty()) break;
            return value;
        }
        const double value = parse_real(digits) * unit.factor;
        if (std::abs(value) > 9e18 || value != std::floor(value)) break;
        return static_cast<std::int64_t>(value);
    }
    std::string units;
    for (const Unit& unit : units_of(kind))
        if (!unit.suffix.empty())
            units.append(units.empty() ? ", optionally with " : " ").append(unit.suffix);
    throw UsageError("'" + std::string(text) + "' is not a whole number" + units);
}

double parse_real(std::string_view text) {
    double value = 0;
    const auto [end, error] = std::from_chars(text.begin(), text.end(), value);
    if (error != std::errc{} || end != text.end() || text.empty() || !std::isfinite(value))
        throw UsageError("'" + std::string(text) + "' is not a number");
    return value;
}

std::string real_text(double value) {
    char text[32];
    const auto result = std::to_chars(text, text + sizeof text, value);
    return {text, result.ptr};
}

}  // namespace lip::cli
