#pragma once

#include "cli/tool.h"
#include "cmd/groups/groups.h"
#include "eval/embedder.h"
#include "eval/texts.h"

#include <optional>
#include <string>
#include <vector>

namespace lip::cmd {

// The last two are of Llip and FLAIR: what images are mixed from, and what texts mix them by.
enum class EmbedKind { kImage, kText, kPatch, kRegion, kMixture, kQuery };

inline bool is_of_texts(EmbedKind kind) {
    return kind == EmbedKind::kText || kind == EmbedKind::kQuery;
}

// Settings of embed. The values here are the defaults.
struct EmbedOptions {
    cli::Common common;
    record::StreamSettings stream;
    std::string image_root;
    eval::TextSelection captions;
    eval::EmbedderSettings model;
    EmbedKind kind = EmbedKind::kImage;
    RegionSettings regions;
    std::vector<std::string> texts;  // --text
    std::vector<std::string> given;  // --given: images are mixed for these
    std::string mixing_dir, mixing_summary;
    std::string format = "jsonl";
    std::optional<std::int64_t> layer;  // whose patches; nothing: the joint space
    bool half = false;                  // --dtype f16
    bool normalize = true;
};

cli::Tool embed_tool(EmbedOptions& options);
int embed(EmbedOptions options);

// Images, patches and texts as vectors of the joint space [.., D], of unit length if `normalize`,
// else as the model gives them. Patches may be those of a block, of its width.
class VectorMaker {
public:
    VectorMaker(const eval::Embedder& embedder, const EmbedOptions& options)
        : embedder_(embedder),
          batch_size_(static_cast<std::size_t>(options.model.batch_size)),
          normalize_(options.normalize),
          queries_(options.kind == EmbedKind::kQuery),
          layer_(options.layer) {}

    at::Tensor images(std::span<const std::vector<std::uint8_t>> planes) const;   // [B, D]
    at::Tensor patches(std::span<const std::vector<std::uint8_t>> planes) const;  // [B, P, D]
    at::Tensor texts(std::span<const std::string> texts);  // [N, D], of --kind=query queries
    // Keys, then values of an image's mixture tokens [B, 2 K, D], as long as they are.
    at::Tensor mixture(std::span<const std::vector<std::uint8_t>> planes) const;
    std::int64_t texts_seen() const { return seen_; }
    std::int64_t texts_cut() const { return cut_; }

private:
    at::Tensor finished(const at::Tensor& vectors) const;

    const eval::Embedder& embedder_;
    std::size_t batch_size_;
    bool normalize_, queries_;
    std::optional<std::int64_t> layer_;
    std::int64_t seen_ = 0, cut_ = 0;
};

}  // namespace lip::cmd
