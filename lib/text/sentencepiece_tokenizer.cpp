#include "text/tokenizer.h"
#include "text/tokenizer_config.h"

#include "cli/error.h"

#include <sentencepiece_processor.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

namespace lip::text {
namespace {

class SentencePiece final : public Tokenizer {
public:
    SentencePiece(std::string bytes, const std::string& path, const TokenizerOptions& options)
        : options_(options), has_begin_(options.begin.value_or(true)), bytes_(std::move(bytes)) {
        const auto status = processor_.LoadFromSerializedProto(bytes_);
        if (!status.ok())
            throw cli::DataError(path + ": is not a SentencePiece model (spm_train makes one)");
        if ((has_begin_ && processor_.bos_id() < 0) || processor_.eos_id() < 0)
            throw cli::DataError(
                path + ": has no begin or end piece (train it with --bos_id and --eos_id)");
        if (options.pad_id.value_or(0) < 0 || options.pad_id.value_or(0) >= vocab_size())
            throw cli::DataError(path + ": the padding id " + std::to_string(*options.pad_id) +
                                 " is not a piece");
    }

    std::vector<std::int32_t> encode(std::string_view text, std::int64_t context_length,
                                     bool* was_cut) const override {
        std::vector<int> pieces;
        const std::string cleaned = clean_text(text, clean());
        const auto status = processor_.Encode({cleaned.data(), cleaned.size()}, &pieces);
        if (!status.ok())
            throw cli::DataError("the tokenizer failed: " + std::string(status.message()));
        const auto room = static_cast<std::size_t>(
            std::max<std::int64_t>(context_length - (has_begin_ ? 2 : 1), 0));
        if (was_cut) *was_cut = pieces.size() > room;
        if (pieces.size() > room) pieces.resize(room);
        std::vector<std::int32_t> ids;
        if (has_begin_) ids.push_back(processor_.bos_id());
        ids.insert(ids.end(), pieces.begin(), pieces.end());
        ids.push_back(processor_.eos_id());
        return ids;
    }
    std::int64_t vocab_size() const override { return processor_.GetPieceSize(); }
    std::int32_t end_id() const override { return processor_.eos_id(); }
    std::int32_t pad_id() const override { return options_.pad_id.value_or(end_id()); }
    Clean clean() const override { return options_.clean.value_or(Clean::kNone); }
    const std::string& file_bytes() const override { return bytes_; }
    std::string file_name() const override { return "tokenizer.model"; }
    std::string config_json() const override { return to_tokenizer_config(options_); }

private:
    TokenizerOptions options_;
    bool has_begin_;
    std::string bytes_;
    sentencepiece::SentencePieceProcessor processor_;
};

}  // namespace

std::unique_ptr<Tokenizer> load_sentencepiece(const std::string& path,
                                              const TokenizerOptions& options) {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream bytes;
    bytes << file.rdbuf();
    if (!file)
        throw cli::DataError(path + ": the tokenizer cannot be read: " + std::strerror(errno));
    if (options.has_other_ids)
        throw cli::DataError(path + ": the model that goes with " + kTokenizerConfigFile +
                             " numbers these pieces otherwise (name its tokenizer.json)");
    if (!options.end.value_or(true))
        throw cli::DataError(path + ": " + kTokenizerConfigFile +
                             " says that texts have no end token, which is not supported");
    return make_sentencepiece(bytes.str(), path, options);
}

std::unique_ptr<Tokenizer> make_sentencepiece(std::string bytes, const std::string& name,
                                              const TokenizerOptions& options) {
    return std::make_unique<SentencePiece>(std::move(bytes), name, options);
}

}  // namespace lip::text
