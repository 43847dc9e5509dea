#include "record/columns.h"

#include "cli/log.h"
#include "record/url.h"
#include "text/flags.h"
#include "text/utf8.h"

#include <algorithm>
#include <cctype>

namespace lip::record {
namespace {

using enum Role;

Role role_of_field(const std::string& field) {
    constexpr std::pair<std::string_view, Role> kRoles[] = {{"key", kKey},       {"image", kImage},
                                                            {"url", kUrl},       {"width", kWidth},
                                                            {"height", kHeight}, {"label", kLabel}};
    for (const auto& [name, role] : kRoles)
        if (name == field) return role;
    return kExtra;
}

std::string lower_case(std::string_view text) {
    std::string out(text);
    for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return out;
}

bool equal_names(std::string_view a, std::string_view b) {
    return lower_case(a) == lower_case(b);
}

// A model's name as a source: without what --sources and --caption cut at.
std::string source_name(std::string_view model) {
    std::string name = text::replace_invalid_utf8(text::trim(model)).text;
    for (char& c : name)
        if (c == ':' || c == ',' || c == '=') c = '-';
    return name;
}

}  // namespace

const Release* find_release(std::string_view format) {
    for (const Release& release : releases())
        if (release.name == format) return &release;
    return nullptr;
}

bool has_columns(const Release& release, const std::vector<std::string>& names) {
    if (release.guess) {  // a URL and captions of at least two models
        int references = 0, captions = 0;
        for (const std::string& name : names) {
            const KnownColumn column = guess_column(name);
            references += column.role == kUrl;
            captions += column.role == kCaption && column.source != "raw";
        }
        return references == 1 && captions >= 2;
    }
    const auto is_there = [&](std::string_view need) {
        return std::ranges::any_of(names,
                                   [&](const auto& name) { return equal_names(name, need); });
    };
    return std::ranges::all_of(release.required, is_there) &&
           (release.one_of.empty() || std::ranges::any_of(release.one_of, is_there));
}

std::string_view caption_name(const Release& release) {
    for (const KnownColumn& column : release.columns)
        if (column.role == kCaption) return column.name;
    return {};
}

KnownColumn guess_column(std::string_view name) {
    const std::string lower = lower_case(name);
    const auto holds = [&](std::string_view part) { return lower.find(part) != lower.npos; };
    for (const std::string_view url : {"url", "imageurl", "image_url", "image url", "downloadurl"})
        if (lower == url) return {name, kUrl};
    // IB, SV and LLA as words of their own: shortIB_captions, ib_long.
    const auto word = [&](std::string_view part) {
        for (std::size_t at = name.find(part); at != name.npos; at = name.find(part, at + 1)) {
            const std::size_t end = at + part.size();
            const bool starts = at == 0 || !std::isupper(static_cast<unsigned char>(name[at - 1]));
            const bool ends =
                end == name.size() || !std::isalpha(static_cast<unsigned char>(name[end]));
            if (starts && ends) return true;
        }
        return false;
    };
    std::string_view source;
    if (word("IB") || holds("instructblip") || holds("instruct_blip")) source = "instructblip";
    if (word("LLA") || holds("llava")) source = "llava15";
    if (word("SV") || holds("sharegpt") || holds("share_gpt")) source = "sharegpt4v";
    if (!source.empty()) return {name, kCaption, source, holds("short") ? "short" : "long"};
    if (holds("caption") && (holds("raw") || holds("org") || holds("original") || holds("alt")))
        return {name, kCaption, "raw", "raw"};
    if (holds("path") || holds("filename") || holds("file_name") || lower == "image")
        return {name, kReference};
    return {name, kExtra};
}

std::vector<Column> assign_roles(const std::vector<std::string>& names, const Release* release,
                                 const ColumnMap& map, const std::string& where, bool open_ended) {
    std::vector<Column> columns;
    for (const std::string& name : names) {
        Column column{text::replace_invalid_utf8(name).text, kExtra, {}, {}};
        KnownColumn known;
        if (release && release->guess) known = guess_column(name);
        if (release)
            for (const KnownColumn& candidate : release->columns)
                if (equal_names(candidate.name, name)) known = candidate;
        column.role = known.role;
        column.source = known.source;
        column.form = known.form;
        column.source_from = known.source_from;
        columns.push_back(std::move(column));
    }
    const auto all_names = [&] {
        std::string out;
        for (const Column& column : columns) out += (out.empty() ? "" : ", ") + column.name;
        return out;
    };
    const auto need = [&](const std::string& name) -> Column& {
        auto at = std::ranges::find(columns, name, &Column::name);
        if (at == columns.end() && open_ended)
            at = columns.insert(columns.end(), Column{name, kExtra, {}, {}});
        if (at == columns.end())
            throw cli::DataError(where + ": no column \"" + name + "\" (columns: " + all_names() +
                                 ")");
        return *at;
    };
    std::vector<std::string> taken;
    const auto take = [&](const std::string& name, Role role) -> Column& {
        Column& column = need(name);
        const bool is_taken = std::ranges::find(taken, name) != taken.end();
        const auto is_reference = [](Role r) { return r == kImage || r == kUrl; };
        column.is_key_too = is_taken && ((column.role == kKey && is_reference(role)) ||
                                         (role == kKey && is_reference(column.role)));
        if (is_taken && !column.is_key_too)
            throw cli::UsageError("--map and --caption take the column \"" + name +
                                  "\" twice, for different fields");
        taken.push_back(name);
        if (!is_taken || column.role == kKey) column.role = role;
        return column;
    };
    for (const auto& [field, column] : map.fields) take(column, role_of_field(field));
    for (const auto& caption : map.captions) {
        Column& column = take(caption.column, kCaption);
        column.source = caption.source;
        column.form = caption.form;
        column.source_from.clear();
    }
    const bool has_reference = std::ranges::any_of(columns, [](const Column& column) {
        return column.role == kKey || column.role == kReference || column.role == kImage ||
               column.role == kUrl;
    });
    if (!has_reference)
        throw cli::DataError(where + ": no column is a key, url or image (columns: " + all_names() +
                             "; say which with --map url=COLUMN)");
    return columns;
}

void report_kept(const std::vector<Column>& columns, const std::string& where) {
    std::string kept;
    for (const Column& column : columns)
        if (column.role == kExtra) kept += (kept.empty() ? "\"" : ", \"") + column.name + "\"";
    if (!kept.empty())
        cli::info(where + ": columns kept unchanged, not read as captions: " + kept +
                  " (--caption SOURCE:FORM=COLUMN reads one as captions)");
}

std::string describe(const std::vector<Column>& columns) {
    constexpr std::pair<Role, std::string_view> kWords[] = {
        {kExtra, "kept"},        {kKey, "the key"},    {kReference, "the url or image"},
        {kImage, "the image"},   {kUrl, "the url"},    {kWidth, "the width"},
        {kHeight, "the height"}, {kLabel, "the label"}};
    std::string text;
    for (const Column& column : columns) {
        text += (text.empty() ? "\"" : ", \"") + column.name + "\" is ";
        if (column.role == kCaption)
            text += column.source_from.empty() ? column.source + ":" + column.form
                                               : "\"" + column.source_from + "\":" + column.form;
        else
            text +=
                std::ranges::find(kWords, column.role, &std::pair<Role, std::string_view>::first)
                    ->second;
        if (column.is_key_too) text += " and the key";
    }
    return text;
}

void RecordBuilder::add(const Column& column, std::string_view value, std::string_view model) {
    std::int64_t number = 0;
    const bool is_key = column.role == kKey || column.is_key_too;
    if (is_key && key_.empty() && !text::is_missing_caption(value)) key_ = value;
    switch (column.role) {
        case kKey:
            break;
        case kUrl:
            url_ = value;
            break;
        case kImage:
            image_ = value;
            break;
        case kReference:
            (is_url(value) ? url_ : image_) = value;
            break;
        case kWidth:
        case kHeight:
            if (read_integer(value, number))
                record_.object.set(column.role == kWidth ? "width" : "height",
                                   std::to_string(number));
            break;
        case kLabel:
            if (!text::is_missing_caption(value))
                record_.object.set_text("label", text::replace_invalid_utf8(value).text);
            break;
        case kCaption:
            add_caption(record_, value,
                        text::is_missing_caption(model) ? column.source : source_name(model),
                        column.form);
            break;
        case kExtra:
            break;
    }
}

cli::Result<Record> RecordBuilder::finish() {
    // Key and reference stand first in a record.
    Object fields = std::move(record_.object);
    record_.object = {};
    if (!set_reference(record_, key_, url_, image_, settings_))
        return cli::Reject{"bad-record", "the row has no key, url or path"};
    for (Object::Field& field : fields.fields) record_.object.fields.push_back(std::move(field));
    record_.update_captions();
    return std::move(record_);
}

}  // namespace lip::record
