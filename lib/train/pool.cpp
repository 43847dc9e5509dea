#include "train/pool.h"

#include "cli/error.h"
#include "cli/values.h"
#include "text/dreamlip_splitter.h"
#include "text/flags.h"

#include <algorithm>
#include <charconv>
#include <set>
#include <system_error>

namespace lip::train {
namespace {

using record::Caption;
using record::Record;

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

// Place of a caption in the pool of the released code: the smaller the earlier.
int rank(const Caption& caption, PoolOrder order) {
    constexpr std::string_view kCsv[] = {"instructblip", "sharegpt4v", "llava15"};
    constexpr std::string_view kJson[] = {"instructblip", "llava15", "sharegpt4v"};
    if (order == PoolOrder::kRecord) return 0;
    if (caption.form == "raw") return -1;
    const auto& sources = order == PoolOrder::kCsv ? kCsv : kJson;
    const auto source =
        std::find(std::begin(sources), std::end(sources), caption.source) - std::begin(sources);
    return static_cast<int>(2 * source) + (caption.form == "short" ? 0 : 1);
}

// A piece begins within one of these sentences of the record.
bool lies_in(const Caption& caption, const std::set<std::int64_t>& sentences, text::Span piece) {
    if (!caption.sentences) return false;
    return std::any_of(sentences.begin(), sentences.end(), [&](std::int64_t n) {
        const auto i = static_cast<std::size_t>(n);
        return i < caption.sentences->size() && piece.begin >= (*caption.sentences)[i].begin &&
               piece.begin < (*caption.sentences)[i].end;
    });
}

class PoolBuilder {
public:
    PoolBuilder(const Record& record, const PoolSettings& settings)
        : record_(record), settings_(settings) {}

    void add_caption(std::size_t c) {
        const Caption& caption = record_.captions[c];
        weight_ = weight_of(settings_.sources, caption.source, caption.form);
        caption_ = c;
        const Skipped skipped = find_skipped(caption, settings_.skip_flags);
        if (weight_ == 0 || skipped.caption) return;
        if (!settings_.one_run) ++run_;
        const bool is_long = caption.form == "long";
        if (settings_.sentences && settings_.splitter == Splitter::kDreamlip &&
            (is_long || caption.form == "short")) {
            add_sentences(caption, text::split_like_dreamlip(caption.text), skipped);
        } else if (settings_.sentences && is_long && caption.sentences) {
            add_sentences(caption, *caption.sentences, skipped);
        } else if (skipped.sentences.empty()) {
            if (settings_.sentences && is_long) ++pool.unsplit;
            if (!caption.text.empty() && seen_.insert(caption.text).second)
                pool.pieces.push_back({caption.text, c, run_, false, weight_});
        }
    }

    // The last pieces are there to be merged only; the first may be drawn whatever follows.
    void end() {
        std::size_t left = settings_.never_starts;
        const auto first = std::find_if(pool.pieces.begin(), pool.pieces.end(),
                                        [](const Piece& piece) { return piece.is_sentence; });
        for (auto piece = pool.pieces.end(); piece != first && left > 0;) {
            if (--piece == first) break;
            if (!piece->is_sentence) continue;
            piece->weight = 0;
            --left;
        }
    }

    Pool pool;

private:
    void add_sentences(const Caption& caption, const std::vector<text::Span>& spans,
                       const Skipped& skipped) {
        std::size_t count = spans.size();
        if (skipped.last_sentence && count > 1) --count;  // it stops in mid-air
        for (std::size_t s = 0; s < count; ++s) {
            if (lies_in(caption, skipped.sentences, spans[s])) {
                ++run_;
                continue;
            }
            const std::string_view text = text::slice(caption.text, spans[s]);
            if (text.empty()) continue;
            const bool is_new = seen_.insert(text).second;
            pool.pieces.push_back({text, caption_, run_, true, is_new ? weight_ : 0});
        }
    }

    const Record& record_;
    const PoolSettings& settings_;
    std::size_t run_ = 0, caption_ = 0;
    std::uint64_t weight_ = 0;
    std::set<std::string_view> seen_;
};

}  // namespace

void from_text(std::string_view text, SourceWeight& entry) {
    entry = {};
    std::string_view name = text;
    if (const std::size_t equals = name.find('='); equals != name.npos) {
        const std::int64_t weight = cli::parse_integer(name.substr(equals + 1), cli::Kind::kPlain);
        if (weight < 0)
            throw cli::UsageError("the weight in '" + std::string(text) + "' is negative");
        entry.weight = static_cast<std::uint64_t>(weight);
        name = name.substr(0, equals);
    }
    const std::size_t colon = name.find(':');
    entry.source = name.substr(0, colon);
    if (colon != name.npos) entry.form = name.substr(colon + 1);
    if (entry.source.empty()) throw cli::UsageError("'" + std::string(text) + "' has no source");
}

std::string to_text(const SourceWeight& entry) {
    return entry.source + (entry.form.empty() ? "" : ":" + entry.form) +
           (entry.weight == 1 ? "" : "=" + std::to_string(entry.weight));
}

void check(const std::vector<SourceWeight>& sources) {
    for (auto entry = sources.begin(); entry != sources.end(); ++entry)
        for (auto other = sources.begin(); other != entry; ++other)
            if (other->source == entry->source && other->form == entry->form)
                throw cli::UsageError("--sources: '" + to_text(*entry) +
                                      "' gives a second weight to " + entry->source +
                                      (entry->form.empty() ? "" : ":" + entry->form));
}

void check_skip_flag(std::string_view flag) {
    const auto known = text::flag_names();
    if (flag.find('@') != flag.npos)
        throw cli::UsageError(
            "'" + std::string(flag) +
            "' names a single sentence (leave out @N: the flag applies to all of them)");
    if (std::ranges::find(known, flag) == known.end())
        throw cli::UsageError("'" + std::string(flag) + "' is none of " +
                              cli::join({known.begin(), known.end()}));
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

Pool make_pool(const Record& record, const PoolSettings& settings) {
    std::vector<std::size_t> order(record.captions.size());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
        return rank(record.captions[a], settings.order) < rank(record.captions[b], settings.order);
    });
    PoolBuilder builder(record, settings);
    for (const std::size_t caption : order) builder.add_caption(caption);
    builder.end();
    return std::move(builder.pool);
}

}  // namespace lip::train
