// Our own records, and any JSON objects or Parquet rows with --map and --caption.
#include "record/json_rows.h"

#include <algorithm>

namespace lip::record {

namespace {

// The record without those of its captions or regions that are malformed. `whole` is why it is
// refused as it stands: that stays if there are none.
cli::Result<Record> without_bad_parts(const std::string& line, cli::Reject whole) {
    auto object = parse_object(line);
    if (!object) return whole;
    std::vector<BadPart> bad;
    for (Object::Field& field : object->fields) {
        const bool is_region = field.name == "regions";
        if (!is_region && field.name != "captions") continue;
        bool is_array = false;
        std::size_t number = 0;
        std::string good = "[";
        for (const std::string_view item : array_items(field.raw, is_array)) {
            ++number;
            const auto alone =
                parse_record(R"({"key":"k",")" + field.name + "\":[" + std::string(item) + "]}");
            if (alone) {
                if (good.size() > 1) good += ',';
                good += item;
                continue;
            }
            bad.push_back({{alone.reject().word,
                            (is_region ? "region " : "caption ") + std::to_string(number) + ": " +
                                alone.reject().message,
                            whole.key},
                           std::string(item)});
        }
        if (is_array) field.raw = good + "]";
    }
    if (bad.empty()) return whole;
    std::string rest;
    object->append_json(rest);
    auto record = parse_record(rest);
    if (!record) return whole;
    record->bad_parts = std::move(bad);
    return record;
}

// The record with "regions" called "x_regions".
std::string with_other_name(const std::string& line) {
    auto object = parse_object(line);
    if (!object) return line;
    for (Object::Field& field : object->fields)
        if (field.name == "regions") field.name = "x_regions";
    std::string renamed;
    object->append_json(renamed);
    return renamed;
}

}  // namespace

cli::Result<Record> import_record(const std::string& line, const ImportSettings& settings) {
    // Regions that --region reads are of another layout: they would be malformed.
    const bool are_read = std::ranges::any_of(settings.map.regions, [](const RegionColumn& column) {
        return column.boxes[0] == "regions" || column.boxes[0].starts_with("regions.");
    });
    auto record = parse_record(are_read ? with_other_name(line) : line);
    if (!record) record = without_bad_parts(line, record.reject());
    if (record && !settings.key_prefix.empty()) {
        record->key = settings.key_prefix + record->key;
        record->object.set_text("key", record->key);
    }
    return record;
}

std::unique_ptr<RowReader> open_records(std::unique_ptr<ByteSource> source,
                                        const ImportSettings& settings, const std::string&,
                                        const Shape& shape) {
    const auto ours = [settings](const std::string& line) { return import_record(line, settings); };
    if (shape.parquet) return json_rows(nullptr, settings, shape, ours, "records");
    return json_lines(std::move(source), settings, ours, "records");
}

std::unique_ptr<RowReader> open_jsonl(std::unique_ptr<ByteSource> source,
                                      const ImportSettings& settings, const std::string& name,
                                      const Shape& shape) {
    if (settings.map.empty())
        throw cli::UsageError(
            "jsonl needs --map url=FIELD (or key, image) and --caption SOURCE:FORM=FIELD");
    // The columns of Parquet are known: one that is not there is a mistake.
    auto columns = shape.parquet ? assign_roles(shape.names, nullptr, settings.map, name, false)
                                 : assign_roles({}, nullptr, settings.map, name, true);
    std::string description = describe(columns);
    return json_rows(std::move(source), settings, shape,
                     by_columns(std::move(columns), settings, false), std::move(description));
}

}  // namespace lip::record
