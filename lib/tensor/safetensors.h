// The safetensors format: 8 bytes of header length, a JSON header, the tensors' bytes.
#pragma once

#include <ATen/core/Tensor.h>

#include <map>
#include <string>
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

}  // namespace lip::tensor
