// Where vectors go: JSON lines with the numbers; a file of vectors with the lines beside it; or the
// folder of clip-retrieval.
#pragma once

#include "cmd/embed/embed.h"

#include <ATen/core/Tensor.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lip::cmd {

// The values of --format that are no files of vectors (tensor/vectors.h).
inline constexpr std::string_view kJsonLines = "jsonl", kClipRetrieval = "clip-retrieval";

// What a row is, but for its numbers.
struct VectorRow {
    std::string key;
    std::string image_path;               // of the image's file; the key if there is none
    std::string text;                     // of texts
    std::int64_t caption = -1;            // index in the record; -1: a text of no record
    std::int64_t part = -1;               // of the sentence or phrase in the caption; -1: none
    const char* part_name = "sentence";   // or "phrase"
    std::int64_t grid = 0;                // of patches: rows, and columns
    std::optional<std::int64_t> layer{};  // of patches: the block they are of
    bool is_uniform = false;              // of images of a Llip model: mixed for no text
    std::string region{};                 // of regions: record::append_region_place
    std::optional<std::int64_t> given{};  // of images mixed for `text`: its number
};

// One thread at a time. Without close() nothing is left under the names of the files.
class VectorOutput {
public:
    virtual ~VectorOutput() = default;
    // vectors [1, D], or of patches [grid · grid, D], or of mixture tokens [2 K, D], keys first.
    virtual void add(const VectorRow& row, const at::Tensor& vectors) = 0;
    // What was added goes to the files.
    virtual void flush() = 0;
    virtual void close() = 0;
};

// Throws DataError if a file exists or cannot be made.
std::unique_ptr<VectorOutput> make_vector_output(const EmbedOptions& options, std::int64_t width);

// Throws UsageError if the format cannot hold what is asked for.
void check_format(const EmbedOptions& options);

// Before a model is loaded: throws as make_vector_output would.
void check_vector_output(const EmbedOptions& options);

// The names of all that is written, for a message.
std::string vector_output_names(const EmbedOptions& options);

}  // namespace lip::cmd
