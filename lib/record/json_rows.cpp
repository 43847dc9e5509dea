#include "record/json_rows.h"

#include "record/parquet.h"
#include "text/flags.h"
#include "text/utf8.h"

#include <algorithm>

namespace lip::record {
namespace {

constexpr std::string_view kSpace = " \t\r\n";

// What both readers share.
class JsonReader : public RowReader {
public:
    JsonReader(std::unique_ptr<ByteSource> source, const ImportSettings& settings, Convert convert,
               std::string description)
        : window_(std::move(source)),
          most_(static_cast<std::size_t>(settings.max_line)),
          convert_(std::move(convert)),
          description_(std::move(description)) {}

    bool would_wait() override { return window_.would_wait(); }
    cli::Result<Record> record(const Row& row) const override { return convert_(row.fields[0]); }
    std::string describe() const override { return description_; }

protected:
    Window window_;
    std::size_t most_;
    std::uint64_t line_ = 0;

private:
    Convert convert_;
    std::string description_;
};

class Lines final : public JsonReader {
public:
    using JsonReader::JsonReader;

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
};

class Elements final : public JsonReader {
public:
    Elements(std::unique_ptr<ByteSource> source, const ImportSettings& settings, Convert convert,
             std::string description, std::string field)
        : JsonReader(std::move(source), settings, std::move(convert), std::move(description)),
          field_(std::move(field)) {}

    bool next(Row& row) override {
        if (done_) return false;
        if (!entered_ && !enter(row)) return !done_ || row.reject.has_value();
        if (!skip_any(" \t\r\n,")) return bare_ ? finish() : fail(row, "the array does not end");
        const char c = window_.view()[0];
        if (c == ']' && !bare_) return finish();
        if (c != '{') return fail(row, "an element is not an object");
        ScanState state;
        std::size_t size = 0;
        while ((size = scan_value(window_.view(), state)) == 0) {
            if (window_.view().size() > most_)
                return fail(row, "an element is larger than --max-line");
            if (!window_.more()) return fail(row, "the last element does not end");
        }
        row = {};
        row.offset = window_.offset();
        row.line = line_ + 1;
        row.fields.assign(1, std::string(window_.view().substr(0, size)));
        drop(size);
        return true;
    }

    bool row_at(std::string_view text, bool, Row& row) const override {
        ScanState state;
        const std::size_t size = scan_value(text, state);
        row.fields.assign(1, std::string(text.substr(0, size)));
        return size > 0;
    }

private:
    void drop(std::size_t size) {
        const std::string_view gone = window_.view().substr(0, size);
        line_ += static_cast<std::uint64_t>(std::ranges::count(gone, '\n'));
        window_.take(size);
    }
    // False at the end.
    bool skip_any(std::string_view characters) {
        for (;;) {
            const std::size_t at = window_.view().find_first_not_of(characters);
            if (at != std::string_view::npos) {
                drop(at);
                return true;
            }
            drop(window_.view().size());
            if (!window_.more()) return false;
        }
    }
    bool finish() {
        done_ = true;
        return false;
    }
    // The rest cannot be told apart: one bad row, and the end.
    bool fail(Row& row, const char* why) {
        done_ = true;
        row = {};
        row.offset = window_.offset();
        row.line = line_ + 1;
        row.fields.assign(1, std::string(window_.view().substr(0, kShownBytes)));
        row.raw = row.fields[0];
        row.is_cut = true;
        row.reject = cli::Reject{"bad-json", std::string("not JSON: ") + why};
        return true;
    }
    // To the first element. False: there is none (done_), or `row` says what is wrong.
    bool enter(Row& row) {
        entered_ = true;
        row = {};
        while (window_.view().size() < 3 && window_.more()) {
        }
        if (window_.view().starts_with("\xEF\xBB\xBF")) drop(3);
        if (!skip_any(kSpace)) return finish();
        const char c = window_.view()[0];
        if (c == '[') {
            drop(1);
            return true;
        }
        if (field_.empty()) {
            bare_ = true;
            return true;
        }
        drop(1);  // {
        const std::string wanted = "\"" + field_ + "\"";
        while (skip_any(" \t\r\n,")) {
            if (window_.view()[0] != '"') break;
            const std::string name = take_text();
            if (!skip_any(" \t\r\n:")) break;
            if (name == wanted && window_.view()[0] == '[') {
                drop(1);
                return true;
            }
            skip_value();
        }
        fail(row, ("there is no list \"" + field_ + "\"").c_str());
        return false;
    }
    std::string take_text() {
        std::string text = "\"";
        drop(1);
        for (bool escaped = false;;) {
            if (window_.view().empty() && !window_.more()) return text;
            const char c = window_.view()[0];
            drop(1);
            text += c;
            if (c == '"' && !escaped) return text;
            escaped = c == '\\' && !escaped;
        }
    }
    void skip_value() {
        if (window_.view()[0] == '"') {
            take_text();
            return;
        }
        if (window_.view()[0] != '{' && window_.view()[0] != '[') {
            for (;;) {
                const std::size_t end = window_.view().find_first_of(",}]");
                if (end != std::string_view::npos) return drop(end);
                drop(window_.view().size());
                if (!window_.more()) return;
            }
        }
        for (ScanState state;;) {
            const std::size_t size = scan_value(window_.view(), state);
            if (size > 0) return drop(size);
            drop(window_.view().size());
            state.seen = 0;
            if (!window_.more()) return;
        }
    }

    std::string field_;
    bool entered_ = false, done_ = false;
    bool bare_ = false;  // objects without an array around them
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
