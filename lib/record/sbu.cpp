// SBU captions: one object of columns.
#include "record/columns.h"
#include "record/json_document.h"
#include "record/json_rows.h"

namespace lip::record {

std::unique_ptr<RowReader> open_sbu(std::unique_ptr<ByteSource> source,
                                    const ImportSettings& settings, const std::string& name,
                                    const Shape&) {
    const auto lines = std::make_shared<const std::string>(
        rows_of_document(read_document(*source, name), {"."}, name));
    const Release* release = find_release("sbu");
    std::vector<std::string> names;
    for (const KnownColumn& column : release->columns) names.emplace_back(column.name);
    auto columns = assign_roles(names, release, settings.map, name, /*open_ended=*/true);
    std::string description = describe(columns);
    return held_rows(
        json_lines(shared_bytes(lines), settings, by_columns(std::move(columns), settings, false),
                   std::move(description)),
        lines);
}

}  // namespace lip::record
