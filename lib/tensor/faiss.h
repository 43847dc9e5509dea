// FAISS's flat indexes: a header of 45 bytes, then the vectors as float32 (doc/vectors.md).
#pragma once

#include "tensor/vectors.h"

namespace lip::tensor {

// An index of any kind.
bool is_faiss(std::string_view head);

// The header of an IndexFlatIP, whose score is the inner product. Requires float32.
std::string faiss_header(const RowsShape& shape);

// Where the vectors of an IndexFlatIP or IndexFlatL2 stand. Throws DataError for an index of
// another kind, which holds no vectors or altered ones, and for a header that contradicts itself.
RowsPlace find_faiss_rows(const InputFile& file);

}  // namespace lip::tensor
