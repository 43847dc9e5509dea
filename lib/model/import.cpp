#include "model/import.h"

#include "cli/error.h"
#include "model/checkpoint.h"
#include "record/file.h"
#include "text/tokenizer_config.h"

#include <ATen/ATen.h>

namespace lip::model {
namespace {

namespace fs = std::filesystem;

// A tokenizer_config.json that we wrote, or any with the key.
bool says_clean(const fs::path& folder) {
    const fs::path own = folder / text::kTokenizerConfigFile;
    return fs::exists(own) &&
           record::read_file(own.string(), 1 << 20).find("\"clean\"") != std::string::npos;
}

text::Clean clean_of_open_clip(const TextConfig& text) {
    const bool is_plain = !text.has_hf_tokenizer && text.clean == "lower";
    if (text.clean == "canonicalize" || (text.is_padded() && is_plain))
        return text::Clean::kCanonicalize;  // the architectures of SigLIP that we know by name
    return text.clean == "whitespace" ? text::Clean::kWhitespace : text::Clean::kOpenClip;
}

// The tokenizer named, or the one beside the weights.
std::unique_ptr<text::Tokenizer> tokenizer_of(const std::string& file, ForeignModel& foreign,
                                              const std::string& where) {
    const bool given = !file.empty();
    if (!given && foreign.is_bare && text::tokenizer_in(foreign.folder).empty())
        throw cli::UsageError(where +
                              ": bare weights have no tokenizer, and none lies beside them (" +
                              text::tokenizer_files() + "; --tokenizer FILE names one)");
    const fs::path path = given ? fs::path(file) : foreign.folder;
    const fs::path folder = fs::is_directory(path) ? path : path.parent_path();
    text::TokenizerOptions rules;
    const TextConfig& config = foreign.config.text;
    // SigLIP's rules, unless the tokenizer has its own beside it.
    if (config.is_padded() && !fs::exists(folder / text::kTokenizerConfigFile))
        rules = text::siglip_options();
    // Texts are cleaned as the library of the model does it, whatever files of Hugging Face's lie
    // beside: many of open_clip's folders have them. Ours say it in a file of their own.
    const bool is_ours = fs::exists(folder / "tokenizer.model") && !config.has_hf_tokenizer;
    if (!foreign.is_hf && !says_clean(folder) && (config.is_padded() || (!given && !is_ours)))
        rules.clean = clean_of_open_clip(config);
    if (!given && foreign.is_bare)
        foreign.notes.push_back("the tokenizer is " + text::tokenizer_in(folder).string());
    auto tokenizer = text::load_tokenizer(path.string(), rules);
    if (tokenizer->vocab_size() > foreign.config.text.vocab_size)
        throw cli::DataError(
            path.string() + ": the tokenizer has " + std::to_string(tokenizer->vocab_size()) +
            " entries, but the model has only " + std::to_string(foreign.config.text.vocab_size));
    return tokenizer;
}

// Of a model whose configuration has no name: its folder's or its file's.
std::string name_of_source(const std::string& path) {
    const fs::path whole = fs::absolute(path).lexically_normal();
    return (whole.has_filename() ? whole : whole.parent_path()).stem().string();
}

}  // namespace

void check_finite(const tensor::NamedTensors& tensors, const std::string& where) {
    for (const auto& [name, value] : tensors)
        if (value.is_floating_point() && !value.isfinite().all().item<bool>())
            throw cli::DataError(where + ": " + name +
                                 " holds numbers that are not finite (the training of this model "
                                 "has failed; an earlier checkpoint may be sound)");
}

bool is_foreign(const fs::path& path) {
    if (!fs::is_directory(path)) return fs::exists(path);
    if (fs::exists(path / "open_clip_config.json")) return true;
    if (!fs::is_regular_file(path / "config.json")) return false;
    return is_hf_config(record::read_file((path / "config.json").string(), 1 << 20));
}

ImportedModel import_model(const fs::path& path, const ForeignOptions& options,
                           const std::string& tokenizer) {
    ForeignModel foreign = read_foreign(path, options);
    check_finite(foreign.tensors, path.string());
    ImportedModel model;
    model.tokenizer = tokenizer_of(tokenizer, foreign, path.string());
    model.config = std::move(foreign.config);
    if (foreign.is_named) model.config.text.eos_id = model.tokenizer->end_id();
    if (model.config.text.is_padded()) model.config.text.pad_id = model.tokenizer->pad_id();
    model.config.text.tokenizer = model.tokenizer->kind();
    if (model.config.name.empty()) model.config.name = name_of_source(path.string());
    model.tensors = std::move(foreign.tensors);
    model.format = std::move(foreign.format);
    model.left_out = std::move(foreign.left_out);
    model.notes = std::move(foreign.notes);
    return model;
}

}  // namespace lip::model
