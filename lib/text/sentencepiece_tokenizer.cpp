#include "text/tokenizer.h"

#include "cli/error.h"

#include <sentencepiece_processor.h>

#include <fstream>
#include <sstream>

namespace lip::text {
namespace {

class SentencePiece final : public Tokenizer {
public:
    explicit SentencePiece(const std::string& path) {
        std::ifstream file(path, std::ios::binary);
        std::ostringstream bytes;
        bytes << file.rdbuf();
        if (!file) throw cli::DataError(path + ": the tokenizer cannot be read");
        bytes_ = bytes.str();
        const auto status = processor_.LoadFromSerializedProto(bytes_);
        if (!status.ok())
            throw cli::DataError(path + ": is no SentencePiece model (" +
                                 std::string(status.message()) + ")");
        if (processor_.bos_id() < 0 || processor_.eos_id() < 0)
            throw cli::DataError(
                path + ": has no begin or end piece (train it with --bos_id and --eos_id)");
    }

    std::vector<std::int32_t> encode(std::string_view text, std::int64_t context_length,
                                     bool* was_cut) const override {
        std::vector<int> pieces;
        const auto status = processor_.Encode({text.data(), text.size()}, &pieces);
        if (!status.ok())
            throw cli::DataError("the tokenizer failed: " + std::string(status.message()));
        const auto room = static_cast<std::size_t>(std::max<std::int64_t>(context_length - 2, 0));
        if (was_cut) *was_cut = pieces.size() > room;
        if (pieces.size() > room) pieces.resize(room);
        std::vector<std::int32_t> ids = {processor_.bos_id()};
        ids.insert(ids.end(), pieces.begin(), pieces.end());
        ids.push_back(processor_.eos_id());
        return ids;
    }
    std::int64_t vocab_size() const override { return processor_.GetPieceSize(); }
    std::int32_t end_id() const override { return processor_.eos_id(); }
    const std::string& file_bytes() const override { return bytes_; }
    std::string file_name() const override { return "tokenizer.model"; }

private:
    sentencepiece::SentencePieceProcessor processor_;
    std::string bytes_;
};

}  // namespace

std::unique_ptr<Tokenizer> load_sentencepiece(const std::string& path) {
    return std::make_unique<SentencePiece>(path);
}

}  // namespace lip::text
