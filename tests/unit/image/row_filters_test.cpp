#include "image/row_filters.h"

#include "make_files.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <vector>

namespace lip::image {
namespace {

Taps random_taps(Precision precision, int in, int spans, int most, record::KeyedRng& rng) {
    Taps taps;
    taps.precision = precision;
    for (int i = 0; i < spans; ++i) {
        const auto limit = static_cast<std::uint64_t>(std::min(in, most));
        const int count = 1 + static_cast<int>(rng.below(limit));
        const int first = static_cast<int>(rng.below(static_cast<std::uint64_t>(in - count + 1)));
        std::vector<double> weights(static_cast<std::size_t>(count));
        double sum = 0;
        for (double& w : weights) sum += w = rng.uniform(-0.2, 1);
        if (sum < 0.7) weights.assign(weights.size(), 1), sum = count;
        for (double& w : weights) w /= sum;
        add_span(first, weights, taps);
    }
    make_parts(in, taps);
    return taps;
}

}  // namespace

TEST_CASE("vectors filter as plain C++ does") {
    const RowFilters* fast = avx2_filters();
    if (!fast) return;
    record::KeyedRng rng = test_rng("filters");
    for (const Precision precision : {Precision::kExact, Precision::kFast})
        for (const int in : {1, 2, 3, 5, 8, 21, 100})
            for (const int spans : {1, 4, 7, 33}) {
                CAPTURE(in);
                CAPTURE(spans);
                const Taps taps = random_taps(precision, in, spans, 13, rng);
                const auto bytes = static_cast<std::size_t>(3 * spans);
                const auto row = noise_bytes(3 * static_cast<std::size_t>(in) + kPadding, "row");
                std::vector<std::uint8_t> plain(bytes + kPadding), vectors(bytes + kPadding);
                kPlainFilters.across(row.data(), taps, plain.data());
                fast->across(row.data(), taps, vectors.data());
                CHECK(std::equal(plain.begin(), plain.begin() + 3 * spans, vectors.begin()));

                std::vector<std::vector<std::uint8_t>> rows;
                std::vector<const std::uint8_t*> entering;
                for (int k = 0; k < taps.spans.front().count; ++k)
                    rows.push_back(noise_bytes(bytes + kPadding, "row" + std::to_string(k)));
                for (const auto& r : rows) entering.push_back(r.data());
                kPlainFilters.down(entering.data(), taps, taps.spans.front(), plain.data(), bytes);
                fast->down(entering.data(), taps, taps.spans.front(), vectors.data(), bytes);
                CHECK(std::equal(plain.begin(), plain.begin() + 3 * spans, vectors.begin()));
            }
    for (const std::size_t pixels : {1U, 15U, 16U, 17U, 100U}) {
        const auto rgb = noise_bytes(3 * pixels, "rgb");
        std::vector<std::uint8_t> plain(3 * pixels), vectors(3 * pixels);
        kPlainFilters.split(rgb.data(), pixels, plain.data());
        fast->split(rgb.data(), pixels, vectors.data());
        CHECK(plain == vectors);
    }
}

}  // namespace lip::image
