// A growing set of strings, each with a number: 0, 1, 2, ... in order of arrival.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace lip::text {

class StringIndex {
public:
    static constexpr std::uint32_t kNone = UINT32_MAX;

    // The number of `key`; a new one if it was not there.
    std::uint32_t insert(std::string_view key);
    // The number of `key`, kNone if it was never inserted. Thread-safe beside other finds.
    std::uint32_t find(std::string_view key) const;
    std::string_view operator[](std::uint32_t number) const;
    std::uint32_t size() const { return static_cast<std::uint32_t>(entries_.size()); }

private:
    struct Entry {
        std::uint64_t hash;
        std::uint32_t begin, end;  // in letters_
    };
    // Of the key's number, or of the free place for it.
    std::size_t slot(std::string_view key, std::uint64_t hash) const;
    void grow();

    std::string letters_;
    std::vector<Entry> entries_;
    std::vector<std::uint32_t> slots_;  // a power of two, at most half full
};

}  // namespace lip::text
