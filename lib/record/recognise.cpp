#include "record/recognise.h"

#include "record/columns.h"
#include "record/url.h"
#include "text/letters.h"
#include "text/utf8.h"

#include <algorithm>
#include <cmath>

namespace lip::record {
namespace {

constexpr std::size_t kShownNames = 12;
constexpr const char* kNoImage = "url=COLUMN";

std::string quoted(const std::vector<std::string>& names) {
    std::string text;
    for (std::size_t i = 0; i < std::min(names.size(), kShownNames); ++i)
        text +=
            (i ? ", \"" : "\"") + text::replace_invalid_utf8(names[i].substr(0, 40)).text + "\"";
    return text;
}

// The names of the columns that have those of the release; empty: none.
std::vector<std::string> names_for(const Release& release, const Shape& shape) {
    if (shape.is_objects())
        return has_columns(release, shape.names) ? shape.names : std::vector<std::string>();
    for (const auto& [delimiter, rows] : tables(shape))
        if (!rows->empty() && has_columns(release, rows->front())) return rows->front();
    return {};
}

// Those of the table that is cut into most columns.
std::vector<std::string> names_of(const Shape& shape) {
    if (shape.is_objects()) return shape.names;
    std::vector<std::string> names;
    for (const auto& [delimiter, rows] : tables(shape))
        if (!rows->empty() && rows->front().size() > names.size()) names = rows->front();
    return names;
}

std::string words_text(double words) {
    return std::to_string(std::llround(std::ceil(words)));
}

bool fits_length(const Release& release, double words) {
    if (release.length == Release::Length::kAny) return true;
    return words > 0 && (words > kLongCaption) == (release.length == Release::Length::kLong);
}

// "looks like flickr, but its captions have 80 words on average (flickr: at most 25)"
std::string near_miss(const Release& release, const Shape& shape) {
    const std::string name(release.name);
    if (!names_for(release, shape).empty()) {
        const double words = words_a_caption(shape, caption_name(release));
        if (fits_length(release, words)) return {};
        const bool is_long = release.length == Release::Length::kLong;
        return "looks like " + name + ", but " +
               (words > 0 ? "its captions have " + words_text(words) + " words on average"
                          : "no caption can be looked at") +
               " (" + name + (is_long ? ": more than " : ": at most ") + words_text(kLongCaption) +
               ")";
    }
    // Of those that are told apart by the length of captions the columns say nothing.
    if (release.length != Release::Length::kAny || release.required.size() < 3) return {};
    const std::vector<std::string> names = names_of(shape);
    std::vector<std::string> missing;
    for (const std::string_view need : release.required)
        if (!has_columns({release.name, {&need, 1}, {}}, names)) missing.emplace_back(need);
    if (missing.size() != 1) return {};
    return "looks like " + name + ", but has no column " + quoted(missing);
}

// The lists of a document that --records may name, or what it is as a whole.
std::string records_hint(const Shape& shape) {
    if (shape.document.empty()) return {};
    std::vector<std::string> lists;
    std::size_t images = 0, columns = 0, objects = 0;
    for (const Object::Field& field : shape.document) {
        const bool is_list = inside(shape, field.name).has_value();
        if (is_list) lists.push_back(field.name);
        columns += !is_list && field.raw.starts_with('[');
        objects += field.raw.starts_with('{');
        images += looks_like_reference(field.name);
    }
    if (images == shape.document.size())
        return "; its names are images: --records . --map image=image --caption "
               "SOURCE:FORM=caption reads them";
    if (!lists.empty())
        return "; it holds lists of objects: " + quoted(lists) +
               " (--records NAME reads one, given again another)";
    if (objects == shape.document.size())
        return "; it holds objects by name: --records . takes the names as images";
    if (columns == shape.document.size())
        return "; it holds columns as lists: --records . reads them";
    return {};
}

// The column that seems to be the image, and how --map takes it.
std::string image_hint(const std::vector<std::string>& names) {
    for (const std::string& name : names) {
        const KnownColumn known = guess_column(name);
        if (known.role == Role::kUrl) return "url=" + name;
        if (known.role == Role::kReference) return "image=" + name;
    }
    for (const auto& [part, field] : {std::pair("url", "url="), std::pair("img", "image="),
                                      std::pair("image", "image="), std::pair("file", "image=")})
        for (const std::string& name : names)
            if (text::ascii_lower(name).find(part) != std::string::npos) return field + name;
    return kNoImage;
}
std::string caption_hint(const std::vector<std::string>& names) {
    for (const std::string_view part : {"caption", "text", "descri", "comment", "title"})
        for (const std::string& name : names) {
            if (text::ascii_lower(name).find(part) != std::string::npos) return name;
        }
    return "COLUMN";
}

}  // namespace

bool matches(const CaptionFormat& format, const Shape& shape) {
    if (format.matches) return format.matches(shape);
    const Release* release = find_release(format.name);
    if (!release || names_for(*release, shape).empty()) return false;  // else only when named
    return fits_length(*release, release->length == Release::Length::kAny
                                     ? 0
                                     : words_a_caption(shape, caption_name(*release)));
}

std::string why_recognised(const CaptionFormat& format, const Shape& shape) {
    if (!format.signs.empty()) return std::string(format.signs);
    const Release* release = find_release(format.name);
    if (!release)
        return quoted(names_of(shape)).empty() ? "" : "columns " + quoted(names_of(shape));
    std::vector<std::string> names;
    for (const std::string_view need : release->required) names.emplace_back(need);
    for (const std::string_view one : release->one_of)
        if (has_columns({release->name, {&one, 1}, {}}, names_for(*release, shape)))
            names.emplace_back(one);
    std::string why = "columns " + quoted(release->guess ? names_of(shape) : names);
    if (!shape.field.empty()) why += " in \"" + shape.field + "\"";
    if (release->length != Release::Length::kAny)
        why +=
            ", " + words_text(words_a_caption(shape, caption_name(*release))) + " words a caption";
    return why;
}

std::optional<Shape> only_list(const Shape& shape) {
    std::optional<Shape> found;
    for (const Object::Field& field : shape.document) {
        auto list = inside(shape, field.name);
        if (list && found) return std::nullopt;
        if (list) found = std::move(list);
    }
    return found;
}

bool names_all(const ColumnMap& map, const std::vector<std::string>& names) {
    const auto is_there = [&](const auto& column) {
        return std::ranges::find(names, column.column) != names.end();
    };
    return std::ranges::all_of(map.fields, is_there) && std::ranges::all_of(map.captions, is_there);
}

std::string not_recognised(const Shape& shape) {
    const std::optional<Shape> list = only_list(shape);
    std::vector<std::string> names = names_of(shape);
    std::string text = std::string("the format is not recognised: ") +
                       (shape.parquet     ? "Parquet"
                        : shape.is_json() ? "JSON"
                                          : "text") +
                       " with the columns " + (names.empty() ? "of no name" : quoted(names));
    if (list)
        text += "; the list \"" + list->field + "\" in it has the columns " + quoted(list->names);
    for (const Release& release : releases())
        if (const std::string near = near_miss(release, list ? *list : shape); !near.empty())
            text += "; " + near;
    if (!list) text += records_hint(shape);
    if (list && image_hint(names) == kNoImage) names = list->names;
    if (names.size() == 1 && !shape.is_objects())
        text += "; text is cut at comma, tab, | and ; (--delimiter names another)";
    if (!shape.is_objects() && std::ranges::any_of(names, looks_like_reference))
        text += "; the first row looks like data: --no-header gives the columns numbers from 1";
    return text + "; say which columns count (--map " + image_hint(names) +
           " --caption SOURCE:FORM=" + (names.size() < 2 ? "COLUMN" : caption_hint(names)) +
           "), or name the format with --input-format (--list-formats lists them)";
}

}  // namespace lip::record
