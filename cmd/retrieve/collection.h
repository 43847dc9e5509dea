// The images and texts that are compared: embedded, or as embed(1) wrote them.
#pragma once

#include "cmd/retrieve/retrieve.h"
#include "eval/collection.h"

namespace lip::cmd {

using eval::Collection;
using eval::TextRow;
using eval::Wanted;

// Embeds the input as eval::embed_collection does, and warns of texts that were cut.
Collection embed_collection(const RetrieveOptions& options, const Wanted& wanted,
                            const eval::Embedder& embedder, record::ErrorLog& errors);

// Reads what embed(1) wrote (cmd/retrieve/vector_rows.h). Throws DataError as that does, and for a
// key that stands twice among the images, a text without its image, and (as above) fewer texts than
// asked for.
Collection read_collection(const RetrieveOptions& options, const Wanted& wanted);

}  // namespace lip::cmd
