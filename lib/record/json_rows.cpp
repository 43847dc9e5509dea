#include "record/json_rows.h"

#include "record/json_walk.h"
#include "record/parquet.h"
#include "text/flags.h"
#include "text/utf8.h"

#include <algorithm>

namespace lip::record {
namespace {

// What both readers share.
class JsonReader : public RowReader {
public:
    JsonReader(Convert convert, std::string description)
        : convert_(std::move(convert)), description_(std::move(description)) {}

    cli::Result<Record> record(const Row& row) const override { return convert_(row.fields[0]); }
    std::string describe() const override { return description_; }

private:
    Convert convert_;
    std::string description_;
};

class Lines final : public JsonReader {
public:
    Lines(std::unique_ptr<ByteSource> source, const ImportSettings& settings, Convert convert,
          std::string description)
        : JsonReader(std::move(convert), std::move(description)),
          window_(std::move(source)),
          most_(static_cast<std::size_t>(settings.max_line)) {}

    bool would_wait() override { return window_.would_wait(); }

    bool next(Row& row) override {
        for (;;) {
            const std::string_view view = window_.view();
            const std::size_t end = view.find('\n');
            const bool is_long = std::min(end, view.size()) > most_;
            if (end == view.npos && !is_long && window_.more()) continue;
            std::string_view text = window_.view().substr(0, end);
            if (end == view.npos && text.empty()) return false;
            row = {};
            row.offset = window_.offset();
            row.line = ++line_;
            row.is_cut = end == view.npos;
            if (is_long) {
                row.reject = too_large();
                row.raw = text.substr(0, kShownBytes);
                window_.skip_line();
                return true;
            }
            if (line_ == 1 && text.starts_with("\xEF\xBB\xBF")) {
                text.remove_prefix(3);
                row.offset += 3;
            }
            const bool is_blank = text.find_first_not_of(" \t\r") == text.npos;
            row.fields.assign(1, std::string(text));
            window_.take(row.is_cut ? window_.view().size() : end + 1);
            if (!is_blank) return true;
        }
    }

    bool row_at(std::string_view text, bool at_end, Row& row) const override {
        const std::size_t end = text.find('\n');
        if (end == text.npos && !at_end) return false;
        row.fields.assign(1, std::string(text.substr(0, end)));
        return true;
    }

private:
    Window window_;
    std::size_t most_;
    std::uint64_t line_ = 0;
};

class Elements final : public JsonReader {
public:
    Elements(std::unique_ptr<ByteSource> source, const ImportSettings& settings, Convert convert,
             std::string description, std::string field)
        : JsonReader(std::move(convert), std::move(description)),
          walk_(std::move(source), static_cast<std::size_t>(settings.max_line)),
          field_(std::move(field)) {}

    bool would_wait() override { return walk_.would_wait(); }

    bool next(Row& row) override {
        if (done_) return false;
        row = {};
        if (!std::exchange(entered_, true) && !enter(row)) return row.reject.has_value();
        JsonWalk::Element element;
        if (!walk_.next_element(element, is_bare_)) return !(done_ = true);
        row.offset = element.offset;
        row.line = element.line;
        row.is_cut = element.is_cut;
        row.reject = std::move(element.reject);
        if (row.reject) row.raw = element.text;
        row.fields.assign(1, std::move(element.text));
        return true;
    }

    bool row_at(std::string_view text, bool, Row& row) const override {
        ScanState state;
        const std::size_t size = scan_value(text, state);
        row.fields.assign(1, std::string(text.substr(0, size)));
        return size > 0;
    }

private:
    // To the first element. False: `row` says what is wrong.
    bool enter(Row& row) {
        if (walk_.enter('[')) return true;
        is_bare_ = field_.empty();
        if (is_bare_) return true;
        if (walk_.enter('{'))
            for (std::string name; walk_.next_name(name); walk_.skip_value())
                if (name == field_ && walk_.enter('[')) return true;
        done_ = true;
        row.line = 1;
        row.is_cut = true;
        row.fields.assign(1, "");
        row.reject = cli::Reject{"bad-json", "not JSON: there is no list \"" + field_ + "\""};
        return false;
    }

    JsonWalk walk_;
    std::string field_;
    bool entered_ = false, done_ = false;
    bool is_bare_ = false;  // objects without an array around them
};

// Pieces of the naive splitter, which drops periods: one caption again, with the pieces as its
// sentences.
void add_presplit(Record& record, const std::vector<std::string>& pieces, const Column& column) {
    std::string text;
    std::vector<Span> spans;
    for (const std::string& piece : pieces) {
        if (text::is_missing_caption(piece)) continue;
        if (!text.empty()) text += ' ';
        const std::size_t begin = text.size();
        text += piece + '.';
        spans.push_back(
            {static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(text.size())});
    }
    if (text.empty()) return;
    add_caption(record, text, column.source, column.form);
    Caption& caption = record.captions.back();
    caption.sentences = std::move(spans);
    if (!caption.flags) caption.flags.emplace();
    caption.flags->push_back("presplit");
}

}  // namespace

std::unique_ptr<RowReader> json_lines(std::unique_ptr<ByteSource> source,
                                      const ImportSettings& settings, Convert convert,
                                      std::string description) {
    return std::make_unique<Lines>(std::move(source), settings, std::move(convert),
                                   std::move(description));
}

std::unique_ptr<RowReader> json_elements(std::unique_ptr<ByteSource> source,
                                         const ImportSettings& settings, Convert convert,
                                         std::string description, std::string field) {
    return std::make_unique<Elements>(std::move(source), settings, std::move(convert),
                                      std::move(description), std::move(field));
}

std::unique_ptr<RowReader> json_rows(std::unique_ptr<ByteSource> source,
                                     const ImportSettings& settings, const Shape& shape,
                                     Convert convert, std::string description, std::string field) {
    if (shape.parquet)
        return parquet_rows(shape.parquet, settings, std::move(convert), std::move(description));
    if (!shape.field.empty())
        return json_elements(std::move(source), settings, std::move(convert),
                             std::move(description), shape.field);
    const bool is_nested = !field.empty() && shape.has(field);
    if (shape.kind == Shape::Kind::kJsonLines && !is_nested)
        return json_lines(std::move(source), settings, std::move(convert), std::move(description));
    return json_elements(std::move(source), settings, std::move(convert), std::move(description),
                         is_nested ? std::move(field) : std::string());
}

Convert by_columns(std::vector<Column> columns, const ImportSettings& settings, bool presplit) {
    return [columns = std::move(columns), settings,
            presplit](const std::string& json) -> cli::Result<Record> {
        auto object = parse_object(json);
        if (!object) return object.reject();
        RecordBuilder builder(settings);
        std::vector<std::string> kept;
        // In the order of the columns: captions come in the order that the release or --caption
        // gives them.
        for (const Column& column : columns) {
            const std::string* raw =
                column.role == Role::kExtra ? nullptr : object->find(column.name);
            if (!raw || *raw == "null") continue;
            std::string text, model;
            const std::string* given =
                column.source_from.empty() ? nullptr : object->find(column.source_from);
            if (given) read_text(*given, model);
            if (read_text(*raw, text)) {
                builder.add(column, text, model);
                continue;
            }
            if (raw->starts_with('{'))
                return cli::Reject{"bad-record",
                                   "\"" + column.name + "\" is an object, expected a string"};
            bool is_array = false;
            std::vector<std::string> texts;
            bool is_all_texts = true;
            for (const std::string_view item : array_items(*raw, is_array))
                if (read_text(item, text))
                    texts.push_back(text);
                else
                    is_all_texts = is_all_texts && item == "null";
            // What is no text cannot be a caption, and must not be lost.
            if (is_array && !is_all_texts) kept.push_back(column.name);
            if (!is_array)
                builder.add(column, *raw);  // a number
            else if (presplit && column.role == Role::kCaption)
                add_presplit(builder.record(), texts, column);
            else
                for (const std::string& one : texts) builder.add(column, one, model);
        }
        auto record = builder.finish();
        if (!record) return record;
        for (Object::Field& field : object->fields) {
            const auto column = std::ranges::find(columns, field.name, &Column::name);
            const bool is_kept = std::ranges::find(kept, field.name) != kept.end();
            const bool is_used = column != columns.end() && column->role != Role::kExtra;
            if (is_kept && record->object.find(field.name)) field.name.insert(0, "x_");
            if (!is_used || is_kept) keep_field(*record, std::move(field));
        }
        if (object->replaced) flag_replaced(*record);
        return record;
    };
}

}  // namespace lip::record
