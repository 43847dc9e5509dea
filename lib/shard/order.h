// Permutation: a shuffle of n items that takes no memory.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace lip::shard {

// A bijection of 0..n-1 that depends on (seed, epoch, salt) alone; `salt` tells uses apart.
// An unbalanced Feistel network over the next power of two, walked until the value is below n
// (fewer than two rounds of it on average). Black and Rogaway, Ciphers with Arbitrary Finite
// Domains, CT-RSA 2002, section 4. It mixes well and hides nothing.
// Immutable: any number of threads may call it.
class Permutation {
public:
    Permutation(std::uint64_t n, std::uint64_t seed, std::uint64_t epoch, std::uint64_t salt);

    std::uint64_t size() const { return n_; }

    // Where item i goes. Requires i < size().
    std::uint64_t operator()(std::uint64_t i) const;

private:
    static constexpr std::size_t kRounds = 8;  // of each half in turn

    std::uint64_t encrypt(std::uint64_t x) const;

    std::uint64_t n_;
    int low_bits_;
    std::uint64_t low_mask_;
    std::uint64_t high_mask_;
    std::array<std::uint64_t, kRounds> keys_;
};

}  // namespace lip::shard
