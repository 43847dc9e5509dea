#include "record/parquet/values.h"

#include "cli/log.h"

#include <arrow/api.h>
#include <arrow/util/float16.h>

#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <stdexcept>

namespace lip::record::parquet {
namespace {

using arrow::Type;

template <class Number>
void append_number(std::string& out, Number value) {
    if constexpr (std::is_floating_point_v<Number>)
        if (!std::isfinite(value)) {
            out += "null";
            return;
        }
    char text[40];
    out.append(text, std::to_chars(text, text + sizeof text, value).ptr);
}

template <class Array>
void append_number_of(std::string& out, const arrow::Array& array, std::int64_t row) {
    append_number(out, static_cast<const Array&>(array).Value(row));
}

template <class Array>
void append_decimal_of(std::string& out, const arrow::Array& array, std::int64_t row) {
    out += static_cast<const Array&>(array).FormatValue(row);
}

void append_half(std::string& out, const arrow::Array& array, std::int64_t row) {
    const std::uint16_t bits = static_cast<const arrow::HalfFloatArray&>(array).Value(row);
    append_number(out, arrow::util::Float16::FromBits(bits).ToFloat());
}

void append_null(std::string& out, const arrow::Array&, std::int64_t) {
    out += "null";
}

void append_bool(std::string& out, const arrow::Array& array, std::int64_t row) {
    out += static_cast<const arrow::BooleanArray&>(array).Value(row) ? "true" : "false";
}

template <class Array>
void append_text_of(std::string& out, const arrow::Array& array, std::int64_t row) {
    cli::append_json_string(out, static_cast<const Array&>(array).GetView(row));
}

template <class Array>
void append_list_of(std::string& out, const arrow::Array& array, std::int64_t row) {
    const auto& list = static_cast<const Array&>(array);
    const std::int64_t begin = list.value_offset(row), size = list.value_length(row);
    out += '[';
    for (std::int64_t i = 0; i < size; ++i) {
        if (i) out += ',';
        append_value(out, *list.values(), begin + i);
    }
    out += ']';
}

// An object; keys that are no texts become texts.
void append_map(std::string& out, const arrow::Array& array, std::int64_t row) {
    const auto& map = static_cast<const arrow::MapArray&>(array);
    const std::int64_t begin = map.value_offset(row), size = map.value_length(row);
    out += '{';
    for (std::int64_t i = 0; i < size; ++i) {
        if (i) out += ',';
        std::string key;
        append_value(key, *map.keys(), begin + i);
        if (key.starts_with('"'))
            out += key;
        else
            cli::append_json_string(out, key);
        out += ':';
        append_value(out, *map.items(), begin + i);
    }
    out += '}';
}

void append_struct(std::string& out, const arrow::Array& array, std::int64_t row) {
    const auto& values = static_cast<const arrow::StructArray&>(array);
    out += '{';
    for (int i = 0; i < values.num_fields(); ++i) {
        if (i) out += ',';
        cli::append_json_string(out, values.struct_type()->field(i)->name());
        out += ':';
        append_value(out, *values.field(i), row);
    }
    out += '}';
}

void append_day(std::string& out, std::int64_t days) {
    namespace time = std::chrono;
    const time::year_month_day day(time::sys_days(time::days(static_cast<time::days::rep>(days))));
    char text[40];
    std::snprintf(text, sizeof text, "%04d-%02u-%02u", static_cast<int>(day.year()),
                  static_cast<unsigned>(day.month()), static_cast<unsigned>(day.day()));
    out += text;
}

std::int64_t units_a_second(arrow::TimeUnit::type unit) {
    switch (unit) {
        case arrow::TimeUnit::SECOND:
            return 1;
        case arrow::TimeUnit::MILLI:
            return 1000;
        case arrow::TimeUnit::MICRO:
            return 1000000;
        case arrow::TimeUnit::NANO:
            break;
    }
    return 1000000000;
}

void append_clock(std::string& out, std::int64_t time, std::int64_t units) {
    const auto s = static_cast<int>(time / units);
    char text[40];
    std::snprintf(text, sizeof text, "%02d:%02d:%02d", s / 3600, s / 60 % 60, s % 60);
    out += text;
    if (const std::int64_t rest = time % units) {
        const std::string digits = std::to_string(units + rest);  // with a 1 in front
        out += '.' + digits.substr(1);
    }
}

void append_moment(std::string& out, const arrow::TimestampArray& array, std::int64_t row) {
    const auto& type = static_cast<const arrow::TimestampType&>(*array.type());
    const std::int64_t units = units_a_second(type.unit()), day = 86400 * units;
    const std::int64_t value = array.Value(row);
    std::int64_t days = value / day, rest = value % day;
    if (rest < 0) --days, rest += day;
    out += '"';
    append_day(out, days);
    out += 'T';
    append_clock(out, rest, units);
    out += type.timezone().empty() ? "\"" : "Z\"";  // with a zone the value is in UTC
}

// Values that are written as a text of ISO 8601.
void append_time(std::string& out, const arrow::Array& array, std::int64_t row) {
    if (array.type_id() == Type::TIMESTAMP)
        return append_moment(out, static_cast<const arrow::TimestampArray&>(array), row);
    out += '"';
    if (array.type_id() == Type::DATE32)
        append_day(out, static_cast<const arrow::Date32Array&>(array).Value(row));
    else if (array.type_id() == Type::DATE64)
        append_day(out, static_cast<const arrow::Date64Array&>(array).Value(row) / 86400000);
    else if (array.type_id() == Type::TIME32)
        append_clock(out, static_cast<const arrow::Time32Array&>(array).Value(row),
                     units_a_second(static_cast<const arrow::Time32Type&>(*array.type()).unit()));
    else
        append_clock(out, static_cast<const arrow::Time64Array&>(array).Value(row),
                     units_a_second(static_cast<const arrow::Time64Type&>(*array.type()).unit()));
    out += '"';
}

void append_coded(std::string& out, const arrow::Array& array, std::int64_t row) {
    const auto& coded = static_cast<const arrow::DictionaryArray&>(array);
    append_value(out, *coded.dictionary(), coded.GetValueIndex(row));
}

void append_extension(std::string& out, const arrow::Array& array, std::int64_t row) {
    append_value(out, *static_cast<const arrow::ExtensionArray&>(array).storage(), row);
}

using Append = void (*)(std::string& out, const arrow::Array& array, std::int64_t row);

struct ValueType {
    Type::type id;
    Append append;
};

constexpr ValueType kValueTypes[] = {
    {Type::NA, append_null},
    {Type::BOOL, append_bool},
    {Type::INT8, append_number_of<arrow::Int8Array>},
    {Type::INT16, append_number_of<arrow::Int16Array>},
    {Type::INT32, append_number_of<arrow::Int32Array>},
    {Type::INT64, append_number_of<arrow::Int64Array>},
    {Type::UINT8, append_number_of<arrow::UInt8Array>},
    {Type::UINT16, append_number_of<arrow::UInt16Array>},
    {Type::UINT32, append_number_of<arrow::UInt32Array>},
    {Type::UINT64, append_number_of<arrow::UInt64Array>},
    {Type::HALF_FLOAT, append_half},
    {Type::FLOAT, append_number_of<arrow::FloatArray>},
    {Type::DOUBLE, append_number_of<arrow::DoubleArray>},
    {Type::DECIMAL32, append_decimal_of<arrow::Decimal32Array>},
    {Type::DECIMAL64, append_decimal_of<arrow::Decimal64Array>},
    {Type::DECIMAL128, append_decimal_of<arrow::Decimal128Array>},
    {Type::DECIMAL256, append_decimal_of<arrow::Decimal256Array>},
    {Type::STRING, append_text_of<arrow::BinaryArray>},
    {Type::BINARY, append_text_of<arrow::BinaryArray>},
    {Type::LARGE_STRING, append_text_of<arrow::LargeBinaryArray>},
    {Type::LARGE_BINARY, append_text_of<arrow::LargeBinaryArray>},
    {Type::STRING_VIEW, append_text_of<arrow::BinaryViewArray>},
    {Type::BINARY_VIEW, append_text_of<arrow::BinaryViewArray>},
    {Type::FIXED_SIZE_BINARY, append_text_of<arrow::FixedSizeBinaryArray>},
    {Type::DATE32, append_time},
    {Type::DATE64, append_time},
    {Type::TIME32, append_time},
    {Type::TIME64, append_time},
    {Type::TIMESTAMP, append_time},
    {Type::LIST, append_list_of<arrow::ListArray>},
    {Type::LARGE_LIST, append_list_of<arrow::LargeListArray>},
    {Type::FIXED_SIZE_LIST, append_list_of<arrow::FixedSizeListArray>},
    {Type::MAP, append_map},
    {Type::STRUCT, append_struct},
    {Type::DICTIONARY, append_coded},
    {Type::EXTENSION, append_extension},
};

// By type id, so that a value costs no search; null where a type has no place in JSON.
constexpr auto kAppend = [] {
    std::array<Append, Type::MAX_ID> by_id{};
    for (const ValueType& type : kValueTypes) by_id[type.id] = type.append;
    return by_id;
}();

}  // namespace

Fit fit_of(const arrow::DataType& type) {
    switch (type.id()) {
        case Type::DICTIONARY:
            return fit_of(*static_cast<const arrow::DictionaryType&>(type).value_type());
        case Type::EXTENSION:
            return fit_of(*static_cast<const arrow::ExtensionType&>(type).storage_type());
        case Type::BINARY:
        case Type::LARGE_BINARY:
        case Type::BINARY_VIEW:
        case Type::FIXED_SIZE_BINARY:
            return Fit::kBytes;
        case Type::DURATION:
        case Type::INTERVAL_MONTHS:
        case Type::INTERVAL_DAY_TIME:
        case Type::INTERVAL_MONTH_DAY_NANO:
        case Type::SPARSE_UNION:
        case Type::DENSE_UNION:
        case Type::RUN_END_ENCODED:
        case Type::LIST_VIEW:
        case Type::LARGE_LIST_VIEW:
        case Type::MAX_ID:
            return Fit::kNone;
        default:
            return Fit::kValue;
    }
}

void append_value(std::string& out, const arrow::Array& array, std::int64_t row) {
    if (array.IsNull(row)) return append_null(out, array, row);
    const Append append = kAppend[array.type_id()];
    if (!append) throw std::runtime_error("a value of the type " + array.type()->ToString());
    append(out, array, row);
}

}  // namespace lip::record::parquet
