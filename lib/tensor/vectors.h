// Files of vectors: rows of one width, as NumPy, safetensors or FAISS has them. Formats:
// doc/vectors.md.
#pragma once

#include "record/file.h"
#include "tensor/input_file.h"

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace lip::tensor {

struct RowsShape {
    std::int64_t rows = 0, width = 0;
    at::ScalarType type = at::kFloat;  // kFloat or kHalf; of .npy also kDouble
};

// Rows that stand in a file one after the other, up to its end.
struct RowsPlace {
    RowsShape shape;
    std::uint64_t offset = 0;
};

// A format that is a header and then the rows. The header has one size for all shapes: it is
// written first with no rows and again when they are known.
struct VectorFormat {
    std::string_view name;
    bool has_half;  // can hold 16-bit numbers
    std::string (*header)(const RowsShape& shape);
};
std::span<const VectorFormat> vector_formats();

// Writes rows as they come; the header is filled in by close(). Without close() nothing is left
// under the name of the file. One thread at a time.
class VectorWriter {
public:
    // `type` is kFloat, or kHalf if the format has it. Throws UsageError if `path` is a stream,
    // DataError if it exists or cannot be made.
    VectorWriter(const std::string& path, const VectorFormat& format, at::ScalarType type,
                 std::int64_t width, bool force);
    // rows [n, width].
    void add(const at::Tensor& rows);
    void close();
    std::int64_t rows() const { return shape_.rows; }

private:
    const VectorFormat& format_;
    RowsShape shape_;
    record::Output output_;
};

// Is it one of the formats above, by its first bytes? A file that is neither plain nor there is
// none.
bool is_vector_file(const std::string& path);

// Reads all rows as float32 [N, D]. Throws DataError for a file of another kind, a header that
// contradicts itself or the size of the file, and numbers that are not finite (bad-embedding).
at::Tensor read_vectors(const std::string& path);

// Throws DataError (bad-embedding) with the first row, counted from 1, that has a number that is
// not finite. rows [N, D].
void check_finite(const at::Tensor& rows, const std::string& name);

}  // namespace lip::tensor
