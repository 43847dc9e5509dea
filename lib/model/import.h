// A model of another library whole: configuration, weights and tokenizer.
#pragma once

#include "model/foreign.h"
#include "text/tokenizer.h"

#include <memory>
#include <string>
#include <vector>

namespace lip::model {

struct ImportedModel {
    ModelConfig config;
    tensor::NamedTensors tensors;  // ours by name, shape and order of the configuration
    std::shared_ptr<const text::Tokenizer> tokenizer;
    std::string format;
    std::vector<std::string> left_out, notes;
};

// Is it something that import_model reads, rather than a checkpoint of ours or a run folder?
bool is_foreign(const std::filesystem::path& path);

// Reads what read_foreign reads and the tokenizer beside it, or that in the file `tokenizer`. Texts
// are cleaned as the library of the model does it, whatever files of other libraries lie beside.
// Throws DataError and UsageError.
ImportedModel import_model(const std::filesystem::path& path, const ForeignOptions& options,
                           const std::string& tokenizer);

// Throws DataError naming a tensor with numbers that are not finite: such weights have no vectors.
void check_finite(const tensor::NamedTensors& tensors, const std::string& where);

}  // namespace lip::model
