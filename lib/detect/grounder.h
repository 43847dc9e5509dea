// Phrases to boxes, by whatever a model offers.
#pragma once

#include "detect/boxes.h"
#include "eval/embedder_settings.h"
#include "image/image.h"
#include "model/vision_tower.h"

#include <ATen/core/Tensor.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace lip::detect {

// An image as a grounder looks at it.
struct Prepared {
    at::Tensor pixels;
    int width = 0, height = 0;  // of the image
};

// What one image has for its phrases, in fractions of the image, not clipped. Phrases are numbered
// as given.
struct Grounding {
    std::vector<Detection> boxes;  // each with the phrase that fits it best
    std::vector<Detection> best;   // of every phrase, in their order, the box that fits it best
};

using Phrases = std::vector<std::string>;

// A way to box. Const calls of prepare() are safe from several threads; locate() from one.
class Grounder {
public:
    virtual ~Grounder() = default;
    virtual Prepared prepare(const image::Image& image) const = 0;
    // Requires a list of phrases, which may be empty, for each image.
    virtual std::vector<Grounding> locate(std::span<const Prepared> images,
                                          std::span<const Phrases> phrases) const = 0;
    virtual std::string model_name() const = 0;
    virtual c10::Device device() const = 0;
    virtual at::ScalarType precision() const = 0;
    virtual std::int64_t image_size() const = 0;  // in effect
};

struct GrounderSettings {
    // `model`: a checkpoint, run folder, or a folder of Hugging Face's OWLv2.
    eval::EmbedderSettings embedder = {.batch_size = 8};  // a detector's images are large
    std::string boxes_by = "auto";                        // auto, owlv2, head, patches
    std::optional<std::int64_t> image_size = {};  // side (patches: short side) of the model's input
    model::DenseAttention attention = model::DenseAttention::kPlain;  // of patches
};

// owlv2, head or patches: what --boxes-by means for a model. Throws DataError naming what the model
// lacks for it.
std::string resolve_boxes_by(const std::filesystem::path& checkpoint, const std::string& wanted);

// Loads the model. Throws UsageError, DataError.
std::unique_ptr<Grounder> make_grounder(const GrounderSettings& settings);

// The ways there are, for make_grounder().
std::unique_ptr<Grounder> make_owlv2_grounder(const GrounderSettings& settings);
std::unique_ptr<Grounder> make_head_grounder(const GrounderSettings& settings);
std::unique_ptr<Grounder> make_patch_grounder(const GrounderSettings& settings);

// Every text of all lists once, and for each list the numbers that its texts have there.
struct DistinctPhrases {
    std::vector<std::string> texts;
    std::vector<std::vector<std::int64_t>> numbers;
};
DistinctPhrases distinct(std::span<const Phrases> phrases);

}  // namespace lip::detect
