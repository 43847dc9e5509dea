// Delimited text with a header: the DreamLIP release CSV, and any CSV or TSV with --map and
// --caption.
#include "record/csv.h"
#include "record/formats.h"
#include "record/url.h"
#include "text/flags.h"
#include "text/utf8.h"

#include "cli/log.h"

#include <algorithm>

namespace lip::record {
namespace {

constexpr std::string_view kReferenceColumn = "Image Path";

// The release's columns. Files hold any subset that has the reference.
struct ReleaseColumn {
    std::string_view column, source, form;
};
constexpr ReleaseColumn kReleaseColumns[] = {
    {"raw_caption", "raw", "raw"},
    {"shortIB_captions", "instructblip", "short"},
    {"longIB_captions", "instructblip", "long"},
    {"shortSV_captions", "sharegpt4v", "short"},
    {"longSV_captions", "sharegpt4v", "long"},
    {"shortLLA_captions", "llava15", "short"},
    {"longLLA_captions", "llava15", "long"},
};

enum class Role { kExtra, kKey, kReference, kImage, kUrl, kWidth, kHeight, kLabel, kCaption };

struct Column {
    std::string name;
    Role role = Role::kExtra;
    std::string source, form;
};

Role role_of(const std::string& field) {
    constexpr std::pair<std::string_view, Role> kRoles[] = {
        {"key", Role::kKey},     {"image", Role::kImage},   {"url", Role::kUrl},
        {"width", Role::kWidth}, {"height", Role::kHeight}, {"label", Role::kLabel}};
    for (const auto& [name, role] : kRoles)
        if (name == field) return role;
    return Role::kExtra;
}

class DelimitedReader final : public RowReader {
public:
    DelimitedReader(std::unique_ptr<ByteSource> source, const ImportSettings& settings,
                    std::string name, char delimiter, bool release)
        : reader_(std::move(source), delimiter, settings.max_line),
          settings_(settings),
          name_(std::move(name)),
          delimiter_(delimiter) {
        CsvRow header;
        if (!reader_.next(header)) return;
        if (!header.problem.empty()) throw cli::DataError(name_ + ":1: " + header.problem);
        for (const std::string& column : header.fields)
            columns_.push_back({text::replace_invalid_utf8(column).text, Role::kExtra, {}, {}});
        if (release) map_release();
        map_by_user();
        const bool has_reference =
            std::any_of(columns_.begin(), columns_.end(), [](const Column& column) {
                return column.role == Role::kKey || column.role == Role::kReference ||
                       column.role == Role::kImage || column.role == Role::kUrl;
            });
        if (!has_reference)
            throw cli::DataError(name_ + ":1: no column is a key, url or image (columns: " +
                                 names() + "; say which with --map url=COLUMN)");
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
        row.raw = std::move(csv.raw);
        return true;
    }
    bool would_wait() override { return reader_.would_wait(); }

    bool row_at(std::string_view text, bool at_end, Row& row) const override {
        bool in_quotes = false;
        const std::size_t size = parse_csv_row(text, delimiter_, at_end, row.fields, in_quotes);
        return size > 0 && !in_quotes && row.fields.size() == columns_.size();
    }

    cli::Result<Record> record(const Row& row) const override {
        Record record;
        std::string_view key, url, image;
        for (std::size_t i = 0; i < columns_.size(); ++i) {
            const std::string_view value = row.fields[i];
            switch (columns_[i].role) {
                case Role::kKey:
                    key = value;
                    break;
                case Role::kUrl:
                    url = value;
                    break;
                case Role::kImage:
                    image = value;
                    break;
                case Role::kReference:
                    (is_url(value) ? url : image) = value;
                    break;
                default:
                    break;
            }
        }
        if (!set_reference(record, key, url, image, settings_))
            return cli::Reject{"bad-record", "the row has no key, url or path"};
        for (std::size_t i = 0; i < columns_.size(); ++i) {
            const Column& column = columns_[i];
            const std::string& value = row.fields[i];
            std::int64_t number = 0;
            if (column.role == Role::kCaption)
                add_caption(record, value, column.source, column.form);
            if ((column.role == Role::kWidth || column.role == Role::kHeight) &&
                read_integer(value, number))
                record.object.set(column.role == Role::kWidth ? "width" : "height",
                                  std::to_string(number));
            if (column.role == Role::kLabel && !text::is_missing_caption(value))
                record.object.set_text("label", text::replace_invalid_utf8(value).text);
        }
        record.update_captions();
        for (std::size_t i = 0; i < columns_.size(); ++i)
            if (columns_[i].role == Role::kExtra && !record.object.find(columns_[i].name))
                record.object.set_text(columns_[i].name,
                                       text::replace_invalid_utf8(row.fields[i]).text);
        return record;
    }

    std::string describe() const override {
        std::string text;
        for (const Column& column : columns_) {
            text += (text.empty() ? "\"" : ", \"") + column.name + "\" is ";
            if (column.role == Role::kCaption)
                text += column.source + ":" + column.form;
            else
                text += column.role == Role::kExtra ? "kept" : "the reference or a field";
        }
        return text;
    }

private:
    Column* find(std::string_view name) {
        const auto at = std::find_if(columns_.begin(), columns_.end(),
                                     [&](const Column& c) { return c.name == name; });
        return at == columns_.end() ? nullptr : &*at;
    }
    std::string names() const {
        std::string out;
        for (const Column& column : columns_) out += (out.empty() ? "" : ", ") + column.name;
        return out;
    }
    void map_release() {
        if (Column* column = find(kReferenceColumn)) column->role = Role::kReference;
        for (const ReleaseColumn& known : kReleaseColumns)
            if (Column* column = find(known.column)) {
                column->role = Role::kCaption;
                column->source = known.source;
                column->form = known.form;
            }
    }
    void map_by_user() {
        const auto need = [&](const std::string& name) -> Column& {
            Column* column = find(name);
            if (!column)
                throw cli::DataError(name_ + ":1: no column \"" + name + "\" (columns: " + names() +
                                     ")");
            return *column;
        };
        for (const auto& [field, column] : settings_.map.fields) need(column).role = role_of(field);
        for (const auto& caption : settings_.map.captions) {
            Column& column = need(caption.column);
            column.role = Role::kCaption;
            column.source = caption.source;
            column.form = caption.form;
        }
    }

    CsvReader reader_;
    ImportSettings settings_;
    std::string name_;
    char delimiter_;
    std::vector<Column> columns_;
};

std::unique_ptr<RowReader> open_mapped(std::unique_ptr<ByteSource> source,
                                       const ImportSettings& settings, const std::string& name,
                                       char delimiter) {
    if (settings.map.empty())
        throw cli::UsageError(
            "csv and tsv need --map url=COLUMN (or key, image) and --caption SOURCE:FORM=COLUMN");
    return std::make_unique<DelimitedReader>(std::move(source), settings, name, delimiter, false);
}

}  // namespace

bool is_dreamlip_csv(std::string_view head) {
    std::vector<std::string> fields;
    bool in_quotes = false;
    if (parse_csv_row(head, ',', true, fields, in_quotes) == 0 || in_quotes) return false;
    return std::find(fields.begin(), fields.end(), kReferenceColumn) != fields.end();
}

std::unique_ptr<RowReader> open_dreamlip_csv(std::unique_ptr<ByteSource> source,
                                             const ImportSettings& settings,
                                             const std::string& name) {
    return std::make_unique<DelimitedReader>(std::move(source), settings, name, ',', true);
}
std::unique_ptr<RowReader> open_csv(std::unique_ptr<ByteSource> source,
                                    const ImportSettings& settings, const std::string& name) {
    return open_mapped(std::move(source), settings, name, ',');
}
std::unique_ptr<RowReader> open_tsv(std::unique_ptr<ByteSource> source,
                                    const ImportSettings& settings, const std::string& name) {
    return open_mapped(std::move(source), settings, name, '\t');
}

}  // namespace lip::record
