// The safetensors format: 8 bytes of header length, a JSON header, the tensors' bytes.
#pragma once

#include "tensor/vectors.h"

#include <ATen/core/Tensor.h>

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace lip::tensor {

using NamedTensors = std::vector<std::pair<std::string, at::Tensor>>;

// Writes the tensors in the given order (moved to the CPU, contiguous); complete or not at all.
// Throws DataError.
void write_safetensors(const std::string& path, const NamedTensors& tensors,
                       const std::map<std::string, std::string>& metadata, bool force);

// Reads all tensors, in the order of their bytes. Throws DataError for a header that is too long or
// no JSON, ranges that overlap, have holes or leave the file, and sizes that do not fit the shape.
NamedTensors read_safetensors(const std::string& path,
                              std::map<std::string, std::string>* metadata = nullptr);

// Vectors as the tensor "embeddings" (tensor/vectors.h).
bool is_safetensors(std::string_view head);          // at least the first 9 bytes
std::string vectors_header(const RowsShape& shape);  // 128 bytes, whatever the shape is
// The tensor "embeddings", or the only one there is. Throws as read_safetensors does, and for a
// tensor that has not two axes of floating-point numbers.
at::Tensor read_vectors_tensor(const std::string& path);

}  // namespace lip::tensor
