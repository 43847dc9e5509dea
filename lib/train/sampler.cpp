#include "train/sampler.h"

#include "cli/error.h"
#include "cli/options.h"
#include "text/splitter.h"

#include <algorithm>
#include <charconv>
#include <set>
#include <system_error>

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

// Joins pieces by a space, with a period where a sentence lacks its end mark. One that ends in a
// colon, semicolon or comma goes on in the next.
void append_sentence(std::string& text, std::string_view sentence) {
    if (!text.empty()) {
        const bool goes_on = std::string_view(":;,").find(text.back()) != std::string_view::npos;
        text += goes_on || text::ends_with_end_mark(text) ? " " : ". ";
    }
    text += sentence;
}

// What the flags of a caption leave out.
struct Skipped {
    bool caption = false, last_sentence = false;
    std::set<std::int64_t> sentences;
};

Skipped find_skipped(const Caption& caption, const std::vector<std::string>& words) {
    Skipped skipped;
    if (!caption.flags) return skipped;
    for (const std::string_view flag : *caption.flags) {
        const std::size_t at = flag.find('@');
        const std::string_view word = flag.substr(0, at);
        if (std::find(words.begin(), words.end(), word) == words.end()) continue;
        std::int64_t sentence = 0;
        if (at == flag.npos)
            (word == "truncated" ? skipped.last_sentence : skipped.caption) = true;
        else if (std::from_chars(flag.data() + at + 1, flag.data() + flag.size(), sentence).ec ==
                 std::errc())
            skipped.sentences.insert(sentence);
    }
    return skipped;
}

// Collects pieces; a text that was there before gets no weight.
class PoolBuilder {
public:
    void add(std::size_t caption, std::string_view text, bool is_sentence, std::uint64_t weight) {
        if (text.empty()) return;
        const bool is_new = seen_.insert(text).second;
        if (is_new || is_sentence)
            pool.pieces.push_back({text, caption, run_, is_sentence, is_new ? weight : 0});
    }
    void end_run() { ++run_; }

    Pool pool;

private:
    std::size_t run_ = 0;
    std::set<std::string_view> seen_;
};

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

std::vector<SourceWeight> parse_sources(const std::vector<std::string>& list) {
    std::vector<SourceWeight> sources;
    for (const std::string& text : list) {
        SourceWeight next = parse_source(text);
        for (const SourceWeight& other : sources)
            if (other.source == next.source && other.form == next.form)
                throw cli::UsageError("--sources: '" + text + "' gives a second weight to " +
                                      next.source + (next.form.empty() ? "" : ":" + next.form));
        sources.push_back(std::move(next));
    }
    return sources;
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

std::uint64_t weight_of(const std::vector<SourceWeight>& sources, std::string_view source,
                        std::string_view form) {
    const SourceWeight* best = nullptr;
    bool only_removes = true;
    for (const SourceWeight& entry : sources) {
        if (entry.weight > 0) only_removes = false;
        if (entry.source != source || !(entry.form.empty() || entry.form == form)) continue;
        if (!best || best->form.empty()) best = &entry;
    }
    if (best) return best->weight;
    return only_removes ? 1 : 0;
}

std::uint64_t CaptionSampler::weight(const Caption& caption) const {
    return weight_of(settings_.sources, caption.source, caption.form);
}

Pool CaptionSampler::pool(const Record& record) const {
    PoolBuilder builder;
    for (std::size_t c = 0; c < record.captions.size(); ++c) {
        const Caption& caption = record.captions[c];
        const std::uint64_t w = weight(caption);
        const Skipped skipped = find_skipped(caption, settings_.skip_flags);
        if (w == 0 || skipped.caption) continue;
        builder.end_run();
        const bool by_sentence = settings_.sentences && caption.form == "long";
        if (!by_sentence || !caption.sentences) {
            if (!skipped.sentences.empty()) continue;
            builder.add(c, caption.text, false, w);
            if (by_sentence) ++builder.pool.unsplit;
            continue;
        }
        std::size_t count = caption.sentences->size();
        if (skipped.last_sentence && count > 1) --count;  // it stops in mid-air
        for (std::size_t s = 0; s < count; ++s) {
            if (skipped.sentences.contains(static_cast<std::int64_t>(s)))
                builder.end_run();
            else
                builder.add(c, caption.sentence(s), true, w);
        }
    }
    return std::move(builder.pool);
}

std::string CaptionSampler::text_of(const std::vector<Piece>& pieces, std::size_t drawn,
                                    KeyedRng& rng) const {
    std::string text(pieces[drawn].text);
    if (!pieces[drawn].is_sentence || settings_.merge <= 1) return text;
    const std::size_t length = 1 + rng.below(static_cast<std::uint64_t>(settings_.merge));
    const std::size_t end = std::min(drawn + length, pieces.size());
    for (std::size_t i = drawn + 1; i < end && pieces[i].run == pieces[drawn].run; ++i)
        append_sentence(text, pieces[i].text);
    return text;
}

Drawn CaptionSampler::draw(const Record& record, std::uint64_t seed, std::uint64_t epoch) const {
    const auto [pieces, unsplit] = pool(record);
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
