// JSON as programs write it that do not keep to RFC 8259, made JSON again.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace lip::record {

struct MendedJson {
    std::string text;
    bool replaced = false;  // characters of texts became U+FFFD
};

// A copy of `json` in which
//   - NaN and Infinity, with a sign or without and in any case, are null;
//   - bytes of texts that are not UTF-8, and halves of surrogate pairs (\ud83c alone), are U+FFFD;
//   - control characters in texts are escaped;
//   - byte order marks between values are left out.
// Nothing else is touched: what is broken otherwise stays so. nullopt: there is nothing of the
// kind. Takes any bytes, in linear time.
std::optional<MendedJson> mend_json(std::string_view json);

// A copy of the same length in which each number is 0 with blanks after it. For a check of the
// grammar alone: 18446744073709551616 and 1e309 are JSON, whatever a parser can hold.
std::string without_numbers(std::string_view json);

}  // namespace lip::record
