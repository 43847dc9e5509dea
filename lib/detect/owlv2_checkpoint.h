// OWLv2 on disk: a checkpoint of ours (checkpoint(5)), or a folder of Hugging Face.
#pragma once

#include "detect/owlv2.h"
#include "text/tokenizer.h"

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace lip::detect {

struct LoadedOwlv2 {
    std::unique_ptr<Owlv2> model;
    std::unique_ptr<text::Tokenizer> tokenizer;
    std::filesystem::path folder;
    std::vector<std::string> left_out;  // weights of Hugging Face that detection has no place for
};

// Of both kinds of folders. Throws DataError naming file and key.
model::ModelConfig read_owlv2_config(const std::filesystem::path& folder);
// Throws DataError listing all tensors that are missing or of another shape, by the names they have
// in the file. `tokenizer`: a file or folder in place of the one beside the weights.
LoadedOwlv2 load_owlv2(const std::filesystem::path& folder, c10::Device device,
                       const std::string& tokenizer = {});

// Writes config, weights and tokenizer into an existing folder, and the checksums of all in it.
void save_owlv2(const std::filesystem::path& folder, const Owlv2& model,
                const text::Tokenizer& tokenizer, const std::string& provenance);

}  // namespace lip::detect
