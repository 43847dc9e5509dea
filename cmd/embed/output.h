// Where vectors go: JSON lines with the numbers, or a .npy file with the lines beside it.
#pragma once

#include "cmd/embed/embed.h"
#include "record/file.h"
#include "tensor/npy.h"

#include <ATen/core/Tensor.h>

#include <optional>
#include <string>
#include <string_view>

namespace lip::cmd {

// One thread at a time. Without close() nothing is left under the names of the files.
class VectorOutput {
public:
    // Throws UsageError for .npy to a stream, DataError if a file exists or cannot be made.
    VectorOutput(const EmbedOptions& options, std::int64_t width);

    // `line` is the open JSON object of the row, without "}". vector [D].
    void add(const std::string& line, const at::Tensor& vector);
    // A grid of patches [rows · columns, D]: one line with a list of vectors, or in .npy a row
    // each, with the patch's number in its line.
    void add_patches(const std::string& line, const at::Tensor& vectors);
    void flush();
    void close();

private:
    void append_numbers(const at::Tensor& vector);

    std::optional<tensor::NpyWriter> npy_;
    record::Output lines_;
    at::ScalarType type_;
    std::string buffer_;
    std::vector<at::Tensor> rows_;  // of .npy, not yet written
};

// FILE.rows.jsonl
std::string rows_path(const std::string& output);

}  // namespace lip::cmd
