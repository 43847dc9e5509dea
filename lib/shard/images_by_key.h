// Images of records that lie in other shards or in Parquet files: shard --images-from.
#pragma once

#include "record/parquet_pictures.h"
#include "record/record.h"
#include "shard/stream.h"

#include <compare>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lip::shard {

// Reads shards from front to back beside records that come in the same order of keys. Either side
// may lack some. Samples passed over are held, 64 MiB of them, so that a record without an image
// does not lose those behind it; when that is not enough, all keys are read once more, 16 bytes of
// memory each, so that what is missing or behind is not looked for.
// Pictures in Parquet have no keys: they go by what recaption-ingest writes as "image".
// One thread at a time.
class ImagesByKey {
public:
    // Takes operands as expand_shards() does, and Parquet files. Throws DataError.
    explicit ImagesByKey(const std::string& operand);
    // `most_held`: bytes of samples that are held.
    explicit ImagesByKey(std::vector<std::string> shards, std::size_t most_held = kMostHeld);

    // The image of the sample `key`; nothing if the sample is not there, came before another that
    // was asked for, or has no image. Throws DataError for a broken shard.
    std::optional<Member> find(std::string_view key);
    // By what the record calls its image here: its key, or with Parquet its "image".
    std::optional<Member> find(const record::Record& record) {
        return find(in_parquet_ ? record.image : record.key);
    }
    bool in_parquet() const { return in_parquet_; }

private:
    static constexpr std::size_t kMostHeld = std::size_t{64} << 20;

    struct Position {
        std::uint64_t hash;  // of a key
        std::uint64_t number;
        auto operator<=>(const Position&) const = default;
    };

    // One file of either kind.
    class Stream {
    public:
        Stream(const std::string& path, bool in_parquet);
        bool next(Sample& sample);

    private:
        std::optional<ShardStream> shard_;
        std::optional<record::ParquetPictures> pictures_;
    };

    bool read(Sample& sample);
    void hold(Sample sample);
    void read_keys();
    bool lies_ahead(std::string_view key) const;

    std::size_t most_held_;
    std::vector<std::string> shards_;
    bool in_parquet_;
    std::size_t next_shard_ = 0;
    std::optional<Stream> stream_;
    std::deque<Sample> held_;
    std::size_t held_bytes_ = 0;
    std::uint64_t samples_read_ = 0;
    std::optional<std::vector<Position>> keys_;  // sorted
};

}  // namespace lip::shard
