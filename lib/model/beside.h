// What lies beside a file of weights and says which model they are.
#pragma once

#include "model/config.h"

#include <filesystem>
#include <optional>
#include <string>

namespace lip::model {

struct Beside {
    ModelConfig config;
    std::filesystem::path file;  // that said so
    bool is_hf = false;          // a configuration of Hugging Face: texts are cleaned as there
    bool is_named = false;       // no more than the name of an architecture
};

// The first there is of
// - open_clip_config.json, and config.json of Hugging Face or of ours, in the folder of the file;
//   with `hf_names`, of weights that have Hugging Face's names, config.json first;
// - params.txt, the options of a training run of open_clip, there or in the folder above.
// Throws DataError naming the file that cannot be used.
std::optional<Beside> find_beside(const std::filesystem::path& weights, bool hf_names);

// The architecture that a params.txt names: "name: value" lines, as open_clip's training writes
// its options. Throws DataError naming `where`.
ModelConfig parse_params(const std::string& text, const std::string& where);

}  // namespace lip::model
