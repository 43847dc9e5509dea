#include "record/parquet/pictures.h"

#include <arrow/api.h>

#include <cstdio>

#define XXH_INLINE_ALL  // the module has no other use for the library
#include <xxhash.h>

namespace lip::record::parquet {
namespace {

struct Magic {
    std::size_t at;
    std::string_view bytes, ext;
};
constexpr Magic kMagics[] = {{0, "\xFF\xD8\xFF", "jpg"},
                             {0, "\x89PNG\r\n\x1A\n", "png"},
                             {8, "WEBP", "webp"},
                             {0, "GIF8", "gif"},
                             {4, "ftypavif", "avif"},
                             {4, "ftypheic", "heic"},
                             {0, "II*\0", "tif"},
                             {0, "MM\0*", "tif"},
                             {0, "BM", "bmp"}};

// Of texts and bytes.
std::string_view view_at(const arrow::Array& array, std::int64_t row) {
    using arrow::Type;
    if (array.IsNull(row)) return {};
    switch (array.type_id()) {
        case Type::STRING:
        case Type::BINARY:
            return static_cast<const arrow::BinaryArray&>(array).GetView(row);
        case Type::LARGE_STRING:
        case Type::LARGE_BINARY:
            return static_cast<const arrow::LargeBinaryArray&>(array).GetView(row);
        case Type::STRING_VIEW:
        case Type::BINARY_VIEW:
            return static_cast<const arrow::BinaryViewArray&>(array).GetView(row);
        case Type::FIXED_SIZE_BINARY:
            return static_cast<const arrow::FixedSizeBinaryArray&>(array).GetView(row);
        case Type::DICTIONARY: {
            const auto& coded = static_cast<const arrow::DictionaryArray&>(array);
            return view_at(*coded.dictionary(), coded.GetValueIndex(row));
        }
        case Type::EXTENSION:
            return view_at(*static_cast<const arrow::ExtensionArray&>(array).storage(), row);
        default:
            return {};
    }
}

std::string_view field_at(const arrow::Array& column, const char* name, std::int64_t row) {
    if (column.type_id() != arrow::Type::STRUCT || column.IsNull(row)) return {};
    const auto& values = static_cast<const arrow::StructArray&>(column);
    const int index = values.struct_type()->GetFieldIndex(name);
    return index < 0 ? std::string_view() : view_at(*values.field(index), row);
}

}  // namespace

std::string_view picture_ext(std::string_view bytes) {
    for (const Magic& magic : kMagics)
        if (bytes.size() > 16 && bytes.substr(magic.at, magic.bytes.size()) == magic.bytes)
            return magic.ext;
    return {};
}

std::string_view picture_bytes(const arrow::Array& column, std::int64_t row) {
    return column.type_id() == arrow::Type::STRUCT ? field_at(column, "bytes", row)
                                                   : view_at(column, row);
}

std::string picture_name(const arrow::Array& column, std::int64_t row) {
    const std::string_view path = field_at(column, "path", row);
    if (!path.empty()) return std::string(path);
    const std::string_view bytes = picture_bytes(column, row);
    if (bytes.empty()) return {};
    const XXH128_hash_t hash = XXH3_128bits(bytes.data(), bytes.size());
    char digits[40];
    std::snprintf(digits, sizeof digits, "%016llx%016llx",
                  static_cast<unsigned long long>(hash.high64),
                  static_cast<unsigned long long>(hash.low64));
    const std::string_view ext = picture_ext(bytes);
    return std::string(digits) + "." + std::string(ext.empty() ? "bin" : ext);
}

}  // namespace lip::record::parquet
