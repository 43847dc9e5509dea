// NumPy's .npy files: two axes, float32 or float16, C order.
#pragma once

#include "tensor/vectors.h"

namespace lip::tensor {

bool is_npy(std::string_view head);

// 128 bytes, whatever the shape is.
std::string npy_header(const RowsShape& shape);

// Where the rows of a file stand. Throws DataError if it is no .npy file of "<f4" or "<f2", two
// axes and C order.
RowsPlace find_npy_rows(const InputFile& file);

}  // namespace lip::tensor
