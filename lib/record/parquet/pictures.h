// Pictures that stand in a Parquet file themselves: Hugging Face's {bytes, path}, or bytes alone.
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace lip::record::parquet {

// "jpg", "png", ... by the first bytes; empty if they are no picture's.
std::string_view picture_ext(std::string_view bytes);

// The bytes of the value at `row`: of the field "bytes", or of the value itself. Valid as long as
// the array; empty if there are none.
std::string_view picture_bytes(const arrow::Array& column, std::int64_t row);

// What a record calls the picture at `row`: its path, or where it has none the hash of its bytes,
// HASH.jpg. Empty if there is neither path nor picture.
std::string picture_name(const arrow::Array& column, std::int64_t row);

}  // namespace lip::record::parquet
