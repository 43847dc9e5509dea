// The images and texts that are compared, as vectors.
#pragma once

#include "eval/embedder.h"
#include "eval/image_batches.h"
#include "eval/retrieval.h"
#include "eval/texts.h"
#include "record/errors.h"
#include "shard/images.h"

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lip::eval {

struct TextRow {
    std::int64_t image = 0;      // index of its image
    std::int64_t caption = 0;    // index in the record
    std::int64_t part = -1;      // of the sentence or phrase in the caption, -1: a caption
    std::string_view part_name;  // "sentence", "phrase"; a literal
    std::string text;            // kept for searches only
};

struct Collection {
    std::vector<std::string> keys;  // of the images, in input order
    std::vector<TextRow> texts;
    at::Tensor image_rows, text_rows;  // [I, D], [T, D]; undefined what was not wanted
    // Of a text-conditioned model also, on the CPU: what its images and texts are mixed from, of
    // the images in blocks, in their order.
    std::vector<model::MixtureFeatures> mixture;
    at::Tensor queries;  // [T, D]
    // With LongText::kScore the sentences of all texts, and how many each text has; else empty.
    model::QueryFeatures parts = {};
    std::vector<std::int64_t> parts_of_text = {};
    bool is_uniform = false;        // image_rows of such a model alone, from a file
    std::int64_t short_images = 0;  // with fewer texts than asked for
    std::int64_t captions = 0;      // that the images have, counted or not
    std::int64_t cut_texts = 0;     // longer than the context length

    Vectors image_vectors() const;
    Vectors text_vectors() const;
    Vectors images_with_texts() const;  // others have nothing to find
};

struct Wanted {
    bool images = true, texts = true;
    bool memory = false;  // for SeeImages, of batches with regions
    bool keep_text = false;
    std::int64_t least_texts = 0;  // an image with fewer is a bad-record, unless allow_short
    bool allow_short = false;
    TextSelection selection = {};
};

// Rejects an image that has fewer texts than asked for.
std::optional<cli::Reject> too_few(std::size_t texts, const Wanted& wanted);

// Sees a batch of images and their vectors; called in the order of the input.
using SeeImages = std::function<void(const ImageBatch& batch, const EmbeddedImages& images)>;

// Embeds what the stream gives. Records that cannot be used go to `errors`: no-image, bad-image,
// bad-record, duplicate-key. Throws DataError if the model gives numbers that are not finite.
Collection embed_collection(shard::ImageStream& stream, const Wanted& wanted,
                            const Embedder& embedder, record::ErrorLog& errors,
                            std::int64_t batch_size, int threads, const SeeImages& see = {});

}  // namespace lip::eval
