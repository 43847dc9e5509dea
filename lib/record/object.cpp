#include "record/object.h"

#include "cli/log.h"
#include "record/mended_json.h"
#include "record/slicer.h"
#include "text/byte_order_mark.h"

#include <simdjson.h>

#include <algorithm>
#include <charconv>
#include <cmath>

namespace lip::record {
namespace {

namespace od = simdjson::ondemand;

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
    text = lip::text::without_byte_order_mark(text);
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

// SUCCESS: `json` is a JSON text of RFC 8259; is_object then says of which kind.
simdjson::error_code check(std::string_view json, bool& is_object) {
    Parsers& p = parsers();
    const auto text = p.pad(json);
    simdjson::dom::element root;
    const auto code = p.whole.parse(text.data(), text.size(), false).get(root);
    is_object = !code && root.is_object();
    return code;
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

cli::Result<CheckedObject> check_object(std::string_view json, std::string& buffer) {
    bool is_object = false;
    std::string_view inner = trimmed(json);
    CheckedObject out;
    std::optional<MendedJson> mended;
    // Most text is JSON that the parser holds; only what it refuses is looked at again.
    if (check(inner, is_object)) {
        if ((mended = mend_json(inner))) {
            inner = trimmed(mended->text);
            out.replaced = mended->replaced;
        }
        if (const auto code = check(without_numbers(inner), is_object)) return bad_json(code);
    }
    if (!is_object) return cli::Reject{"bad-json", "not a JSON object"};
    // An object written over several lines: its values must fit in a line of records.
    if (inner.find('\n') != inner.npos || inner.find('\r') != inner.npos) {
        buffer = minified(inner);
        inner = buffer;
    } else if (mended) {
        buffer = inner;
        inner = buffer;
    }
    out.text = inner;
    return out;
}

cli::Result<Object> parse_object(std::string_view json) {
    std::string buffer;
    const auto checked = check_object(json, buffer);
    if (!checked) return checked.reject();
    auto object = slice_object(checked->text);
    if (object) object->replaced = checked->replaced;
    return object;
}

cli::Result<Object> slice_object(std::string_view json) {
    Slicer slicer(json);
    Object out;
    const auto no_reader = [](std::string_view) { return false; };
    if (auto reject = slice_fields(slicer, out, no_reader)) return std::move(*reject);
    return out;
}

std::optional<cli::Reject> slice_name(Slicer& slicer, const Object& object, std::string& name) {
    if (!read_text(slicer.value(), name) || !slicer.enter(':'))
        return cli::Reject{"bad-json", "not a JSON object"};
    if (std::any_of(object.fields.begin(), object.fields.end(),
                    [&](const Object::Field& field) { return field.name == name; }))
        return cli::Reject{"bad-record", "field \"" + name + "\" occurs twice"};
    return std::nullopt;
}

std::string_view find_value(std::string_view json, std::string_view name) {
    Slicer slicer(json);
    std::string found;
    if (!slicer.enter('{')) return {};
    while (slicer.more('}')) {
        if (!read_text(slicer.value(), found) || !slicer.enter(':')) return {};
        const std::string_view value = slicer.value();
        if (found == name) return value;
    }
    return {};
}

std::vector<std::string_view> array_items(std::string_view raw, bool& is_array) {
    std::vector<std::string_view> items;
    Slicer slicer(raw);
    is_array = slicer.enter('[');
    while (is_array && slicer.more(']')) items.push_back(slicer.value());
    return items;
}

bool read_text(std::string_view raw, std::string& value) {
    if (raw.size() < 2 || raw.front() != '"') return false;
    if (raw.find('\\') == raw.npos) {
        value.assign(raw, 1, raw.size() - 2);
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
    if (error == std::errc{} && end == raw.end()) return true;
    constexpr double kExact = 1LL << 53;  // beyond it neighbours of doubles are not integers
    double number = 0;
    if (raw.find_first_of(".eE") == raw.npos || !read_number(raw, number) ||
        std::abs(number) > kExact || number != std::trunc(number))
        return false;
    value = static_cast<std::int64_t>(number);
    return true;
}

void append_float(std::string& out, float value) {
    if (!std::isfinite(value)) {
        out += "null";
        return;
    }
    char text[32];
    out.append(text, std::to_chars(text, text + sizeof text, value).ptr);
}

void append_score(std::string& out, double value) {
    if (!std::isfinite(value)) {
        out += "null";
        return;
    }
    char text[40];
    out.append(text,
               std::to_chars(text, text + sizeof text, value, std::chars_format::general, 6).ptr);
}

void append_integer(std::string& out, std::int64_t value) {
    char text[24];
    out.append(text, std::to_chars(text, text + sizeof text, value).ptr);
}

}  // namespace lip::record
