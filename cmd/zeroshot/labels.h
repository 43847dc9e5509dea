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
    // `from`: record, folder, or a file with lines "key<TAB>label". Keeps a reference to the
    // classes. Throws DataError for a line without TAB or a key that stands twice.
    Labels(const std::string& from, const eval::Classes& classes);

    // Nothing where the image has no label. Rejects with unknown-label.
    cli::Result<std::optional<Truth>> find(const shard::ImageRecord& item) const;

private:
    enum class From { kRecord, kFolder, kFile };
    cli::Result<std::optional<Truth>> one(const std::string& label) const;

    From from_;
    const eval::Classes& classes_;
    std::unordered_map<std::string, std::string> by_key_;
};

}  // namespace lip::cmd
