#include "train/sampler.h"

#include "text/splitter.h"

#include <string_view>

namespace lip::train {
namespace {

using record::KeyedRng;
using record::Record;

// Position in `weights` of a draw; weights sum to `total` > 0.
std::size_t draw_one(const std::vector<std::uint64_t>& weights, std::uint64_t total,
                     KeyedRng& rng) {
    std::uint64_t r = rng.below(total);
    for (std::size_t i = 0; i < weights.size(); ++i) {
        if (r < weights[i]) return i;
        r -= weights[i];
    }
    return weights.size() - 1;
}

// Joins pieces by a space, with a period where a sentence lacks its end mark. One that ends in a
// colon, semicolon or comma goes on in the next.
void append_sentence(std::string& text, std::string_view sentence) {
    if (!text.empty()) {
        const bool goes_on = std::string_view(":;,").find(text.back()) != std::string_view::npos;
        text += goes_on || text::ends_with_end_mark(text) ? " " : ". ";
    }
    text += sentence;
}

}  // namespace

std::vector<std::size_t> draw_indices(const std::vector<std::uint64_t>& weights, std::size_t count,
                                      KeyedRng& rng, std::vector<bool>& valid) {
    std::uint64_t all = 0;
    for (const std::uint64_t w : weights) all += w;
    std::vector<std::size_t> drawn;
    valid.clear();
    if (all == 0) return drawn;
    std::vector<std::uint64_t> left = weights;
    std::uint64_t total = all;
    while (drawn.size() < count) {
        const bool fresh = total > 0;
        const std::size_t i = fresh ? draw_one(left, total, rng) : draw_one(weights, all, rng);
        if (fresh) {
            total -= left[i];
            left[i] = 0;
        }
        drawn.push_back(i);
        valid.push_back(fresh);
    }
    return drawn;
}

std::string CaptionSampler::text_of(const std::vector<Piece>& pieces, std::size_t drawn,
                                    KeyedRng& rng) const {
    std::string text(pieces[drawn].text);
    if (!pieces[drawn].is_sentence || settings_.merge <= 1) return text;
    const std::size_t length = 1 + rng.below(static_cast<std::uint64_t>(settings_.merge));
    const auto add = [&](std::string_view sentence) {
        if (settings_.period_join)
            text.append(". ").append(sentence);
        else
            append_sentence(text, sentence);
    };
    if (length > 1 && settings_.merge_mode == MergeMode::kDiverse && rng.below(2) == 1) {
        std::vector<std::uint64_t> left;
        std::uint64_t total = 0;
        for (std::size_t i = 0; i < pieces.size(); ++i) {
            left.push_back(i != drawn && pieces[i].is_sentence ? pieces[i].weight : 0);
            total += left.back();
        }
        for (std::size_t n = 1; n < length && total > 0; ++n) {
            const std::size_t i = draw_one(left, total, rng);
            add(pieces[i].text);
            total -= left[i];
            left[i] = 0;
        }
        return text;
    }
    for (std::size_t i = drawn + 1, n = 1; n < length && i < pieces.size(); ++i, ++n) {
        if (pieces[i].run != pieces[drawn].run || !pieces[i].is_sentence) break;
        add(pieces[i].text);
    }
    return text;
}

Drawn CaptionSampler::draw(const Record& record, std::uint64_t seed, std::uint64_t epoch) const {
    const auto [pieces, unsplit] = make_pool(record, settings_.pool);
    std::vector<std::uint64_t> weights;
    for (const Piece& piece : pieces) weights.push_back(piece.weight);
    KeyedRng rng(seed, epoch, record::Stream::kSubCaptions, record.key);
    const auto count = static_cast<std::size_t>(settings_.texts_per_image);
    Drawn drawn;
    drawn.unsplit = unsplit;
    std::vector<std::size_t> first;
    if (settings_.raw_first)
        for (std::size_t i = 0; i < pieces.size() && first.empty(); ++i)
            if (record.captions[pieces[i].caption].form == "raw")
                first.push_back(i), weights[i] = 0;
    std::vector<std::size_t> order = draw_indices(weights, count - first.size(), rng, drawn.valid);
    if (!first.empty()) {
        if (order.size() < count - 1) {  // nothing but the raw caption
            order.assign(count - 1, first[0]);
            drawn.valid.assign(count - 1, false);
        }
        order.insert(order.begin(), first[0]);
        drawn.valid.insert(drawn.valid.begin(), true);
    }
    for (const std::size_t i : order) drawn.texts.push_back(text_of(pieces, i, rng));
    return drawn;
}

}  // namespace lip::train
