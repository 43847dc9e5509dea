// Delimited text: with a header, by the columns of a release or by --map and --caption; the two
// Conceptual Captions files, which have none.
#include "record/delimited.h"

#include "cli/log.h"
#include "record/csv.h"
#include "record/shape.h"
#include "text/utf8.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace lip::record {
namespace {

class DelimitedReader final : public RowReader {
public:
    // `columns` empty: the first row is the header, or columns have numbers.
    DelimitedReader(std::unique_ptr<ByteSource> source, const ImportSettings& settings,
                    const std::string& name, CsvStyle style, const Release* release,
                    std::vector<Column> columns, MendRow mender)
        : reader_(std::move(source), style, settings.max_line),
          settings_(settings),
          style_(style),
          mend_(mender),
          columns_(std::move(columns)) {
        if (!columns_.empty()) return;
        CsvRow first;
        if (!reader_.next(first)) return;
        if (!first.problem.empty()) throw cli::DataError(name + ":1: " + first.problem);
        std::vector<std::string> names;
        for (std::size_t i = 0; i < first.fields.size(); ++i) {
            const std::string_view field = first.fields[i];
            names.emplace_back(settings.header ? std::string(text::trim(field))
                                               : std::to_string(i + 1));
        }
        // "a | b": the space belongs to the delimiter.
        skips_space_ = settings.header && names.size() > 1 &&
                       std::all_of(first.fields.begin() + 1, first.fields.end(),
                                   [](const std::string& f) { return f.starts_with(' '); });
        if (!settings.header) ahead_ = std::move(first);
        columns_ = assign_roles(names, release, settings.map, name + ":1", false);
        if (release) report_kept(columns_, name);
    }

    bool next(Row& row) override {
        CsvRow csv;
        if (columns_.empty()) return false;
        if (ahead_)
            csv = *std::exchange(ahead_, std::nullopt);
        else if (!reader_.next(csv))
            return false;
        row.fields = std::move(csv.fields);
        row.line = csv.line;
        row.offset = csv.offset;
        row.reject.reset();
        const bool is_mended = mend(row.fields) && !csv.too_large && !row.fields.empty();
        if (!csv.problem.empty() && !is_mended)
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
        mend(row.fields);
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
    // True if a row that had another number of fields has the right one now.
    bool mend(std::vector<std::string>& fields) const {
        if (skips_space_)
            for (std::size_t i = 1; i < fields.size(); ++i)
                if (fields[i].starts_with(' ')) fields[i].erase(0, 1);
        const std::size_t before = fields.size();
        if (mend_) mend_(fields);
        return fields.size() != before && fields.size() == columns_.size();
    }

    std::string_view model_of(const Column& column, const Row& row) const {
        if (column.source_from.empty()) return {};
        const auto at = std::ranges::find(columns_, column.source_from, &Column::name);
        return at == columns_.end() ? std::string_view()
                                    : row.fields[static_cast<std::size_t>(at - columns_.begin())];
    }

    CsvReader reader_;
    ImportSettings settings_;
    CsvStyle style_;
    MendRow mend_;
    bool skips_space_ = false;
    std::optional<CsvRow> ahead_;  // without a header, the first row
    std::vector<Column> columns_;
};

std::unique_ptr<RowReader> open_mapped(std::unique_ptr<ByteSource> source,
                                       const ImportSettings& settings, const std::string& name,
                                       char delimiter) {
    if (settings.map.empty())
        throw cli::UsageError(
            settings.header
                ? "csv and tsv need --map url=COLUMN (or key, image) and --caption "
                  "SOURCE:FORM=COLUMN"
                : "without a header columns have numbers: --map url=1 (or key, image) and "
                  "--caption SOURCE:FORM=2");
    if (settings.delimiter != '\0') delimiter = settings.delimiter;
    return std::make_unique<DelimitedReader>(std::move(source), settings, name,
                                             CsvStyle{delimiter, settings.quotes}, nullptr,
                                             std::vector<Column>{}, nullptr);
}

// Conceptual Captions have no quoting: a caption may begin with a quote.
const Column kUrlColumn{"url", Role::kUrl, {}, {}};
const Column kRawColumn{"caption", Role::kCaption, "raw", "raw"};

}  // namespace

char mapped_delimiter(const Shape& shape, const ImportSettings& settings) {
    const auto width = [](const TextRows& rows) { return rows.empty() ? 0 : rows[0].size(); };
    for (const auto& [delimiter, rows] : tables(shape)) {
        const auto has = [&rows = rows](const auto& column) {
            return !rows->empty() && std::ranges::count(rows->front(), column.column) > 0;
        };
        if (settings.header && std::ranges::all_of(settings.map.fields, has) &&
            std::ranges::all_of(settings.map.captions, has))
            return delimiter;
    }
    char best = ',';
    std::size_t most = 0;
    for (const auto& [delimiter, rows] : tables(shape))
        if (width(*rows) > most) {
            best = delimiter;
            most = width(*rows);
        }
    return best;
}

std::unique_ptr<RowReader> delimited_rows(std::unique_ptr<ByteSource> source,
                                          const ImportSettings& settings, const std::string& name,
                                          char delimiter, const Release* release, MendRow mend) {
    return std::make_unique<DelimitedReader>(std::move(source), settings, name,
                                             CsvStyle{delimiter, settings.quotes}, release,
                                             std::vector<Column>{}, mend);
}

std::unique_ptr<RowReader> plain_rows(std::unique_ptr<ByteSource> source,
                                      const ImportSettings& settings, const std::string& name,
                                      char delimiter, std::vector<Column> columns, MendRow mend) {
    return std::make_unique<DelimitedReader>(std::move(source), settings, name,
                                             CsvStyle{delimiter, /*quotes=*/false}, nullptr,
                                             std::move(columns), mend);
}

std::unique_ptr<RowReader> open_csv(std::unique_ptr<ByteSource> source,
                                    const ImportSettings& settings, const std::string& name,
                                    const Shape& shape) {
    // Where --input-format names csv the comma is meant unless another one has the columns.
    return open_mapped(std::move(source), settings, name,
                       shape.is_objects() ? ',' : mapped_delimiter(shape, settings));
}
std::unique_ptr<RowReader> open_tsv(std::unique_ptr<ByteSource> source,
                                    const ImportSettings& settings, const std::string& name,
                                    const Shape&) {
    return open_mapped(std::move(source), settings, name, '\t');
}
std::unique_ptr<RowReader> open_cc3m(std::unique_ptr<ByteSource> source,
                                     const ImportSettings& settings, const std::string& name,
                                     const Shape&) {
    return plain_rows(std::move(source), settings, name, '\t', {kRawColumn, kUrlColumn});
}
std::unique_ptr<RowReader> open_cc12m(std::unique_ptr<ByteSource> source,
                                      const ImportSettings& settings, const std::string& name,
                                      const Shape&) {
    return plain_rows(std::move(source), settings, name, '\t', {kUrlColumn, kRawColumn});
}

}  // namespace lip::record
