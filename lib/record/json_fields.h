// What the formats of JSON objects that are more than columns have in common.
#pragma once

#include "record/json_rows.h"
#include "record/object.h"

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace lip::record {

// Values of fields: a text as it is, another value as its JSON, nothing for null and what is not
// there; the elements of a list, as JSON; a number.
std::string text_of(const Object& object, std::string_view name);
std::vector<std::string> list_of(const Object& object, std::string_view name);
bool number_of(const Object& object, std::string_view name, double& value);

// Adds the fields that were not used.
void keep_others(Record& record, Object& object, std::initializer_list<std::string_view> used);

// The source that a caption has: as --caption says for the field, else `source`.
Column caption_column(const ImportSettings& settings, std::string_view field,
                      std::string_view source, std::string_view form);

// Makes a record of an object; parses the object first.
using Make = cli::Result<Record> (*)(Object&, const ImportSettings&);
Convert with(Make make, const ImportSettings& settings);

}  // namespace lip::record
