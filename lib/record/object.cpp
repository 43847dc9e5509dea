#include "record/object.h"

#include "cli/log.h"

#include <simdjson.h>

#include <charconv>
#include <cmath>

namespace lip::record {
namespace {

namespace od = simdjson::ondemand;

// Walks over JSON that has been checked, and stays within its bounds if it has not.
class Slicer {
public:
    explicit Slicer(std::string_view text) : text_(text) {}

    // Steps over `c` if it comes next.
    bool enter(char c) {
        skip_space();
        if (at_ == text_.size() || text_[at_] != c) return false;
        ++at_;
        return true;
    }
    // Is there another element before `close`? Steps over commas.
    bool more(char close) {
        enter(',');
        skip_space();
        return at_ < text_.size() && text_[at_] != close;
    }
    // The next value as it stands; at least one byte unless the text is at its end.
    std::string_view value() {
        skip_space();
        const std::size_t begin = at_;
        std::size_t depth = 0;
        while (at_ < text_.size()) {
            const char c = text_[at_];
            if (c == '"') {
                skip_string();
                if (depth == 0) break;
            } else if (c == '[' || c == '{') {
                ++depth;
                ++at_;
            } else if (c == ']' || c == '}') {
                if (depth == 0 && at_ > begin) break;
                ++at_;
                if (depth <= 1) break;
                --depth;
            } else if (depth == 0 && at_ > begin && (c == ',' || is_space(c))) {
                break;
            } else {
                ++at_;
            }
        }
        return text_.substr(begin, at_ - begin);
    }

private:
    static bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
    void skip_space() {
        while (at_ < text_.size() && is_space(text_[at_])) ++at_;
    }
    void skip_string() {
        for (++at_; at_ < text_.size(); ++at_) {
            at_ = std::min(text_.find('"', at_), text_.size());
            std::size_t slashes = 0;
            while (slashes < at_ && text_[at_ - 1 - slashes] == '\\') ++slashes;
            if (slashes % 2 == 0) break;
        }
        at_ = std::min(at_ + 1, text_.size());
    }

    std::string_view text_;
    std::size_t at_ = 0;
};

constexpr std::size_t kDeepest = 512;  // levels of JSON

// Parsers keep their buffers: one of each a thread.
struct Parsers {
    simdjson::dom::parser whole;  // checks everything
    od::parser lazy;              // single texts
    Parsers() {
        if (whole.allocate(0, kDeepest) != simdjson::SUCCESS) throw std::bad_alloc();
    }
    std::string padded;

    simdjson::padded_string_view pad(std::string_view json) {
        padded.reserve(json.size() + simdjson::SIMDJSON_PADDING);
        padded.assign(json);
        padded.append(simdjson::SIMDJSON_PADDING, '\0');
        padded.resize(json.size());
        return simdjson::padded_string_view(padded.data(), json.size(),
                                            json.size() + simdjson::SIMDJSON_PADDING);
    }
};

Parsers& parsers() {
    thread_local Parsers instance;
    return instance;
}

std::string_view trimmed(std::string_view text) {
    constexpr std::string_view kSpace = " \t\r\n";
    const std::size_t begin = text.find_first_not_of(kSpace);
    if (begin == text.npos) return {};
    return text.substr(begin, text.find_last_not_of(kSpace) + 1 - begin);
}

// Requires valid JSON.
std::string minified(std::string_view json) {
    std::string out(json.size() + simdjson::SIMDJSON_PADDING, '\0');
    std::size_t size = 0;
    if (simdjson::minify(json.data(), json.size(), out.data(), size)) return std::string(json);
    out.resize(size);
    return out;
}

cli::Reject bad_json(simdjson::error_code code) {
    std::string why = simdjson::error_message(code);
    if (const std::size_t stop = why.find_first_of(".:"); stop != std::string::npos)
        why.resize(stop);
    if (!why.empty()) why[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(why[0])));
    if (code == simdjson::UTF8_ERROR) why = "text is not valid UTF-8";
    if (code == simdjson::TAPE_ERROR || code == simdjson::UNCLOSED_STRING)
        why = "brackets, quotes or commas are wrong";
    return {"bad-json", "not JSON: " + why};
}

}  // namespace

const std::string* Object::find(std::string_view name) const {
    for (const Field& field : fields)
        if (field.name == name) return &field.raw;
    return nullptr;
}

void Object::set(std::string_view name, std::string raw) {
    for (Field& field : fields)
        if (field.name == name) {
            field.raw = std::move(raw);
            return;
        }
    fields.push_back({std::string(name), std::move(raw)});
}

void Object::set_text(std::string_view name, std::string_view value) {
    std::string raw;
    cli::append_json_string(raw, value);
    set(name, std::move(raw));
}

void Object::append_json(std::string& out) const {
    out += '{';
    for (const Field& field : fields) {
        if (&field != fields.data()) out += ',';
        cli::append_json_string(out, field.name);
        out += ':';
        out += field.raw;
    }
    out += '}';
}

cli::Result<Object> parse_object(std::string_view json) {
    Parsers& p = parsers();
    const auto text = p.pad(json);
    simdjson::dom::element root;
    if (const auto code = p.whole.parse(text.data(), text.size(), false).get(root))
        return bad_json(code);
    if (!root.is_object()) return cli::Reject{"bad-json", "not a JSON object"};
    // An object written over several lines: its values must fit in a line of records.
    const std::string_view inner = trimmed(json);
    if (inner.find('\n') == inner.npos && inner.find('\r') == inner.npos)
        return slice_object(inner);
    return slice_object(minified(inner));
}

cli::Result<Object> slice_object(std::string_view json) {
    Object out;
    out.fields.reserve(8);
    Slicer slicer(json);
    if (!slicer.enter('{')) return cli::Reject{"bad-json", "not a JSON object"};
    while (slicer.more('}')) {
        const std::string_view raw_name = slicer.value();
        std::string name;
        if (!read_text(raw_name, name) || !slicer.enter(':'))
            return cli::Reject{"bad-json", "not a JSON object"};
        if (out.find(name)) return cli::Reject{"bad-record", "field \"" + name + "\" stands twice"};
        out.fields.push_back({std::move(name), std::string(slicer.value())});
    }
    return out;
}

std::vector<std::string> array_items(std::string_view raw, bool& is_array) {
    std::vector<std::string> items;
    Slicer slicer(raw);
    is_array = slicer.enter('[');
    while (is_array && slicer.more(']')) items.emplace_back(slicer.value());
    return items;
}

bool read_text(std::string_view raw, std::string& value) {
    if (raw.size() < 2 || raw.front() != '"') return false;
    if (raw.find('\\') == raw.npos) {
        value = raw.substr(1, raw.size() - 2);
        return true;
    }
    Parsers& p = parsers();
    std::string_view text;
    od::document document;
    if (p.lazy.iterate(p.pad(raw)).get(document) || document.get_string().get(text)) return false;
    value = text;
    return true;
}

bool read_number(std::string_view raw, double& value) {
    const auto [end, error] = std::from_chars(raw.begin(), raw.end(), value);
    return error == std::errc{} && end == raw.end() && std::isfinite(value);
}

bool read_integer(std::string_view raw, std::int64_t& value) {
    const auto [end, error] = std::from_chars(raw.begin(), raw.end(), value);
    return error == std::errc{} && end == raw.end();
}

void append_float(std::string& out, float value) {
    char text[32];
    out.append(text, std::to_chars(text, text + sizeof text, value).ptr);
}

void append_score(std::string& out, double value) {
    char text[40];
    out.append(text,
               std::to_chars(text, text + sizeof text, value, std::chars_format::general, 6).ptr);
}

void append_integer(std::string& out, std::int64_t value) {
    char text[24];
    out.append(text, std::to_chars(text, text + sizeof text, value).ptr);
}

}  // namespace lip::record
