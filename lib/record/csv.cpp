#include "record/csv.h"

#include "cli/error.h"
#include "record/url.h"

#include <algorithm>

namespace lip::record {
namespace {

constexpr std::size_t kBigRow = 1 << 20;
constexpr std::size_t kLongestQuote = 16 << 20;  // a quote this long is taken as never closed

std::uint64_t count_lines(std::string_view text) {
    return static_cast<std::uint64_t>(std::count(text.begin(), text.end(), '\n'));
}

// A quoted field from the byte after its opening quote. Returns the position after the closing
// quote, or npos if it does not close.
std::size_t read_quoted(std::string_view text, std::size_t at, std::string& field) {
    for (;;) {
        const std::size_t quote = text.find('"', at);
        if (quote == text.npos) return quote;
        field.append(text, at, quote - at);
        if (quote + 1 < text.size() && text[quote + 1] == '"') {
            field += '"';
            at = quote + 2;
            continue;
        }
        return quote + 1;
    }
}

}  // namespace

void from_text(std::string_view text, Delimiter& delimiter) {
    if (text == "tab" || text == "\\t") text = "\t";
    const bool is_one = text.size() == 1 && std::string_view("\"\r\n").find(text[0]) == text.npos &&
                        static_cast<unsigned char>(text[0]) < 0x80;
    if (!text.empty() && !is_one)
        throw cli::UsageError("'" + std::string(text) +
                              "' is no delimiter: one character, or tab (a quote and a line end "
                              "cannot be one)");
    delimiter.character = text.empty() ? '\0' : text[0];
}

std::string to_text(const Delimiter& delimiter) {
    return delimiter.character == '\0' ? "" : std::string(1, delimiter.character);
}

std::size_t parse_csv_row(std::string_view text, CsvStyle style, bool at_end,
                          std::vector<std::string>& fields, bool& in_quotes) {
    fields.clear();
    in_quotes = false;
    const char stops[] = {style.delimiter, '\n', '\0'};
    for (std::size_t at = 0;;) {
        std::string field;
        if (style.quotes && at < text.size() && text[at] == '"') {
            at = read_quoted(text, at + 1, field);
            // A quote as the very last byte may be the first of a doubled one.
            if (at == text.npos || (at == text.size() && !at_end)) {
                in_quotes = at == text.npos;
                return in_quotes && at_end ? text.size() : 0;
            }
        }
        const std::size_t quoted = field.size();  // a CR in quotes is text
        const std::size_t stop =
            std::min(text.find_first_of(std::string_view(stops, 2), at), text.size());
        if (stop == text.size() && !at_end) return 0;
        field.append(text, at, stop - at);
        const bool ends_row = stop == text.size() || text[stop] == '\n';
        if (ends_row && field.size() > quoted && field.ends_with('\r')) field.pop_back();
        fields.push_back(std::move(field));
        if (ends_row) return std::min(stop + 1, text.size());
        at = stop + 1;
    }
}

CsvReader::CsvReader(std::unique_ptr<ByteSource> source, CsvStyle style, std::int64_t max_row)
    : window_(std::move(source)), style_(style), max_row_(static_cast<std::size_t>(max_row)) {}

void CsvReader::give_up_length(CsvRow& row) {
    row.problem = "the row is longer than --max-line";
    row.too_large = true;
    row.raw = window_.view().substr(0, kShownBytes);
    row.fields.clear();
    ++line_;
    window_.skip_line();
}

void CsvReader::give_up_quote(CsvRow& row) {
    row.problem =
        "a quote is never closed (reading continues at the next line that looks like a row)";
    std::string_view view = window_.view();
    row.raw = view.substr(0, std::min<std::size_t>(view.find('\n'), 4096));
    row.fields.clear();
    std::vector<std::string> fields;
    for (std::size_t at = view.find('\n'); at != view.npos; at = view.find('\n', at)) {
        ++at;
        bool in_quotes = false;
        const std::string_view rest = view.substr(at);
        const std::size_t size = parse_csv_row(rest, style_, true, fields, in_quotes);
        if (size > 0 && !in_quotes && fields.size() == columns_ &&
            looks_like_reference(fields[0])) {
            line_ += count_lines(view.substr(0, at));
            window_.take(at);
            return;
        }
    }
    line_ += count_lines(view);
    window_.take(view.size());
}

bool CsvReader::next(CsvRow& row) {
    row.problem.clear();
    row.too_large = false;
    row.raw.clear();
    bool at_end = false;
    for (;;) {
        if (!started_ && (window_.view().size() >= 3 || at_end)) {
            if (window_.view().starts_with("\xEF\xBB\xBF")) window_.take(3);
            started_ = true;
        }
        const std::string_view view = window_.view();
        if (at_end && view.empty()) return false;
        row.line = line_;
        row.offset = window_.offset();
        bool in_quotes = false;
        const std::size_t size =
            started_ ? parse_csv_row(view, style_, at_end, row.fields, in_quotes) : 0;
        const bool is_long =
            view.size() > (in_quotes ? kLongestQuote : std::max(max_row_, kLongestQuote));
        if (size == 0 && !is_long) {
            // The row is parsed again from its start: of long ones a good part more at a time.
            const std::size_t wanted = view.size() > kBigRow ? view.size() / 2 * 3 : 0;
            do at_end = !window_.more();
            while (!at_end && window_.view().size() < wanted);
            continue;
        }
        if (in_quotes) {
            give_up_quote(row);
            return true;
        }
        if (size == 0) {
            give_up_length(row);
            return true;
        }
        const std::string_view text = view.substr(0, size);
        const bool blank = row.fields.size() == 1 && row.fields[0].empty();
        if (columns_ == 0 && !blank) columns_ = row.fields.size();
        if (!blank && row.fields.size() != columns_) {
            row.problem = "row has " + std::to_string(row.fields.size()) + " fields, header has " +
                          std::to_string(columns_);
            row.raw = text.substr(0, text.find_last_not_of("\r\n") + 1);
        }
        if (size > max_row_) {
            row.problem = "the row is longer than --max-line";
            row.too_large = true;
            row.raw = text.substr(0, kShownBytes);
        }
        line_ += count_lines(text);
        window_.take(size);
        if (!blank) return true;
    }
}

}  // namespace lip::record
