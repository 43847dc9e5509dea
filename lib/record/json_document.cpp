#include "record/json_document.h"

#include "cli/log.h"
#include "record/object.h"
#include "record/url.h"

#include <algorithm>

namespace lip::record {
namespace {

constexpr std::size_t kMostDocument = std::size_t{1} << 30;
constexpr std::size_t kShownNames = 12;

class SharedBytes final : public ByteSource {
public:
    explicit SharedBytes(std::shared_ptr<const std::string> text)
        : text_(std::move(text)), bytes_(memory_bytes(*text_)) {}
    std::size_t read(char* to, std::size_t size) override { return bytes_->read(to, size); }
    bool would_wait() override { return false; }

private:
    std::shared_ptr<const std::string> text_;
    std::unique_ptr<ByteSource> bytes_;
};

class HeldRows final : public WrappedRows {
public:
    HeldRows(std::unique_ptr<RowReader> rows, std::shared_ptr<const std::string> text)
        : WrappedRows(std::move(rows)), text_(std::move(text)) {}
    std::string_view held_text() const override { return *text_; }

private:
    std::shared_ptr<const std::string> text_;
};

void append_line(std::string& lines, std::string_view json) {
    const std::size_t begin = lines.size();
    lines += json;
    // White space between the parts of a value: inside a text there is no line end.
    std::replace(lines.begin() + static_cast<std::ptrdiff_t>(begin), lines.end(), '\n', ' ');
    std::replace(lines.begin() + static_cast<std::ptrdiff_t>(begin), lines.end(), '\r', ' ');
    lines += '\n';
}

std::string names_of(const Object& object) {
    std::string names;
    for (std::size_t i = 0; i < std::min(object.fields.size(), kShownNames); ++i)
        names += (i ? ", \"" : "\"") + object.fields[i].name + "\"";
    return names.empty() ? "nothing" : names;
}

// One path and what stands there.
class Rows {
public:
    Rows(std::string path, const std::string& name, std::string& lines)
        : path_(std::move(path)), name_(name), lines_(lines) {}

    void add(std::string_view raw) {
        if (raw.starts_with('[')) return add_list(raw);
        if (!raw.starts_with('{')) fail("is neither a list nor an object");
        const auto object = slice_object(raw);
        if (!object) fail(object.reject().message);
        const auto is_list = [](const Object::Field& f) { return f.raw.starts_with('['); };
        const auto is_image = [](const Object::Field& f) { return looks_like_reference(f.name); };
        if (object->fields.empty()) return;
        if (std::ranges::all_of(object->fields, is_list) &&
            !std::ranges::all_of(object->fields, is_image))
            return add_columns(*object);
        for (const Object::Field& field : object->fields) add_image(field);
    }

private:
    [[noreturn]] void fail(const std::string& why) const {
        throw cli::DataError(name_ + ": --records " + path_ + ": " + why);
    }

    void add_list(std::string_view raw) {
        bool is_array = false;
        for (const std::string_view item : array_items(raw, is_array)) {
            if (!item.starts_with('{')) fail("is a list of values that are not objects");
            append_line(lines_, item);
        }
    }

    void add_columns(const Object& object) {
        std::vector<std::vector<std::string_view>> columns;
        for (const Object::Field& field : object.fields) {
            bool is_array = false;
            columns.push_back(array_items(field.raw, is_array));
            if (columns.back().size() != columns.front().size())
                fail("the columns \"" + object.fields[0].name + "\" and \"" + field.name +
                     "\" have " + std::to_string(columns.front().size()) + " and " +
                     std::to_string(columns.back().size()) + " entries");
        }
        for (std::size_t row = 0; row < columns[0].size(); ++row) {
            Object line;
            for (std::size_t i = 0; i < columns.size(); ++i)
                line.fields.push_back({object.fields[i].name, std::string(columns[i][row])});
            append_object(line);
        }
    }

    void add_image(const Object::Field& field) {
        Object line;
        if (field.raw.starts_with('{')) {
            auto object = slice_object(field.raw);
            if (!object) fail(object.reject().message);
            line = std::move(*object);
        } else {
            line.set("caption", field.raw);
        }
        if (!line.find("image")) {
            line.fields.insert(line.fields.begin(), Object::Field{"image", {}});
            cli::append_json_string(line.fields[0].raw, field.name);
        }
        append_object(line);
    }

    void append_object(const Object& object) {
        std::string json;
        object.append_json(json);
        append_line(lines_, json);
    }

    std::string path_;
    const std::string& name_;
    std::string& lines_;
};

// What stands at a path below `object`.
std::string value_at(const Object& object, std::string_view path, const std::string& where) {
    // The whole rest first: a name may hold a dot.
    if (const std::string* raw = object.find(path)) return *raw;
    const std::size_t dot = path.find('.');
    const std::string_view first = path.substr(0, dot);
    const std::string* raw = object.find(first);
    if (!raw || dot == path.npos)
        throw cli::DataError(where + ": there is no \"" + std::string(first) +
                             "\" (there are: " + names_of(object) + ")");
    const auto inner = slice_object(*raw);
    if (!inner) throw cli::DataError(where + ": \"" + std::string(first) + "\" is not an object");
    return value_at(*inner, path.substr(dot + 1), where);
}

}  // namespace

std::string read_document(ByteSource& source, const std::string& name) {
    std::string all, block(1 << 16, '\0');
    while (const std::size_t n = source.read(block.data(), block.size())) {
        all.append(block, 0, n);
        if (all.size() > kMostDocument)
            throw cli::DataError(name + ": more than " + std::to_string(kMostDocument >> 20) +
                                 " MiB: this format is read as a whole");
    }
    if (all.starts_with("\xEF\xBB\xBF")) all.erase(0, 3);
    return all;
}

std::string rows_of_document(std::string_view document, const std::vector<std::string>& paths,
                             const std::string& name) {
    const auto object = parse_object(document);
    if (!object)
        throw cli::DataError(name + ": " + object.reject().message +
                             " (--records takes rows out of one JSON object)");
    std::string lines;
    for (const std::string& path : paths) {
        std::string whole;
        if (path == ".")
            object->append_json(whole);
        else
            whole = value_at(*object, path, name + ": --records " + path);
        Rows(path, name, lines).add(whole);
    }
    return lines;
}

std::unique_ptr<ByteSource> shared_bytes(std::shared_ptr<const std::string> text) {
    return std::make_unique<SharedBytes>(std::move(text));
}

std::unique_ptr<RowReader> held_rows(std::unique_ptr<RowReader> rows,
                                     std::shared_ptr<const std::string> text) {
    return std::make_unique<HeldRows>(std::move(rows), std::move(text));
}

}  // namespace lip::record
