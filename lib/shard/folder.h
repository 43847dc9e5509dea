// A folder of pictures as a data set: KEY.jpg with KEY.txt, KEY.caption, KEY.json or metadata.jsonl
// beside it.
#pragma once

#include "cli/error.h"
#include "record/errors.h"
#include "shard/sample.h"

#include <cstdint>
#include <filesystem>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace lip::shard {

// Names of what `folder` holds at any depth, links to folders not followed. Hidden files and what
// systems leave behind (is_litter) are no part of it. Memory: the names.
class PictureFolder {
public:
    // Walks the folder. Throws DataError if it cannot be read.
    explicit PictureFolder(const std::string& folder);

    const std::string& folder() const { return folder_; }
    // Their paths, which begin with the folder as given, in byte order of what follows it.
    const std::vector<std::string>& pictures() const { return pictures_; }
    // The path below the folder.
    std::string key(const std::string& picture) const;

    // What stands beside a picture, as members of its sample: json, txt, caption and so on.
    // KEY is the name without its extension, or with it. Throws DataError for an unreadable file.
    Sample sample_of(const std::string& picture) const;

    // Lines of metadata.jsonl that cannot be used, for the log.
    struct BadLine {
        record::Place place;
        cli::Reject reject;
        std::string raw;
    };
    const std::vector<BadLine>& bad_lines() const { return bad_lines_; }

    // Says what was passed over: links to nothing, captions without a picture, other data.
    void say_rest() const;

private:
    struct Line {
        std::uint32_t file = 0;  // in metadata_
        std::uint64_t offset = 0, size = 0;
    };
    void note(const std::filesystem::directory_entry& entry);
    void read_metadata(std::uint32_t file);

    std::string folder_;
    std::vector<std::string> pictures_, metadata_, tables_, dangling_, linked_;
    std::unordered_set<std::string> beside_;       // KEY.txt and others
    std::unordered_map<std::string, Line> lines_;  // of metadata, by the path of the picture
    std::vector<BadLine> bad_lines_;
    std::uint64_t shards_ = 0, hidden_ = 0;
};

}  // namespace lip::shard
