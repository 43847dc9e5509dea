#include "tensor/vectors.h"

#include "cli/error.h"
#include "tensor/faiss.h"
#include "tensor/npy.h"
#include "tensor/safetensors.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <filesystem>

namespace lip::tensor {
namespace {

constexpr VectorFormat kVectorFormats[] = {{"npy", true, npy_header},
                                           {"safetensors", true, vectors_header},
                                           {"faiss", false, faiss_header}};

at::Tensor read_rows(const InputFile& file, const RowsPlace& place) {
    const auto& [rows, width, type] = place.shape;
    const std::uint64_t row_bytes = static_cast<std::uint64_t>(width) * c10::elementSize(type);
    const std::uint64_t there = file.size() - place.offset;
    if (there % row_bytes != 0 || there / row_bytes != static_cast<std::uint64_t>(rows))
        throw cli::DataError(file.path() + ": has " + std::to_string(there) +
                             " bytes of numbers, expected " + std::to_string(rows) + " rows of " +
                             std::to_string(row_bytes) + " bytes (is it truncated?)");
    at::Tensor values = at::empty({rows, width}, at::TensorOptions(type));
    file.read(values.mutable_data_ptr(), there, place.offset);
    return values;
}

}  // namespace

std::span<const VectorFormat> vector_formats() {
    return kVectorFormats;
}

VectorWriter::VectorWriter(const std::string& path, const VectorFormat& format, at::ScalarType type,
                           std::int64_t width, bool force)
    : format_(format), shape_{0, width, type}, output_(path, force) {
    if (output_.is_stream())
        throw cli::UsageError(
            "--format " + std::string(format.name) + ": " + path +
            " must be a regular file, because the header is written last (-o FILE)");
    output_.write(format_.header(shape_));
}

void VectorWriter::add(const at::Tensor& rows) {
    TORCH_INTERNAL_ASSERT(rows.dim() == 2 && rows.size(1) == shape_.width);
    const at::Tensor plain = rows.detach().to(at::kCPU).to(shape_.type).contiguous();
    shape_.rows += plain.size(0);
    output_.write({static_cast<const char*>(plain.const_data_ptr()), plain.nbytes()});
}

void VectorWriter::close() {
    output_.write_at(format_.header(shape_), 0);
    output_.close();
}

bool is_vector_file(const std::string& path) {
    if (!std::filesystem::is_regular_file(path)) return false;
    const std::string head = InputFile(path).head(12);
    return is_npy(head) || is_safetensors(head) || is_faiss(head);
}

at::Tensor read_vectors(const std::string& path) {
    const InputFile file(path);
    const std::string head = file.head(12);
    at::Tensor values;
    if (is_npy(head))
        values = read_rows(file, find_npy_rows(file));
    else if (is_safetensors(head))
        values = read_vectors_tensor(path);
    else if (is_faiss(head))
        values = read_rows(file, find_faiss_rows(file));
    else
        throw cli::DataError(path + ": neither a .npy nor a safetensors file, nor a FAISS index");
    values = values.to(at::kFloat);
    check_finite(values, path);
    return values;
}

void check_finite(const at::Tensor& rows, const std::string& name) {
    constexpr std::int64_t kAtOnce = 4096;  // the test makes copies of what it looks at
    for (std::int64_t begin = 0; begin < rows.size(0); begin += kAtOnce) {
        const at::Tensor some = rows.narrow(0, begin, std::min(kAtOnce, rows.size(0) - begin));
        const at::Tensor bad = some.isfinite().all(/*dim=*/1).logical_not();  // [n]
        if (!bad.any().item<bool>()) continue;
        const auto row = begin + bad.to(at::kByte).argmax().item<std::int64_t>();
        throw cli::DataError(name + ": row " + std::to_string(row + 1) +
                             " has numbers that are not finite [bad-embedding]");
    }
}

}  // namespace lip::tensor
