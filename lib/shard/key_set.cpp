#include "shard/key_set.h"

#include <xxhash.h>

#include <utility>

namespace lip::shard {
namespace {

constexpr std::size_t kFirstSlots = 1024;

}  // namespace

KeySet::KeySet() : table_(kFirstSlots) {}

// Where `hash` is or, if it is not there, belongs.
std::size_t KeySet::slot_of(Hash hash) const {
    const std::size_t mask = table_.size() - 1;
    std::size_t slot = hash.low & mask;
    while (table_[slot] != Hash{} && table_[slot] != hash) slot = (slot + 1) & mask;
    return slot;
}

KeySet::Hash KeySet::hash_of(std::string_view key) {
    const XXH128_hash_t digest = XXH3_128bits(key.data(), key.size());
    Hash hash{digest.low64, digest.high64};
    if (hash == Hash{}) hash.low = 1;
    return hash;
}

bool KeySet::contains(std::string_view key) const {
    const Hash hash = hash_of(key);
    return table_[slot_of(hash)] == hash;
}

bool KeySet::insert(std::string_view key) {
    const Hash hash = hash_of(key);
    const std::size_t slot = slot_of(hash);
    if (table_[slot] == hash) return false;
    table_[slot] = hash;
    ++size_;
    if (size_ > table_.size() / 4 * 3) grow();
    return true;
}

void KeySet::grow() {
    std::vector<Hash> old(table_.size() * 2);
    std::swap(old, table_);
    for (const Hash& hash : old) {
        if (hash != Hash{}) table_[slot_of(hash)] = hash;
    }
}

}  // namespace lip::shard
