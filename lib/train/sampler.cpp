#include "train/sampler.h"

#include "cli/error.h"
#include "cli/options.h"

#include <algorithm>
#include <set>

namespace lip::train {
namespace {

using record::Caption;
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

bool ends_sentence(std::string_view text) {
    return !text.empty() &&
           std::string_view(".!?\"')]").find(text.back()) != std::string_view::npos;
}

}  // namespace

SourceWeight parse_source(const std::string& text) {
    SourceWeight out;
    std::string name = text;
    if (const std::size_t equals = name.find('='); equals != name.npos) {
        const std::int64_t weight = cli::parse_integer(name.substr(equals + 1), cli::Kind::kPlain);
        if (weight < 0)
            throw cli::UsageError("--sources: the weight in '" + text + "' is negative");
        out.weight = static_cast<std::uint64_t>(weight);
        name.resize(equals);
    }
    const std::size_t colon = name.find(':');
    out.source = name.substr(0, colon);
    if (colon != name.npos) out.form = name.substr(colon + 1);
    if (out.source.empty()) throw cli::UsageError("--sources: '" + text + "' names no source");
    return out;
}

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

std::uint64_t CaptionSampler::weight(const Caption& caption) const {
    if (settings_.sources.empty()) return 1;
    for (const SourceWeight& source : settings_.sources)
        if (source.source == caption.source && (source.form.empty() || source.form == caption.form))
            return source.weight;
    return 0;
}

std::vector<Candidate> CaptionSampler::pool(const Record& record) const {
    std::vector<Candidate> candidates;
    std::set<std::string_view> seen;
    const auto add = [&](std::size_t caption, std::int64_t sentence, std::string_view text,
                         std::uint64_t w) {
        if (!text.empty() && seen.insert(text).second) candidates.push_back({caption, sentence, w});
    };
    for (std::size_t c = 0; c < record.captions.size(); ++c) {
        const Caption& caption = record.captions[c];
        const std::uint64_t w = weight(caption);
        const auto skipped = [&](const std::string& flag) {
            return flag != "truncated" && caption.has_flag(flag);
        };
        if (w == 0 ||
            std::any_of(settings_.skip_flags.begin(), settings_.skip_flags.end(), skipped))
            continue;
        const bool by_sentence = settings_.sentences && caption.sentences && caption.form == "long";
        if (!by_sentence) {
            add(c, -1, caption.text, w);
            continue;
        }
        auto count = static_cast<std::int64_t>(caption.sentences->size());
        const bool skip_cut = std::find(settings_.skip_flags.begin(), settings_.skip_flags.end(),
                                        "truncated") != settings_.skip_flags.end();
        if (skip_cut && count > 1 && caption.has_flag("truncated"))
            --count;  // the last one stops in mid-air
        for (std::int64_t s = 0; s < count; ++s)
            add(c, s, caption.sentence(static_cast<std::size_t>(s)), w);
    }
    return candidates;
}

std::string CaptionSampler::text_of(const Record& record, const Candidate& candidate,
                                    KeyedRng& rng) const {
    const Caption& caption = record.captions[candidate.caption];
    if (candidate.sentence < 0) return caption.text;
    const auto length =
        settings_.merge > 1 ? 1 + rng.below(static_cast<std::uint64_t>(settings_.merge)) : 1;
    const std::size_t end =
        std::min(static_cast<std::size_t>(candidate.sentence) + length, caption.sentences->size());
    std::string text;
    for (auto s = static_cast<std::size_t>(candidate.sentence); s < end; ++s) {
        if (!text.empty()) text += ends_sentence(text) ? " " : ". ";
        text += caption.sentence(s);
    }
    return text;
}

Drawn CaptionSampler::draw(const Record& record, std::uint64_t seed, std::uint64_t epoch) const {
    const std::vector<Candidate> candidates = pool(record);
    std::vector<std::uint64_t> weights;
    for (const Candidate& candidate : candidates) weights.push_back(candidate.weight);
    KeyedRng rng(seed, epoch, record::Stream::kSubCaptions, record.key);
    const auto count = static_cast<std::size_t>(settings_.texts_per_image);
    Drawn drawn;
    std::vector<std::size_t> first;
    if (settings_.raw_first)
        for (std::size_t i = 0; i < candidates.size() && first.empty(); ++i)
            if (record.captions[candidates[i].caption].form == "raw")
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
    for (const std::size_t i : order) drawn.texts.push_back(text_of(record, candidates[i], rng));
    return drawn;
}

}  // namespace lip::train
