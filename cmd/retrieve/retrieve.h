#pragma once

#include "cli/tool.h"
#include "cmd/groups/groups.h"
#include "eval/retrieval.h"

#include <cstdint>
#include <string>
#include <vector>

namespace lip::cmd {

enum class Direction { kBoth, kImageToText, kTextToImage };

// Settings of retrieve. The values here are the defaults.
struct RetrieveOptions {
    RetrieveOptions();

    cli::Common common;
    record::StreamSettings stream;
    std::string image_root;
    eval::TextSelection captions;
    RegionSettings regions;
    eval::EmbedderSettings model;
    ResultSettings results;
    bool allow_short = false;
    std::vector<std::int64_t> k = {1, 5, 10};
    Direction direction = Direction::kBoth;
    eval::Ties ties = eval::Ties::kPessimistic;
    std::string image_embeddings, text_embeddings;
    std::vector<std::string> query, query_image;
    std::int64_t shortlist = 0;              // of a Llip model; 0: all pairs
    const cli::Options* declared = nullptr;  // to tell what was given

    bool is_search() const { return !query.empty() || !query_image.empty(); }
    bool has_embeddings() const { return !image_embeddings.empty() || !text_embeddings.empty(); }
};

cli::Tool retrieve_tool(RetrieveOptions& options);
int retrieve(RetrieveOptions& options);

}  // namespace lip::cmd
