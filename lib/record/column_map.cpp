// --map and --caption as they are written.
#include "record/formats.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace lip::record {
namespace {

std::pair<std::string, std::string> split_at_equals(std::string_view given, const char* form) {
    const std::string text(given);
    const std::size_t equals = text.find('=');
    if (equals == 0 || equals == text.npos || equals + 1 == text.size())
        throw cli::UsageError("'" + text + "' is not of the form " + form);
    return {text.substr(0, equals), text.substr(equals + 1)};
}

}  // namespace

void from_text(std::string_view text, FieldColumn& column) {
    auto [field, name] = split_at_equals(text, "FIELD=COLUMN");
    constexpr std::string_view kFields[] = {"key", "image", "url", "width", "height", "label"};
    if (std::find(std::begin(kFields), std::end(kFields), field) == std::end(kFields))
        throw cli::UsageError("'" + field +
                              "' is none of key, image, url, width, height, label (--caption "
                              "SOURCE:FORM=COLUMN takes captions)");
    column = {std::move(field), std::move(name)};
}

std::string to_text(const FieldColumn& column) {
    return column.field + "=" + column.column;
}

void from_text(std::string_view text, CaptionColumn& column) {
    auto [what, name] = split_at_equals(text, "SOURCE:FORM=COLUMN, for example human:raw=caption");
    const std::size_t colon = what.find(':');
    const std::string source = what.substr(0, colon);
    const std::string form = colon != what.npos ? what.substr(colon + 1)
                             : source == "raw"  ? "raw"
                                                : "long";
    if (form != "raw" && form != "short" && form != "long")
        throw cli::UsageError("the form '" + form + "' is none of raw, short, long");
    column = {source, form, std::move(name)};
}

std::string to_text(const CaptionColumn& column) {
    return column.source + ":" + column.form + "=" + column.column;
}

}  // namespace lip::record
