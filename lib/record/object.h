// A JSON object with its fields as they stood: names, and values as raw JSON text. What a tool does
// not know passes through it unchanged and in order.
#pragma once

#include "cli/error.h"
#include "record/slicer.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace lip::record {

class Object {
public:
    struct Field {
        std::string name;
        std::string raw;  // JSON text of the value
    };

    // nullptr if there is no such field. Valid until the object changes.
    const std::string* find(std::string_view name) const;
    // Replaces the value in its place, or adds the field at the end.
    void set(std::string_view name, std::string raw);
    void set_text(std::string_view name, std::string_view value);
    void append_json(std::string& out) const;

    std::vector<Field> fields;
    bool replaced = false;  // characters of its text became U+FFFD (mend_json)
};

// Parses one JSON object completely (at most 512 levels). What programs write that is no JSON is
// mended first (mend_json). The reject is "bad-json"; a name that stands twice is "bad-record".
// Values of an object that goes on over several lines lose the white space between their parts; all
// others are the bytes they were, numbers of any size among them.
cli::Result<Object> parse_object(std::string_view json);

// The same for text that is a value of an object that was parsed: it is not checked again.
cli::Result<Object> slice_object(std::string_view json);

// The check of parse_object alone. Gives the object's text without line ends: a part of `json`, or
// of `buffer`.
struct CheckedObject {
    std::string_view text;
    bool replaced = false;  // as in Object
};
cli::Result<CheckedObject> check_object(std::string_view json, std::string& buffer);

// Takes the name of the next field and its colon; rejects a name that `object` has.
std::optional<cli::Reject> slice_name(Slicer& slicer, const Object& object, std::string& name);

// Adds the fields of the object that comes next to `object`. Of each field read_value(name) is
// asked first: true says that it has stepped over the value itself.
template <class ReadValue>
std::optional<cli::Reject> slice_fields(Slicer& slicer, Object& object, ReadValue&& read_value) {
    if (!slicer.enter('{')) return cli::Reject{"bad-json", "not a JSON object"};
    object.fields.reserve(8);
    while (slicer.more('}')) {
        std::string name;
        if (auto reject = slice_name(slicer, object, name)) return reject;
        const std::size_t begin = slicer.position();
        const std::string_view raw =
            read_value(std::string_view(name)) ? slicer.since(begin) : slicer.value();
        object.fields.push_back({std::move(name), std::string(raw)});
    }
    return std::nullopt;
}

// The raw value of the first field of this name in an object that was checked; empty: none.
std::string_view find_value(std::string_view json, std::string_view name);

// The elements of a JSON array that was checked, as parts of `raw`; nothing if it is not an array.
std::vector<std::string_view> array_items(std::string_view raw, bool& is_array);

// Readers of single raw values. False if the value is of another type. 640.0 is an integer too:
// pandas writes a column of integers with gaps so.
bool read_text(std::string_view raw, std::string& value);
bool read_number(std::string_view raw, double& value);
bool read_integer(std::string_view raw, std::int64_t& value);

// Shortest decimal that reads back to the same float32; scores with 6 digits. null for what is not
// finite, which JSON cannot hold.
void append_float(std::string& out, float value);
void append_score(std::string& out, double value);
void append_integer(std::string& out, std::int64_t value);

}  // namespace lip::record
