// Delimited text by RFC 4180: quoted fields with newlines and doubled quotes, CR LF, a byte order
// mark, fields of any length. A quote inside an unquoted field is an ordinary character.
#pragma once

#include "record/input.h"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace lip::record {

// How fields are told apart.
struct CsvStyle {
    char delimiter = ',';
    bool quotes = true;  // fields may be in quotes; else a quote is an ordinary character
};

// A delimiter as the user says it: one character, or "tab"; "" is none.
struct Delimiter {
    char character = '\0';
};
// Throws UsageError.
void from_text(std::string_view text, Delimiter& delimiter);
std::string to_text(const Delimiter& delimiter);

struct CsvRow {
    std::vector<std::string> fields;
    std::uint64_t line = 0;    // of the row's first byte, from 1
    std::uint64_t offset = 0;  // in the unpacked file
    std::string problem;       // not empty: the row cannot be used, and why
    bool too_large = false;    // the problem is its length
    std::string raw;           // the row as it stood, of a row with a problem
};

// Parses the row at the start of `text` into `fields`. Returns the bytes it takes with its newline;
// 0 if `text` ends before the row does. With `at_end` the end of the text ends the row, and
// `in_quotes` says whether it ended inside quotes.
std::size_t parse_csv_row(std::string_view text, CsvStyle style, bool at_end,
                          std::vector<std::string>& fields, bool& in_quotes);

// Rows of a source. A row whose number of fields differs from the first row's has a problem; so has
// one with an unclosed quote, after which reading goes on at the next line that has the right
// number of fields and begins with what looks like a URL or a path. One thread at a time.
class CsvReader {
public:
    // Rows of more than `max_row` bytes have a problem.
    CsvReader(std::unique_ptr<ByteSource> source, CsvStyle style,
              std::int64_t max_row = 64LL << 20);

    // False at the end. Throws DataError from the source.
    bool next(CsvRow& row);
    bool would_wait() { return window_.would_wait(); }

private:
    void give_up_quote(CsvRow& row);
    void give_up_length(CsvRow& row);

    Window window_;
    CsvStyle style_;
    std::size_t max_row_;
    std::uint64_t line_ = 1;
    std::size_t columns_ = 0;
    bool started_ = false;
};

}  // namespace lip::record
