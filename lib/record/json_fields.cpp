#include "record/json_fields.h"

#include <algorithm>

namespace lip::record {

std::string text_of(const Object& object, std::string_view name) {
    std::string text;
    const std::string* raw = object.find(name);
    if (raw && !read_text(*raw, text) && *raw != "null") text = *raw;
    return text;
}

std::vector<std::string> list_of(const Object& object, std::string_view name) {
    bool is_array = false;
    const std::string* raw = object.find(name);
    if (!raw) return {};
    const std::vector<std::string_view> items = array_items(*raw, is_array);
    return {items.begin(), items.end()};
}

bool number_of(const Object& object, std::string_view name, double& value) {
    const std::string* raw = object.find(name);
    return raw && read_number(*raw, value);
}

void keep_others(Record& record, Object& object, std::initializer_list<std::string_view> used) {
    for (Object::Field& field : object.fields)
        if (std::ranges::find(used, std::string_view(field.name)) == used.end())
            keep_field(record, std::move(field));
}

Column caption_column(const ImportSettings& settings, std::string_view field,
                      std::string_view source, std::string_view form) {
    for (const auto& caption : settings.map.captions)
        if (caption.column == field)
            return {std::string(field), Role::kCaption, caption.source, caption.form};
    return {std::string(field), Role::kCaption, std::string(source), std::string(form)};
}

Convert with(Make make, const ImportSettings& settings) {
    return [make, settings](const std::string& json) -> cli::Result<Record> {
        auto object = parse_object(json);
        if (!object) return object.reject();
        const bool replaced = object->replaced;
        auto record = make(*object, settings);
        if (record && replaced) flag_replaced(*record);
        return record;
    };
}

}  // namespace lip::record
