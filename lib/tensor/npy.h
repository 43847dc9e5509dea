// NumPy's .npy files: two axes, float32 or float16, C order.
#pragma once

#include "record/file.h"

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>

namespace lip::tensor {

// Writes rows as they come; the header is filled in by close(). One thread at a time.
class NpyWriter {
public:
    NpyWriter(const std::string& path, at::ScalarType type, bool force);  // kFloat or kHalf
    // rows [n, width], width the same in every call.
    void add(const at::Tensor& rows);
    void close();
    std::int64_t rows() const { return rows_; }

private:
    std::string header() const;

    record::Output output_;
    at::ScalarType type_;
    std::int64_t rows_ = 0, width_ = 0;
};

// Reads a file of two axes, "<f4" or "<f2", as float32. Throws DataError for anything else, a cut
// file, or numbers that are not finite.
at::Tensor read_npy(const std::string& path);

}  // namespace lip::tensor
