// Our own records, and any JSON objects with --map and --caption.
#include "record/json_rows.h"

namespace lip::record {

std::unique_ptr<RowReader> open_records(std::unique_ptr<ByteSource> source,
                                        const ImportSettings& settings, const std::string&,
                                        const Shape&) {
    const auto ours = [prefix = settings.key_prefix](const std::string& line) {
        auto record = parse_record(line);
        if (record && !prefix.empty()) {
            record->key = prefix + record->key;
            record->object.set_text("key", record->key);
        }
        return record;
    };
    return json_lines(std::move(source), settings, ours, "records");
}

std::unique_ptr<RowReader> open_jsonl(std::unique_ptr<ByteSource> source,
                                      const ImportSettings& settings, const std::string& name,
                                      const Shape& shape) {
    if (settings.map.empty())
        throw cli::UsageError(
            "jsonl needs --map url=FIELD (or key, image) and --caption SOURCE:FORM=FIELD");
    auto columns = assign_roles({}, nullptr, settings.map, name, /*open_ended=*/true);
    std::string description = describe(columns);
    return json_rows(std::move(source), settings, shape,
                     by_columns(std::move(columns), settings, false), std::move(description));
}

}  // namespace lip::record
