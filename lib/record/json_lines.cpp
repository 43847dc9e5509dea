// Our own records, and any JSON objects or Parquet rows with --map and --caption.
#include "record/json_rows.h"

namespace lip::record {

cli::Result<Record> import_record(const std::string& line, const ImportSettings& settings) {
    auto record = parse_record(line);
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
