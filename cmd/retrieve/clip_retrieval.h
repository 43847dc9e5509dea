// The folder of clip-retrieval: img_emb/ or text_emb/ with the vectors, metadata/ with a Parquet
// row for each (doc/vectors.md).
#pragma once

#include "cmd/retrieve/vector_rows.h"

namespace lip::cmd {

// As embed(1) or clip-retrieval made it. A row's key is its key, where there is such a column, else
// its image_path, else its number from 1. Throws as read_vector_rows does.
VectorRows read_clip_retrieval(const std::string& folder, std::string_view kind, bool keep_text);

}  // namespace lip::cmd
