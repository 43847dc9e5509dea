// What Arrow's calls return, as exceptions.
#pragma once

#include <arrow/result.h>
#include <arrow/status.h>

#include <stdexcept>
#include <utility>

namespace lip::record::parquet {

inline void check(const arrow::Status& status) {
    if (!status.ok()) throw std::runtime_error(status.message());
}
template <class Value>
Value check(arrow::Result<Value> result) {
    check(result.status());
    return std::move(result).ValueUnsafe();
}

}  // namespace lip::record::parquet
