// Masks of records: drawn from the outlines of regions (--mask-dir), or found by name (--masks);
// with both, those that are found have the segments of COCO's panoptic files as colours, and masks
// of classes are made of them.
#pragma once

#include "record/record.h"

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace lip::cmd {

// Both are used by several threads at once.
class MaskFiles {
public:
    // `drawn`: the folder of --mask-dir; `found`: that of --masks. Empty: not given. Makes the
    // folder. Throws DataError if that cannot be done, or `found` is none.
    MaskFiles(std::string drawn, std::string found, bool force);

    bool draws() const { return !drawn_.empty(); }
    // With --mask-dir: writes classes.txt for the values of the masks, a name a line, from 1 on.
    // Throws DataError for more than 255, and for other names than those of another file.
    void write_classes(const std::vector<std::string>& names);

    // Sets "mask". Outlines become a file and leave the regions. Those that are malformed are bad
    // parts of the record. Throws DataError if a file cannot be written.
    void add_to(record::Record& record);

    std::uint64_t count() const { return masks_; }      // records with a mask
    std::uint64_t missing() const { return missing_; }  // records whose mask was not found

private:
    bool draw(record::Record& record);
    std::optional<std::filesystem::path> find(const record::Record& record);

    std::filesystem::path drawn_, found_;
    bool force_;
    std::vector<std::string> classes_;
    std::atomic<std::uint64_t> masks_ = 0, missing_ = 0;
};

}  // namespace lip::cmd
