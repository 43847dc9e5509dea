// Products of 8-bit pixels with exact weights of 23 bits by two 16-bit multiply-and-add
// instructions each: the 32-bit multiplication is slower and does not add. Fast weights need one.
#include "image/row_filters.h"

#if defined(__x86_64__) && defined(__GNUC__)

#include <immintrin.h>

#include <cstring>

#define LIP_AVX2 __attribute__((target("avx2")))

namespace lip::image {
namespace {

using Vector = __m256i;

LIP_AVX2 inline Vector load_twice(const void* from) {
    return _mm256_broadcastsi128_si256(_mm_loadu_si128(static_cast<const __m128i*>(from)));
}

constexpr int kExactBits = static_cast<int>(Precision::kExact);
constexpr int kFastBits = static_cast<int>(Precision::kFast);

// The sum of the products, whole again and rounded.
LIP_AVX2 inline Vector joined(Vector high, Vector low) {
    const Vector sum = _mm256_add_epi32(_mm256_slli_epi32(high, kLowBits), low);
    return _mm256_srai_epi32(_mm256_add_epi32(sum, _mm256_set1_epi32(1 << (kExactBits - 1))),
                             kExactBits);
}

LIP_AVX2 inline __m128i lane_sum(Vector sum) {
    return _mm_add_epi32(_mm256_castsi256_si128(sum), _mm256_extracti128_si256(sum, 1));
}

// For a lane of 128 bits: the bytes of two RGB pixels by channel, as 16-bit numbers; and two of
// four 16-bit weights, repeated.
LIP_AVX2 inline Vector pixel_pairs() {
    return _mm256_setr_epi8(0, -1, 3, -1, 1, -1, 4, -1, 2, -1, 5, -1, -1, -1, -1, -1, 6, -1, 9, -1,
                            7, -1, 10, -1, 8, -1, 11, -1, -1, -1, -1, -1);
}
LIP_AVX2 inline Vector weight_pairs() {
    return _mm256_setr_epi8(0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 4, 5, 6, 7, 4, 5, 6, 7,
                            4, 5, 6, 7, 4, 5, 6, 7);
}

// One pixel: red, green, blue and nothing, 32 bits each. With the number of groups known to the
// compiler (0: it is not) the loop is written out, which is a third of its instructions.
template <Precision kPrecision, int kGroups>
LIP_AVX2 inline __m128i pixel_across(const std::uint8_t* row, const Taps& taps, std::size_t i) {
    const int groups = kGroups > 0 ? kGroups : taps.groups;
    const Vector pixels = pixel_pairs(), pairs = weight_pairs();
    const std::uint8_t* from = row + 3 * static_cast<std::ptrdiff_t>(taps.starts[i]);
    const std::size_t start = i * kGroup * static_cast<std::size_t>(groups);
    Vector high = _mm256_setzero_si256();
    if constexpr (kPrecision == Precision::kFast) {
        const std::int16_t* parts = taps.parts.data() + start;
#pragma GCC unroll 4
        for (int k = 0; k < groups; ++k, from += 3 * kGroup, parts += kGroup) {
            long long four;
            std::memcpy(&four, parts, sizeof four);
            const Vector weights = _mm256_shuffle_epi8(_mm256_set1_epi64x(four), pairs);
            const Vector bytes = _mm256_shuffle_epi8(load_twice(from), pixels);
            high = _mm256_add_epi32(high, _mm256_madd_epi16(bytes, weights));
        }
        return _mm_srai_epi32(_mm_add_epi32(lane_sum(high), _mm_set1_epi32(1 << (kFastBits - 1))),
                              kFastBits);
    } else {
        const Vector low_pairs = _mm256_add_epi8(pairs, _mm256_set1_epi8(8));
        const std::int16_t* parts = taps.parts.data() + 2 * start;
        Vector low = high;
#pragma GCC unroll 4
        for (int k = 0; k < groups; ++k, from += 3 * kGroup, parts += 2 * kGroup) {
            const Vector bytes = _mm256_shuffle_epi8(load_twice(from), pixels);
            const Vector weights = load_twice(parts);
            high = _mm256_add_epi32(high,
                                    _mm256_madd_epi16(bytes, _mm256_shuffle_epi8(weights, pairs)));
            low = _mm256_add_epi32(
                low, _mm256_madd_epi16(bytes, _mm256_shuffle_epi8(weights, low_pairs)));
        }
        const Vector sum = _mm256_add_epi32(_mm256_slli_epi32(high, kLowBits), low);
        return _mm_srai_epi32(_mm_add_epi32(lane_sum(sum), _mm_set1_epi32(1 << (kExactBits - 1))),
                              kExactBits);
    }
}

template <Precision kPrecision, int kGroups>
LIP_AVX2 void row_across(const std::uint8_t* row, const Taps& taps, std::uint8_t* to) {
    const __m128i without_gaps =
        _mm_setr_epi8(0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, -1, -1, -1, -1);
    const std::size_t count = taps.spans.size();
    const auto pixel = [&](std::size_t i)
                           LIP_AVX2 { return pixel_across<kPrecision, kGroups>(row, taps, i); };
    std::size_t i = 0;
    for (; i + 4 <= count; i += 4, to += 12) {
        const __m128i first = _mm_packs_epi32(pixel(i), pixel(i + 1));
        const __m128i second = _mm_packs_epi32(pixel(i + 2), pixel(i + 3));
        const __m128i bytes = _mm_shuffle_epi8(_mm_packus_epi16(first, second), without_gaps);
        _mm_storeu_si128(reinterpret_cast<__m128i*>(to), bytes);
    }
    for (; i < count; ++i, to += 3) {
        const __m128i words = _mm_packs_epi32(pixel(i), __m128i{});
        const int bytes = _mm_cvtsi128_si32(_mm_packus_epi16(words, words));
        std::memcpy(to, &bytes, sizeof bytes);
    }
}

template <Precision kPrecision>
void any_across(const std::uint8_t* row, const Taps& taps, std::uint8_t* to) {
    switch (taps.groups) {
        case 1:
            return row_across<kPrecision, 1>(row, taps, to);
        case 2:
            return row_across<kPrecision, 2>(row, taps, to);
        case 3:
            return row_across<kPrecision, 3>(row, taps, to);
        case 4:
            return row_across<kPrecision, 4>(row, taps, to);
        default:
            return row_across<kPrecision, 0>(row, taps, to);
    }
}

void across(const std::uint8_t* row, const Taps& taps, std::uint8_t* to) {
    taps.precision == Precision::kFast ? any_across<Precision::kFast>(row, taps, to)
                                       : any_across<Precision::kExact>(row, taps, to);
}

LIP_AVX2 inline Vector pair(std::int32_t first, std::int32_t second) {
    return _mm256_set1_epi32((first & 0xFFFF) |
                             static_cast<std::int32_t>(static_cast<std::uint32_t>(second) << 16U));
}

// Sixteen columns.
template <Precision kPrecision>
LIP_AVX2 inline __m128i block_down(const std::uint8_t* const* rows, const Taps& taps,
                                   const Taps::Span& span, std::size_t x) {
    constexpr bool kIsFast = kPrecision == Precision::kFast;
    constexpr std::int32_t kLow = (1 << kLowBits) - 1;
    const std::int32_t* weight = taps.weights.data() + span.weight;
    Vector high[2] = {}, low[2] = {};
    for (int k = 0; k < span.count; k += 2, weight += 2) {
        // The weight behind an odd count is zero.
        const std::uint8_t* next = rows[k + 1 < span.count ? k + 1 : k];
        const __m128i a = _mm_loadu_si128(reinterpret_cast<const __m128i*>(rows[k] + x));
        const __m128i b = _mm_loadu_si128(reinterpret_cast<const __m128i*>(next + x));
        const Vector first = _mm256_cvtepu8_epi16(_mm_unpacklo_epi8(a, b));
        const Vector second = _mm256_cvtepu8_epi16(_mm_unpackhi_epi8(a, b));
        const Vector weights = kIsFast ? pair(weight[0], weight[1])
                                       : pair(weight[0] >> kLowBits, weight[1] >> kLowBits);
        high[0] = _mm256_add_epi32(high[0], _mm256_madd_epi16(first, weights));
        high[1] = _mm256_add_epi32(high[1], _mm256_madd_epi16(second, weights));
        if constexpr (!kIsFast) {
            const Vector rest = pair(weight[0] & kLow, weight[1] & kLow);
            low[0] = _mm256_add_epi32(low[0], _mm256_madd_epi16(first, rest));
            low[1] = _mm256_add_epi32(low[1], _mm256_madd_epi16(second, rest));
        }
    }
    for (int i = 0; i < 2; ++i) {
        high[i] = kIsFast ? _mm256_srai_epi32(
                                _mm256_add_epi32(high[i], _mm256_set1_epi32(1 << (kFastBits - 1))),
                                kFastBits)
                          : joined(high[i], low[i]);
    }
    const Vector words = _mm256_permute4x64_epi64(_mm256_packs_epi32(high[0], high[1]), 0xD8);
    return _mm_packus_epi16(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1));
}

template <Precision kPrecision>
LIP_AVX2 void row_down(const std::uint8_t* const* rows, const Taps& taps, const Taps::Span& span,
                       std::uint8_t* to, std::size_t bytes) {
    std::size_t x = 0;
    for (; x + 16 <= bytes; x += 16)
        _mm_storeu_si128(reinterpret_cast<__m128i*>(to + x),
                         block_down<kPrecision>(rows, taps, span, x));
    if (x == bytes) return;
    const __m128i last = block_down<kPrecision>(rows, taps, span, x);
    std::memcpy(to + x, &last, bytes - x);
}

void down(const std::uint8_t* const* rows, const Taps& taps, const Taps::Span& span,
          std::uint8_t* to, std::size_t bytes) {
    taps.precision == Precision::kFast ? row_down<Precision::kFast>(rows, taps, span, to, bytes)
                                       : row_down<Precision::kExact>(rows, taps, span, to, bytes);
}

// Sixteen pixels at a time: a channel's bytes are picked from each third of their 48 bytes.
LIP_AVX2 void split(const std::uint8_t* rgb, std::size_t pixels, std::uint8_t* planes) {
    __m128i pick[3][3];  // by channel, by third
    for (int c = 0; c < 3; ++c) {
        for (int third = 0; third < 3; ++third) {
            std::int8_t at[16];
            for (int i = 0; i < 16; ++i) {
                const int byte = 3 * i + c - 16 * third;
                at[i] = static_cast<std::int8_t>(byte >= 0 && byte < 16 ? byte : -1);
            }
            std::memcpy(&pick[c][third], at, sizeof at);
        }
    }
    std::size_t i = 0;
    for (; i + 16 <= pixels; i += 16, rgb += 48) {
        const auto* from = reinterpret_cast<const __m128i*>(rgb);
        const __m128i a = _mm_loadu_si128(from), b = _mm_loadu_si128(from + 1),
                      d = _mm_loadu_si128(from + 2);
        for (std::size_t c = 0; c < 3; ++c) {
            const __m128i bytes = _mm_or_si128(
                _mm_or_si128(_mm_shuffle_epi8(a, pick[c][0]), _mm_shuffle_epi8(b, pick[c][1])),
                _mm_shuffle_epi8(d, pick[c][2]));
            _mm_storeu_si128(reinterpret_cast<__m128i*>(planes + c * pixels + i), bytes);
        }
    }
    for (; i < pixels; ++i, rgb += 3)
        for (std::size_t c = 0; c < 3; ++c) planes[c * pixels + i] = rgb[c];
}

constexpr RowFilters kAvx2Filters{across, down, split};

}  // namespace

const RowFilters* avx2_filters() {
    return __builtin_cpu_supports("avx2") ? &kAvx2Filters : nullptr;
}

}  // namespace lip::image

#else

namespace lip::image {

const RowFilters* avx2_filters() {
    return nullptr;
}

}  // namespace lip::image

#endif
