#include "shard/sample_record.h"

#include "record/columns.h"
#include "record/json_rows.h"

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
    const auto found = std::ranges::find(sample.members, ext, &Member::ext);
    return found == sample.members.end() ? std::string_view() : std::string_view(found->bytes);
}

SampleConverter::SampleConverter(const record::ImportSettings& settings, const std::string& name)
    : settings_(settings),
      convert_(record::by_columns(columns_of(settings.map, name), settings_, true)) {}

cli::Result<record::Record> SampleConverter::operator()(std::string_view json, std::string_view txt,
                                                        const std::string& key) const {
    auto object = record::parse_object(json.empty() ? "{}" : json);
    if (!object) return object.reject();
    // A sample of our own shards.
    if (object->find("captions")) return record::import_record(std::string(json), settings_);
    std::string web;  // the caption that came with the image
    const std::string* raw = object->find("caption");
    if (!raw || !record::read_text(*raw, web)) {
        web = txt;
        while (web.ends_with('\n') || web.ends_with('\r')) web.pop_back();  // of the file
    }
    object->set_text("key", key);
    std::erase_if(object->fields, [](const auto& field) { return field.name == "caption"; });
    if (!object->find("raw_caption")) object->set_text("raw_caption", web);
    std::string line;
    object->append_json(line);
    return convert_(line);
}

cli::Result<record::Record> record_of(const Sample& sample) {
    static const SampleConverter convert({}, "");
    const std::string_view json = member_bytes(sample, "json"), txt = member_bytes(sample, "txt");
    if (!json.empty()) {
        auto record = record::parse_record(json);
        const bool is_whole = record && (record->object.find("captions") ||
                                         (txt.empty() && !has_foreign_captions(record->object)));
        if (is_whole) return record;
        if (!record && record.reject().word == "bad-json") return record;
    }
    auto object = record::parse_object(json.empty() ? "{}" : json);
    if (!object) return object.reject();
    const bool is_ours = object->find("captions") != nullptr;
    if (!is_ours && (!txt.empty() || has_foreign_captions(*object)))
        return convert(json, txt, sample.key);
    return with_key(std::move(*object), sample.key);
}

}  // namespace lip::shard
