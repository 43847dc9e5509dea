// A JSON object a line: our own records, and any other objects with --map and --caption.
#include "record/formats.h"
#include "record/url.h"
#include "text/flags.h"

#include <algorithm>

namespace lip::record {
namespace {

class JsonLinesReader final : public RowReader {
public:
    JsonLinesReader(std::unique_ptr<ByteSource> source, const ImportSettings& settings, bool mapped)
        : window_(std::move(source)), settings_(settings), mapped_(mapped) {}

    bool next(Row& row) override {
        for (;;) {
            const std::string_view view = window_.view();
            const std::size_t end = view.find('\n');
            const bool is_long =
                std::min(end, view.size()) > static_cast<std::size_t>(settings_.max_line);
            if (end == view.npos && !is_long && window_.more()) continue;
            std::string_view text = window_.view().substr(0, end);
            if (end == view.npos && text.empty()) return false;
            row = {};
            row.offset = window_.offset();
            row.line = ++number_;
            row.is_cut = end == view.npos;
            if (is_long) {
                row.reject = too_large();
                row.raw = text.substr(0, kShownBytes);
                window_.skip_line();
                return true;
            }
            if (number_ == 1 && text.starts_with("\xEF\xBB\xBF")) {
                text.remove_prefix(3);
                row.offset += 3;
            }
            const bool is_blank = text.find_first_not_of(" \t\r") == text.npos;
            row.fields.assign(1, std::string(text));
            window_.take(row.is_cut ? window_.view().size() : end + 1);
            if (!is_blank) return true;
        }
    }
    bool would_wait() override { return window_.would_wait(); }

    bool row_at(std::string_view text, bool at_end, Row& row) const override {
        const std::size_t end = text.find('\n');
        if (end == text.npos && !at_end) return false;
        row.fields.assign(1, std::string(text.substr(0, end)));
        return true;
    }

    cli::Result<Record> record(const Row& row) const override {
        if (!mapped_) return ours(row.fields[0]);
        auto object = parse_object(row.fields[0]);
        if (!object) return object.reject();
        Record record;
        const auto text = [&](std::string_view field) {
            std::string value;
            for (const auto& [name, column] : settings_.map.fields)
                if (const std::string* raw = name == field ? object->find(column) : nullptr)
                    if (!read_text(*raw, value) && *raw != "null") value = *raw;
            return value;
        };
        if (!set_reference(record, text("key"), text("url"), text("image"), settings_))
            return cli::Reject{"bad-record",
                               "the object has no key, url or image where --map says"};
        for (const char* field : {"width", "height"})
            if (std::int64_t number = 0; read_integer(text(field), number))
                record.object.set(field, std::to_string(number));
        if (const std::string label = text("label"); !text::is_missing_caption(label))
            record.object.set_text("label", label);
        for (const auto& caption : settings_.map.captions)
            if (const std::string* raw = object->find(caption.column))
                add_texts(record, *raw, caption);
        record.update_captions();
        for (const Object::Field& field : object->fields)
            if (!is_mapped(field.name) && !record.object.find(field.name))
                record.object.fields.push_back(field);
        return record;
    }

    std::string describe() const override {
        if (!mapped_) return "records";
        std::string text;
        for (const auto& [field, column] : settings_.map.fields)
            text += field + " from \"" + column + "\" ";
        for (const auto& caption : settings_.map.captions)
            text += caption.source + ":" + caption.form + " from \"" + caption.column + "\" ";
        return text;
    }

private:
    cli::Result<Record> ours(const std::string& line) const {
        auto record = parse_record(line);
        if (record && !settings_.key_prefix.empty()) {
            record->key = settings_.key_prefix + record->key;
            record->object.set_text("key", record->key);
        }
        return record;
    }
    // A text, or a list of texts: each is a caption.
    static void add_texts(Record& record, const std::string& raw,
                          const ColumnMap::CaptionColumn& caption) {
        std::string text;
        if (read_text(raw, text))
            return lip::record::add_caption(record, text, caption.source, caption.form);
        bool is_array = false;
        for (const std::string& item : array_items(raw, is_array))
            if (read_text(item, text))
                lip::record::add_caption(record, text, caption.source, caption.form);
    }
    bool is_mapped(const std::string& column) const {
        const auto& fields = settings_.map.fields;
        const auto& captions = settings_.map.captions;
        return std::any_of(fields.begin(), fields.end(),
                           [&](const auto& pair) { return pair.second == column; }) ||
               std::any_of(captions.begin(), captions.end(),
                           [&](const auto& c) { return c.column == column; });
    }

    Window window_;
    ImportSettings settings_;
    bool mapped_;
    std::uint64_t number_ = 0;
};

}  // namespace

bool is_records(std::string_view head) {
    const std::size_t begin = head.find_first_not_of(" \t\r\n");
    if (begin == head.npos || head[begin] != '{') return false;
    const std::string_view line = head.substr(begin, head.find('\n', begin) - begin);
    auto object = parse_object(line);
    return object ? object->find("key") != nullptr : line.find("\"key\"") != line.npos;
}

std::unique_ptr<RowReader> open_records(std::unique_ptr<ByteSource> source,
                                        const ImportSettings& settings, const std::string&) {
    return std::make_unique<JsonLinesReader>(std::move(source), settings, false);
}

std::unique_ptr<RowReader> open_jsonl(std::unique_ptr<ByteSource> source,
                                      const ImportSettings& settings, const std::string&) {
    if (settings.map.empty())
        throw cli::UsageError(
            "jsonl needs --map url=FIELD (or key, image) and --caption SOURCE:FORM=FIELD");
    return std::make_unique<JsonLinesReader>(std::move(source), settings, true);
}

}  // namespace lip::record
