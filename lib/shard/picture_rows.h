// Folders as inputs of recaption-ingest.
#pragma once

#include "record/formats.h"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace lip::shard {

// As --input-format names it.
inline constexpr std::string_view kPictureFolder = "image-folder";

// The operands of a tool that reads caption files: patterns, prefixes of shards and manifests taken
// apart; a folder is itself if it holds pictures or is Flickr30k Entities, else its tars, else its
// tables. What is left out is said. "-" when there are none. Throws UsageError at a terminal,
// DataError for a file that cannot be opened and a folder that holds nothing.
std::vector<std::string> caption_inputs(const std::vector<std::string>& operands);

// A row for each picture of the folder, with what stands beside it (PictureFolder). The image is
// its path, which begins with the folder as given.
std::unique_ptr<record::RowReader> open_picture_folder(const std::string& folder,
                                                       const record::ImportSettings& settings);

}  // namespace lip::shard
