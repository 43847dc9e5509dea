// What embed(1) and clip-retrieval write, read again: vectors, and what each is of.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace lip::cmd {

struct RowLabel {
    std::string key;
    std::int64_t caption = 0;    // index in the record
    std::int64_t part = -1;      // of the sentence or phrase in the caption, -1: a caption
    std::string_view part_name;  // "sentence", "phrase"; a literal
    std::string text;            // if it is wanted
    std::uint64_t line = 0;      // in the file of the labels
};

struct VectorRows {
    std::string file;              // of the labels, or the folder that has them
    at::Tensor values;             // [N, D] float32, finite
    std::vector<RowLabel> labels;  // N
    bool is_uniform = false;       // images of a Llip model, mixed for no text

    // "FILE:LINE", for messages.
    std::string place(std::size_t row) const {
        return file + ":" + std::to_string(labels[row].line);
    }
};

// Reads what lies under `path`, found by its content: a .npy, safetensors or FAISS file with
// PATH.rows.jsonl beside it, JSON lines of embed(1) (also from a pipe, "-" is standard input), or a
// folder of clip-retrieval. `kind` is "image" or "text", which the rows must be. Throws DataError
// for files that cannot be read, are cut, contradict themselves or do not belong together, and for
// vectors that are not finite or not of one width (bad-embedding).
VectorRows read_vector_rows(const std::string& path, std::string_view kind, bool keep_text);

}  // namespace lip::cmd
