// Any bytes as CSV and as TSV: the same rows however the bytes arrive, places that are true, and
// fields that can be written and read again.
#include "record/csv.h"
#include "tests/fuzz/pieces.h"
#include "tests/fuzz/require.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace {

using lip::record::CsvReader;
using lip::record::CsvRow;

std::vector<CsvRow> rows_of(std::unique_ptr<lip::record::ByteSource> source, char delimiter,
                            std::int64_t max_row) {
    CsvReader reader(std::move(source), {delimiter}, max_row);
    std::vector<CsvRow> rows;
    for (CsvRow row; reader.next(row);) rows.push_back(row);
    return rows;
}

bool same(const CsvRow& a, const CsvRow& b) {
    return a.fields == b.fields && a.line == b.line && a.offset == b.offset &&
           a.problem == b.problem && a.too_large == b.too_large && a.raw == b.raw;
}

std::string written(const std::vector<std::string>& fields, char delimiter) {
    std::string out;
    for (const std::string& field : fields) {
        if (&field != fields.data()) out += delimiter;
        out += '"';
        for (const char c : field) out.append(c == '"' ? 2 : 1, c);
        out += '"';
    }
    return out + "\n";
}

void check_rows(std::string_view text, const std::vector<CsvRow>& rows, char delimiter) {
    std::uint64_t line = 0, end = 0;
    std::size_t columns = 0;
    std::vector<std::string> fields;
    bool in_quotes = false;
    for (const CsvRow& row : rows) {
        require(row.line > line && row.offset >= end && row.offset < text.size(), "places go up");
        line = row.line;
        end = row.offset;
        if (!row.problem.empty()) continue;
        if (columns == 0) columns = row.fields.size();
        require(row.fields.size() == columns, "a row without a problem has the header's fields");
        // What a join does: it goes back to a row by its offset.
        const std::string_view rest = text.substr(row.offset);
        const std::size_t size =
            lip::record::parse_csv_row(rest, {delimiter}, true, fields, in_quotes);
        require(size > 0 && !in_quotes && fields == row.fields, "a row is found by its offset");
        end += size;
        const std::string again = written(fields, delimiter);
        require(lip::record::parse_csv_row(again, {delimiter}, false, fields, in_quotes) ==
                        again.size() &&
                    fields == row.fields,
                "fields survive being written and read");
    }
}

void check(std::string_view text, char delimiter, std::int64_t max_row) {
    const std::vector<CsvRow> rows = rows_of(lip::record::memory_bytes(text), delimiter, max_row);
    check_rows(text, rows, delimiter);
    const std::vector<CsvRow> pieces = rows_of(in_pieces(text), delimiter, max_row);
    require(pieces.size() == rows.size(), "as many rows in pieces");
    for (std::size_t i = 0; i < rows.size(); ++i)
        require(same(pieces[i], rows[i]), "the same rows in pieces");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    check(text, ',', 1 << 20);
    check(text, '\t', 40);
    return 0;
}
