// Random numbers that depend on (seed, epoch, stream, key of the record) alone: never on a thread,
// a rank, the order of shards or a restart. SplitMix64 over an FNV-1a hash of the key.
#pragma once

#include <cstdint>
#include <string_view>

namespace lip::record {

// What the numbers are for: streams of one record are independent of each other.
enum class Stream : std::uint64_t {
    kSubCaptions = 1,
    kAugmentation = 2,
    kShuffling = 3,
    kInit = 4,
    kRegions = 5,
    kNegatives = 6
};

constexpr std::uint64_t mix64(std::uint64_t z) {
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
    return z ^ (z >> 31);
}

constexpr std::uint64_t fnv1a64(std::string_view bytes) {
    std::uint64_t hash = 0xCBF29CE484222325ULL;
    for (const char c : bytes) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3ULL;
    return hash;
}

// Of 64 random bits, a number in 0..n-1. Requires n > 0.
constexpr std::uint64_t below(std::uint64_t bits, std::uint64_t n) {
    __extension__ using Wide = unsigned __int128;
    return static_cast<std::uint64_t>((Wide{bits} * n) >> 64);
}

// A small value type; one a thread, copied freely.
class KeyedRng {
public:
    KeyedRng(std::uint64_t seed, std::uint64_t epoch, Stream stream, std::string_view key)
        : state_(mix64(mix64(mix64(mix64(seed) ^ epoch) ^ static_cast<std::uint64_t>(stream)) ^
                       fnv1a64(key))) {}

    std::uint64_t next() {
        state_ += 0x9E3779B97F4A7C15ULL;
        return mix64(state_);
    }

    // Uniform in 0..n-1. Requires n > 0.
    std::uint64_t below(std::uint64_t n) { return record::below(next(), n); }

    // Uniform in [0, 1), 53 bits.
    double uniform() { return static_cast<double>(next() >> 11) * 0x1.0p-53; }

    // Uniform in [low, high).
    double uniform(double low, double high) { return low + (high - low) * uniform(); }

private:
    std::uint64_t state_;
};

}  // namespace lip::record
