#include "shard/sample_record.h"

#include "record/columns.h"
#include "record/json_rows.h"
#include "text/byte_order_mark.h"
#include "text/utf16.h"

#include <algorithm>

namespace lip::shard {
namespace {

using record::Column;
using record::Role;

const record::Release& dreamlip_names() {
    return *record::find_release("dreamlip-json");
}

std::vector<Column> columns_of(const record::ColumnMap& map, const std::string& name) {
    std::vector<std::string> names = {"key", "url", "width", "height"};
    for (const record::KnownColumn& column : dreamlip_names().columns)
        names.emplace_back(column.name);
    std::vector<Column> columns = record::assign_roles(names, &dreamlip_names(), map, name, true);
    for (Column& column : columns) {
        if (column.name == "key") column.role = Role::kKey;
        if (column.name == "url") column.role = Role::kUrl;
        if (column.name == "width") column.role = Role::kWidth;
        if (column.name == "height") column.role = Role::kHeight;
    }
    return columns;
}

// Members that hold a caption as plain text, the better one first.
constexpr std::string_view kTextExts[] = {"txt", "text", "caption", "cap"};

// The caption that is a file: as UTF-8, without its byte order mark and its last newline.
std::string file_text(std::string_view bytes) {
    std::string words =
        text::from_utf16(bytes).value_or(std::string(text::without_byte_order_mark(bytes)));
    while (words.ends_with('\n') || words.ends_with('\r')) words.pop_back();
    return words;
}

// The .json of a sample, {} if it has none.
cli::Result<record::Object> json_object(const Sample& sample) {
    const std::string_view json = member_bytes(sample, "json");
    const auto decoded = text::from_utf16(json);
    return record::parse_object(decoded ? *decoded : json.empty() ? "{}" : json);
}

// Are there captions in it that only a conversion finds?
bool has_foreign_captions(const record::Object& object) {
    std::string text;
    if (const std::string* raw = object.find("caption"); raw && record::read_text(*raw, text))
        return true;
    return std::ranges::any_of(dreamlip_names().columns, [&](const record::KnownColumn& column) {
        return column.role == Role::kCaption && object.find(column.name) != nullptr;
    });
}

// Shards of others need not name the key in their .json.
cli::Result<record::Record> with_key(record::Object object, const std::string& key) {
    if (!object.find("key")) object.set_text("key", key);
    std::string json;
    object.append_json(json);
    return record::parse_record(json);
}

}  // namespace

std::string_view member_bytes(const Sample& sample, std::string_view ext) {
    const auto found = std::ranges::find_if(
        sample.members, [ext](const Member& m) { return equal_ignoring_case(m.ext, ext); });
    return found == sample.members.end() ? std::string_view() : std::string_view(found->bytes);
}

SampleConverter::SampleConverter(const record::ImportSettings& settings, const std::string& name)
    : settings_(settings),
      convert_(record::by_columns(columns_of(settings.map, name), settings_, true)) {}

bool SampleConverter::is_mapped(std::string_view ext) const {
    return std::ranges::any_of(settings_.map.captions, [ext](const record::CaptionColumn& c) {
        return equal_ignoring_case(c.column, ext);
    });
}

bool SampleConverter::reads(std::string_view ext) const {
    return equal_ignoring_case(ext, "json") || is_mapped(ext) ||
           std::ranges::any_of(kTextExts, [ext](std::string_view known) {
               return equal_ignoring_case(ext, known);
           });
}

cli::Result<record::Record> SampleConverter::operator()(const Sample& sample) const {
    auto object = json_object(sample);
    if (!object) return object.reject();
    // A sample of our own shards.
    if (object->find("captions"))
        return record::import_record(std::string(member_bytes(sample, "json")), settings_);
    for (const record::CaptionColumn& column : settings_.map.captions)
        if (const std::string text = file_text(member_bytes(sample, column.column));
            !text.empty() && !object->find(column.column))
            object->set_text(column.column, text);
    const bool replaced = object->replaced;
    std::string web;  // the caption that came with the image
    const std::string* raw = object->find("caption");
    if (!raw || is_mapped("caption") || !record::read_text(*raw, web))
        for (const std::string_view ext : kTextExts)
            if (web.empty() && !is_mapped(ext)) web = file_text(member_bytes(sample, ext));
    object->set_text("key", sample.key);
    if (!is_mapped("caption"))
        std::erase_if(object->fields, [](const auto& field) { return field.name == "caption"; });
    if (!object->find("raw_caption") && !web.empty()) object->set_text("raw_caption", web);
    std::string line;
    object->append_json(line);
    auto record = convert_(line);
    if (record && replaced) record::flag_replaced(*record);
    return record;
}

cli::Result<record::Record> record_of(const Sample& sample) {
    static const SampleConverter convert({}, "");
    const std::string_view json = member_bytes(sample, "json");
    const bool has_text = std::ranges::any_of(
        kTextExts, [&](std::string_view ext) { return !member_bytes(sample, ext).empty(); });
    if (!json.empty()) {
        auto record = record::parse_record(json);
        const bool is_whole = record && (record->object.find("captions") ||
                                         (!has_text && !has_foreign_captions(record->object)));
        if (is_whole) return record;
        const bool is_utf16 = text::from_utf16(json).has_value();
        if (!record && record.reject().word == "bad-json" && !is_utf16) return record;
    }
    auto object = json_object(sample);
    if (!object) return object.reject();
    const bool is_ours = object->find("captions") != nullptr;
    if (!is_ours && (has_text || has_foreign_captions(*object))) return convert(sample);
    return with_key(std::move(*object), sample.key);
}

}  // namespace lip::shard
