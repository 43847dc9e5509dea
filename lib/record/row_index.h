// Where the rows of caption files stand, so that they can be read in another order: --join and
// --group all.
#pragma once

#include "record/formats.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace lip::record {

// An index from what is compared to the places of its rows: 24 bytes a row, the rows stay on disk.
class RowIndex {
public:
    struct Entry {
        std::uint64_t high, low;        // hash of what is compared
        std::uint64_t file_and_offset;  // file in the upper 12 bits
    };
    // What of a row is compared; empty: the row is left out.
    using Reference = std::function<std::string(const Record&)>;

    // Reads all files once, `limit` rows at most. Throws DataError if one is compressed, Parquet, a
    // tar or a pipe: rows must be found again by their offset. `option` is what needs that.
    RowIndex(const std::vector<std::string>& paths, const std::string& format,
             const ImportSettings& settings, const std::string& option, const Reference& reference,
             class ErrorLog& errors, std::int64_t limit = INT64_MAX);
    ~RowIndex();
    RowIndex(RowIndex&&) noexcept;

    // The rows of a reference, in the order of the files. Thread-safe.
    std::span<const Entry> find(std::string_view reference) const;
    // Thread-safe. Throws DataError if the file has changed. Its bad parts were reported before.
    Record read(const Entry& entry) const;
    // As messages name it.
    const std::string& file_of(const Entry& entry) const;

    // Puts the rows in the order in which the first of each reference stands; find() must not be
    // called any more.
    void order_by_first();
    std::span<const Entry> entries() const { return entries_; }

    std::uint64_t size() const { return entries_.size() - repeats_; }  // references
    std::uint64_t repeats() const { return repeats_; }      // rows whose reference came before
    std::uint64_t text_only() const { return text_only_; }  // entries without an image, left out
    std::uint64_t orphans() const;                          // of the files
    // Of each file, RowReader::classes().
    std::vector<std::vector<std::string>> classes() const;

private:
    struct File;
    void add_file(const std::string& path, const std::string& format,
                  const ImportSettings& settings, const std::string& option);
    void add_rows(const std::string& path, const Reference& reference, class ErrorLog& errors,
                  std::int64_t& limit);

    std::vector<File> files_;
    std::vector<Entry> entries_;
    std::uint64_t repeats_ = 0, text_only_ = 0;
};

}  // namespace lip::record
