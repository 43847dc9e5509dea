// Values as people write them: numbers with units, and words that resemble others.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace lip::cli {

// Numbers may carry a unit.
enum class Kind {
    kPlain,
    kCount,     // k M G, powers of 1000
    kSize,      // KB MB GB, KiB MiB GiB
    kDuration,  // s m h, in seconds
};

// Both throw UsageError("'x' is not a number" and the like).
std::int64_t parse_integer(std::string_view text, Kind kind);
double parse_real(std::string_view text);

// The shortest forms that read back.
std::string integer_text(std::int64_t value, Kind kind);
std::string real_text(double value);

// Values of options are read and shown by from_text and to_text, which stand beside their type.
// from_text throws UsageError with the reason alone.
inline void from_text(std::string_view text, std::string& value) {
    value = text;
}
inline std::string to_text(const std::string& value) {
    return value;
}
inline void from_text(std::string_view text, std::int64_t& value) {
    value = parse_integer(text, Kind::kCount);
}
inline std::string to_text(std::int64_t value) {
    return std::to_string(value);
}
inline void from_text(std::string_view text, double& value) {
    value = parse_real(text);
}
inline std::string to_text(double value) {
    return real_text(value);
}

template <class T>
T value_of(std::string_view text) {
    T value{};
    from_text(text, value);
    return value;
}

// "stop, skip" for messages.
std::string join(const std::vector<std::string>& words, std::string_view between = ", ");

// "a,,b" as a and b.
std::vector<std::string> split_commas(std::string_view text);

// That of the names which `given` may stand for, at most two letters off; empty: none.
std::string meant_name(const std::vector<std::string>& names, std::string_view given);

}  // namespace lip::cli
