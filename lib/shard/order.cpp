#include "shard/order.h"

#include "record/keyed_rng.h"

#include <algorithm>
#include <bit>
#include <cassert>

namespace lip::shard {

Permutation::Permutation(std::uint64_t n, std::uint64_t seed, std::uint64_t epoch,
                         std::uint64_t salt)
    : n_(n) {
    const int bits =
        std::max(2, static_cast<int>(std::bit_width(n > 0 ? n - 1 : 0)));  // 2^bits >= n
    low_bits_ = bits / 2;
    low_mask_ = (std::uint64_t{1} << low_bits_) - 1;
    high_mask_ = (std::uint64_t{1} << (bits - low_bits_)) - 1;
    record::KeyedRng rng(seed, epoch, record::Stream::kShuffling, /*key=*/{});
    for (std::uint64_t& key : keys_) key = record::mix64(rng.next() + record::mix64(~salt));
}

std::uint64_t Permutation::encrypt(std::uint64_t x) const {
    std::uint64_t low = x & low_mask_;
    std::uint64_t high = x >> low_bits_;
    for (std::size_t round = 0; round < kRounds; round += 2) {
        high ^= record::mix64(low ^ keys_[round]) & high_mask_;
        low ^= record::mix64(high ^ keys_[round + 1]) & low_mask_;
    }
    return (high << low_bits_) | low;
}

std::uint64_t Permutation::operator()(std::uint64_t i) const {
    assert(i < n_);
    std::uint64_t x = encrypt(i);
    while (x >= n_) x = encrypt(x);
    return x;
}

}  // namespace lip::shard
