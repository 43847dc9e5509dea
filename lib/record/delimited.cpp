// Delimited text: with a header, by the columns of a release or by --map and --caption; the two
// Conceptual Captions files, which have none.
#include "record/delimited.h"

#include "cli/log.h"
#include "record/csv.h"
#include "record/json_rows.h"
#include "record/url.h"
#include "text/utf8.h"

#include <algorithm>

namespace lip::record {
namespace {

class DelimitedReader final : public RowReader {
public:
    // `columns` empty: the first row is the header.
    DelimitedReader(std::unique_ptr<ByteSource> source, const ImportSettings& settings,
                    const std::string& name, CsvStyle style, const Release* release,
                    std::vector<Column> columns = {})
        : reader_(std::move(source), style, settings.max_line),
          settings_(settings),
          style_(style),
          columns_(std::move(columns)) {
        if (!columns_.empty()) return;
        CsvRow header;
        if (!reader_.next(header)) return;
        if (!header.problem.empty()) throw cli::DataError(name + ":1: " + header.problem);
        columns_ = assign_roles(header.fields, release, settings.map, name + ":1", false);
        if (release) report_kept(columns_, name);
    }

    bool next(Row& row) override {
        CsvRow csv;
        if (columns_.empty() || !reader_.next(csv)) return false;
        row.fields = std::move(csv.fields);
        row.line = csv.line;
        row.offset = csv.offset;
        row.reject.reset();
        if (!csv.problem.empty())
            row.reject = cli::Reject{csv.too_large ? "too-large" : "bad-row", csv.problem};
        else if (row.fields.size() != columns_.size())
            row.reject =
                cli::Reject{"bad-row", std::to_string(row.fields.size()) + " fields instead of " +
                                           std::to_string(columns_.size())};
        row.raw = std::move(csv.raw);
        return true;
    }
    bool would_wait() override { return reader_.would_wait(); }

    bool row_at(std::string_view text, bool at_end, Row& row) const override {
        bool in_quotes = false;
        const std::size_t size = parse_csv_row(text, style_, at_end, row.fields, in_quotes);
        return size > 0 && !in_quotes && row.fields.size() == columns_.size();
    }

    cli::Result<Record> record(const Row& row) const override {
        RecordBuilder builder(settings_);
        for (std::size_t i = 0; i < columns_.size(); ++i)
            builder.add(columns_[i], row.fields[i], model_of(columns_[i], row));
        auto record = builder.finish();
        if (!record) return record;
        for (std::size_t i = 0; i < columns_.size(); ++i) {
            if (columns_[i].role != Role::kExtra) continue;
            Object::Field field{columns_[i].name, {}};
            cli::append_json_string(field.raw, text::replace_invalid_utf8(row.fields[i]).text);
            keep_field(*record, std::move(field));
        }
        return record;
    }

    std::string describe() const override { return record::describe(columns_); }

private:
    std::string_view model_of(const Column& column, const Row& row) const {
        if (column.source_from.empty()) return {};
        const auto at = std::ranges::find(columns_, column.source_from, &Column::name);
        return at == columns_.end() ? std::string_view()
                                    : row.fields[static_cast<std::size_t>(at - columns_.begin())];
    }

    CsvReader reader_;
    ImportSettings settings_;
    CsvStyle style_;
    std::vector<Column> columns_;
};

std::unique_ptr<RowReader> open_mapped(std::unique_ptr<ByteSource> source,
                                       const ImportSettings& settings, const std::string& name,
                                       char delimiter) {
    if (settings.map.empty())
        throw cli::UsageError(
            "csv and tsv need --map url=COLUMN (or key, image) and --caption SOURCE:FORM=COLUMN");
    return std::make_unique<DelimitedReader>(std::move(source), settings, name,
                                             CsvStyle{delimiter, settings.quotes}, nullptr);
}

// Conceptual Captions have no quoting: a caption may begin with a quote.
constexpr CsvStyle kConceptual{'\t', /*quotes=*/false};
const Column kUrlColumn{"url", Role::kUrl, {}, {}};
const Column kRawColumn{"caption", Role::kCaption, "raw", "raw"};

}  // namespace

std::unique_ptr<RowReader> delimited_rows(std::unique_ptr<ByteSource> source,
                                          const ImportSettings& settings, const std::string& name,
                                          char delimiter, const Release* release) {
    return std::make_unique<DelimitedReader>(std::move(source), settings, name,
                                             CsvStyle{delimiter, settings.quotes}, release);
}

std::unique_ptr<RowReader> open_csv(std::unique_ptr<ByteSource> source,
                                    const ImportSettings& settings, const std::string& name,
                                    const Shape&) {
    return open_mapped(std::move(source), settings, name, ',');
}
std::unique_ptr<RowReader> open_tsv(std::unique_ptr<ByteSource> source,
                                    const ImportSettings& settings, const std::string& name,
                                    const Shape&) {
    return open_mapped(std::move(source), settings, name, '\t');
}
std::unique_ptr<RowReader> open_cc3m(std::unique_ptr<ByteSource> source,
                                     const ImportSettings& settings, const std::string& name,
                                     const Shape&) {
    return std::make_unique<DelimitedReader>(std::move(source), settings, name, kConceptual,
                                             nullptr, std::vector{kRawColumn, kUrlColumn});
}
std::unique_ptr<RowReader> open_cc12m(std::unique_ptr<ByteSource> source,
                                      const ImportSettings& settings, const std::string& name,
                                      const Shape&) {
    return std::make_unique<DelimitedReader>(std::move(source), settings, name, kConceptual,
                                             nullptr, std::vector{kUrlColumn, kRawColumn});
}

}  // namespace lip::record
