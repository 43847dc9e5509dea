// The images and texts that are compared, as vectors.
#pragma once

#include "cmd/retrieve/retrieve.h"
#include "eval/embedder.h"
#include "eval/retrieval.h"
#include "eval/texts.h"

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace lip::cmd {

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
    std::int64_t short_images = 0;     // with fewer texts than asked for
    std::int64_t captions = 0;         // that the images have, counted or not
    std::int64_t cut_texts = 0;        // longer than the context length

    eval::Vectors image_vectors() const;
    eval::Vectors text_vectors() const;
};

struct Wanted {
    bool images = true, texts = true;
    bool keep_text = false;
    std::int64_t least_texts = 0;  // an image with fewer is a bad-record, unless allow_short
    bool allow_short = false;
    eval::TextSelection selection;
};

// Embeds the input. Records that cannot be used go to `errors`: no-image, bad-image, bad-record,
// duplicate-key. Throws DataError if the model gives numbers that are not finite.
Collection embed_collection(const RetrieveOptions& options, const Wanted& wanted,
                            const eval::Embedder& embedder, record::ErrorLog& errors);

// Reads what embed(1) wrote (cmd/retrieve/vector_rows.h). Throws DataError as that does, and for a
// key that stands twice among the images, a text without its image, and (as above) fewer texts than
// asked for.
Collection read_collection(const RetrieveOptions& options, const Wanted& wanted);

}  // namespace lip::cmd
