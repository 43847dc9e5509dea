// Where the true classes of images come from.
#pragma once

#include "eval/classes.h"
#include "shard/images.h"

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace lip::cmd {

struct Truth {
    std::vector<std::int64_t> classes;
    bool is_list = false;  // any number of classes may be true, else exactly one
};

// Immutable; any thread.
class Labels {
public:
    // `from`: record, folder, or a file: lines "key<TAB>label", or CSV (by its name) with a header
    // that has the columns label and key, or image for the path in the record. Keeps a reference to
    // the classes. Throws DataError for a line without TAB, a header without these columns and a
    // key that stands twice.
    Labels(const std::string& from, const eval::Classes& classes);

    // Nothing where the image has no label. Rejects with unknown-label.
    cli::Result<std::optional<Truth>> find(const shard::ImageRecord& item) const;

private:
    enum class From { kRecord, kFolder, kFile };
    void read_lines(const std::string& path);
    void read_csv(const std::string& path);
    void add(const std::string& where, const std::string& key, const std::string& label);
    cli::Result<std::optional<Truth>> one(const std::string& label) const;

    From from_;
    const eval::Classes& classes_;
    std::unordered_map<std::string, std::string> by_key_;
    bool by_image_ = false;  // by_key_ has the paths of images
};

}  // namespace lip::cmd
