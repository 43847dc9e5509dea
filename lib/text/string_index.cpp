#include "text/string_index.h"

#include <xxhash.h>

namespace lip::text {

std::size_t StringIndex::slot(std::string_view key, std::uint64_t hash) const {
    const std::size_t mask = slots_.size() - 1;
    std::size_t at = hash & mask;
    while (slots_[at] != kNone) {
        const Entry& entry = entries_[slots_[at]];
        if (entry.hash == hash && (*this)[slots_[at]] == key) break;
        at = (at + 1) & mask;
    }
    return at;
}

void StringIndex::grow() {
    slots_.assign(slots_.empty() ? 1024 : slots_.size() * 2, kNone);
    const std::size_t mask = slots_.size() - 1;
    for (std::uint32_t i = 0; i < size(); ++i) {
        std::size_t at = entries_[i].hash & mask;
        while (slots_[at] != kNone) at = (at + 1) & mask;
        slots_[at] = i;
    }
}

std::uint32_t StringIndex::insert(std::string_view key) {
    if (entries_.size() * 2 >= slots_.size()) grow();
    const std::uint64_t hash = XXH3_64bits(key.data(), key.size());
    std::uint32_t& number = slots_[slot(key, hash)];
    if (number == kNone) {
        number = size();
        const auto begin = static_cast<std::uint32_t>(letters_.size());
        letters_ += key;
        entries_.push_back({hash, begin, static_cast<std::uint32_t>(letters_.size())});
    }
    return number;
}

std::uint32_t StringIndex::find(std::string_view key) const {
    if (slots_.empty()) return kNone;
    return slots_[slot(key, XXH3_64bits(key.data(), key.size()))];
}

std::string_view StringIndex::operator[](std::uint32_t number) const {
    const Entry& entry = entries_[number];
    return std::string_view(letters_).substr(entry.begin, entry.end - entry.begin);
}

}  // namespace lip::text
