// Caption releases that come as webdataset tars: rows for recaption-ingest.
#pragma once

#include "record/formats.h"

#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace lip::shard {

struct TarFormat {
    std::string_view name, summary;
};
std::span<const TarFormat> tar_formats();

// A row for each sample: its .json with url, size and captions (DreamLIP's names as texts or as
// lists of sentences, else "caption"), or its .txt as the raw caption. The key is that of the
// sample. `format` comes back as the name of what the first sample shows. Rows have no place in a
// file: they cannot be joined. Throws DataError for a broken archive.
std::unique_ptr<record::RowReader> open_caption_tar(std::unique_ptr<record::ByteSource> source,
                                                    const record::ImportSettings& settings,
                                                    const std::string& name, std::string& format);

}  // namespace lip::shard
