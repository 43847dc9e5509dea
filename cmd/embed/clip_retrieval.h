// The folder that clip-retrieval makes and indexes: img_emb/ or text_emb/ with the vectors,
// metadata/ with a Parquet row for each (doc/vectors.md).
#pragma once

#include "cmd/embed/output.h"

namespace lip::cmd {

// Throws DataError if the folder may not be made or replaced, or this build writes no Parquet.
void check_clip_retrieval_output(const EmbedOptions& options);

// Of images or texts.
std::unique_ptr<VectorOutput> make_clip_retrieval_output(const EmbedOptions& options,
                                                         std::int64_t width);

}  // namespace lip::cmd
