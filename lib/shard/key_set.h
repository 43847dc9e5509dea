// KeySet: which keys were seen before, without keeping them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace lip::shard {

// Keeps the 128-bit XXH3 of each key, 16 bytes in a table that is between 3/8 and 3/4 full: 21 to
// 43 bytes a key. Two keys of 400 million share a hash with a chance below 1e-21.
// One thread at a time.
class KeySet {
public:
    KeySet();

    // True if `key` is new.
    bool insert(std::string_view key);
    bool contains(std::string_view key) const;
    std::size_t size() const { return size_; }

private:
    struct Hash {
        std::uint64_t low = 0;
        std::uint64_t high = 0;
        bool operator==(const Hash&) const = default;
    };

    static Hash hash_of(std::string_view key);
    std::size_t slot_of(Hash hash) const;
    void grow();

    std::vector<Hash> table_;  // a power of two; {0, 0} is a free slot
    std::size_t size_ = 0;
};

}  // namespace lip::shard
