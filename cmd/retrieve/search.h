// Searches: the images that fit a text, the texts that fit an image.
#pragma once

#include "cmd/retrieve/collection.h"
#include "eval/results.h"

#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

namespace lip::cmd {

class Searcher {
public:
    // Embeds the queries of the options, and keeps a reference to the embedder. Throws DataError
    // for a file that cannot be read or decoded, and an empty @FILE.
    Searcher(const RetrieveOptions& options, const eval::Embedder& embedder);

    // One line a hit, best first, query by query. Throws DataError if the vectors have another
    // width.
    void search(const Collection& all, eval::Results& results) const;

private:
    std::string line_of(const Collection& all, std::size_t query, std::size_t place,
                        const eval::Hit& hit) const;

    std::vector<std::vector<eval::Hit>> best(const Collection& all) const;

    const RetrieveOptions& options_;
    const eval::Embedder& embedder_;
    std::vector<std::string> names_;  // the texts, or the names of the image files
    model::QueryFeatures texts_;      // one of the two
    eval::EmbeddedImages images_;
    at::Tensor rows_;  // [Q, D], of either
};

// Embeds texts that are looked for; warns of those that were cut.
model::QueryFeatures embed_queries(const std::vector<std::string>& texts,
                                   const eval::Embedder& embedder);

}  // namespace lip::cmd
