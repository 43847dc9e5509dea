// Any bytes as a file of vectors (.npy, safetensors, FAISS): read_vectors gives finite rows of one
// width, no more than the file has bytes for, or a DataError; rows come back from every format.
#include "cli/error.h"
#include "tensor/safetensors.h"
#include "tensor/vectors.h"
#include "tests/fuzz/memory_file.h"
#include "tests/fuzz/require.h"

#include <ATen/ATen.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace {

using namespace lip;

void check_comes_back(const MemoryFile& file, const at::Tensor& rows) {
    const tensor::RowsShape shape{rows.size(0), rows.size(1), at::kFloat};
    const std::string_view numbers(static_cast<const char*>(rows.const_data_ptr()), rows.nbytes());
    for (const tensor::VectorFormat& format : tensor::vector_formats()) {
        file.fill(format.header(shape).append(numbers));
        require(tensor::is_vector_file(file.path()), "what is written is known as vectors");
        require(tensor::read_vectors(file.path()).equal(rows), "rows come back as they were");
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const MemoryFile file;
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    file.fill(bytes);
    try {
        const bool is_known = tensor::is_vector_file(file.path());
        const at::Tensor rows = tensor::read_vectors(file.path()).contiguous();
        require(is_known, "what can be read is known as vectors");
        require(rows.dim() == 2 && rows.scalar_type() == at::kFloat, "rows of float32");
        require(rows.isfinite().all().item<bool>(), "all numbers are finite");
        // The shortest number that counts as a vector's has two bytes.
        require(static_cast<std::uint64_t>(rows.numel()) * 2 <= size, "as many as the file has");
        if (rows.size(0) > 0) check_comes_back(file, rows);
    } catch (const cli::DataError&) {
    }
    // Tensors of all types, as checkpoints have them.
    file.fill(bytes);
    try {
        std::uint64_t total = 0;
        for (const auto& [name, value] : tensor::read_safetensors(file.path()))
            total += value.nbytes();
        require(total <= size, "no more bytes than the file has");
    } catch (const cli::DataError&) {
    }
    return 0;
}
