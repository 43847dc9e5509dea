// A JSON object with its fields as they stood: names, and values as raw JSON text. What a tool does
// not know passes through it unchanged and in order.
#pragma once

#include "cli/error.h"

#include <cstdint>
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
};

// Parses one JSON object completely (strict JSON, UTF-8, at most 512 levels). The reject is
// "bad-json"; a name that stands twice is "bad-record". Values of an object that goes on over
// several lines lose the white space between their parts; all others are the bytes they were.
cli::Result<Object> parse_object(std::string_view json);

// The same for text that is a value of an object that was parsed: it is not checked again.
cli::Result<Object> slice_object(std::string_view json);

// The elements of a JSON array that was checked, as raw texts; nothing if it is not an array.
std::vector<std::string> array_items(std::string_view raw, bool& is_array);

// Readers of single raw values. False if the value is of another type.
bool read_text(std::string_view raw, std::string& value);
bool read_number(std::string_view raw, double& value);
bool read_integer(std::string_view raw, std::int64_t& value);

// Shortest decimal that reads back to the same float32; scores with 6 digits.
void append_float(std::string& out, float value);
void append_score(std::string& out, double value);
void append_integer(std::string& out, std::int64_t value);

}  // namespace lip::record
