#include "text/flag_detectors.h"
#include "text/letters.h"
#include "text/utf8.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <new>
#include <numeric>
#include <vector>

namespace lip::text {
namespace {

constexpr double kMaxRepeatedShare = 0.3;
constexpr std::size_t kGram = 4;  // words: the factors below
constexpr std::size_t kMaxGramCount = 6;
constexpr std::size_t kMinDeflated = 400;  // bytes
constexpr double kMinDeflateRatio = 0.3;
constexpr double kMaxNewShare = 0.45;

std::uint64_t mixed(std::uint64_t hash, std::uint64_t word) {
    hash = (hash ^ word) * 0x9E3779B97F4A7C15ULL;
    return hash ^ hash >> 29;
}

constexpr auto kIsSpace = [] {
    std::array<bool, 128> space{};
    for (char32_t c = 0; c < 128; ++c) space[c] = is_space(c);
    return space;
}();

// The same for a text that is ASCII in lower case: eight bytes at a time.
void add_ascii_hashes(std::string_view lower, std::vector<std::uint64_t>& hashes) {
    const auto is_space_at = [&](std::size_t at) {
        return kIsSpace[static_cast<unsigned char>(lower[at])];
    };
    for (std::size_t pos = 0; pos < lower.size();) {
        std::size_t end = pos;
        while (end < lower.size() && !is_space_at(end)) ++end;
        if (end > pos) {
            std::uint64_t hash = end - pos;
            for (; pos < end; pos += std::min<std::size_t>(8, end - pos)) {
                std::uint64_t bytes = 0;
                std::memcpy(&bytes, lower.data() + pos, std::min<std::size_t>(8, end - pos));
                hash = mixed(hash, bytes);
            }
            hashes.push_back(hash);
        }
        ++pos;
    }
}

// A hash of each word in lower case; words are what white space separates.
void add_word_hashes(const CaptionView& caption, Span part, std::vector<std::uint64_t>& hashes) {
    if (!caption.has(kHighByte)) return add_ascii_hashes(slice(caption.lower, part), hashes);
    std::uint64_t hash = 0;
    bool inside = false;
    for (std::size_t pos = part.begin; pos < part.end;) {
        const Decoded c = decode_at(caption.text, pos);
        pos += c.size;
        if (!is_space(c.code)) {
            hash = mixed(hash, to_lower(c.code));
            inside = true;
        }
        if (inside && (is_space(c.code) || pos >= part.end)) {
            hashes.push_back(hash);
            hash = 0;
            inside = false;
        }
    }
}

// Up to eight bytes from one end of `text`, as far as they are visible ASCII, in lower case.
template <class Iterator>
std::uint64_t visible_end(Iterator at, Iterator end) {
    std::uint64_t bytes = 0;
    for (int n = 0; n < 8 && at != end && *at > ' '; ++n, ++at)
        bytes = bytes << 8 | static_cast<unsigned char>(ascii_lower(*at));
    return bytes;
}

std::size_t distinct(std::vector<std::uint64_t>& values) {
    std::sort(values.begin(), values.end());
    return static_cast<std::size_t>(std::unique(values.begin(), values.end()) - values.begin());
}

// Sentences are the same if their words are, but for case.
bool sentences_repeat(const CaptionView& caption) {
    const std::size_t count = caption.sentences.size();
    if (count < 2) return false;
    const auto is_share = [&](std::size_t different) {
        return static_cast<double>(count - different) >
               kMaxRepeatedShare * static_cast<double>(count);
    };
    std::vector<std::uint64_t> hashes, words;
    hashes.reserve(count);
    // Different ends are different sentences, and mostly enough to know.
    if (!caption.has(kHighByte)) {
        for (const Span& span : caption.sentences) {
            const std::string_view sentence = trim(slice(caption.text, span));
            hashes.push_back(mixed(visible_end(sentence.begin(), sentence.end()),
                                   visible_end(sentence.rbegin(), sentence.rend())));
        }
        if (!is_share(distinct(hashes))) return false;
        hashes.clear();
    }
    for (const Span& span : caption.sentences) {
        words.clear();
        add_word_hashes(caption, span, words);
        hashes.push_back(std::accumulate(words.begin(), words.end(), std::uint64_t{0}, mixed));
    }
    return is_share(distinct(hashes));
}

// True if one of the values may stand there more than `most` times, by counts of their low bits.
bool may_repeat(const std::vector<std::uint64_t>& values, std::size_t most) {
    std::array<std::uint16_t, 256> counts{};
    for (const std::uint64_t value : values)
        if (++counts[value % counts.size()] > most) return true;
    return false;
}

bool words_repeat(const CaptionView& caption) {
    thread_local std::vector<std::uint64_t> words, grams;
    words.clear();
    add_word_hashes(caption, {0, static_cast<std::uint32_t>(caption.text.size())}, words);
    if (words.size() < kGram + kMaxGramCount) return false;
    grams.clear();
    for (std::size_t n = 0; n + kGram <= words.size(); ++n) {
        // The hashes are mixed well: odd factors keep the order of the words.
        const std::uint64_t gram = words[n] + words[n + 1] * 0x9E3779B97F4A7C15ULL +
                                   words[n + 2] * 0xC2B2AE3D27D4EB4FULL +
                                   words[n + 3] * 0x165667B19E3779F9ULL;
        grams.push_back(gram ^ gram >> 32);
    }
    if (!may_repeat(grams, kMaxGramCount)) return false;
    std::sort(grams.begin(), grams.end());
    for (std::size_t n = 0; n + kMaxGramCount < grams.size(); ++n) {
        if (grams[n] == grams[n + kMaxGramCount]) return true;
    }
    return false;
}

// zlib's compress() without its cost for every caption: 256 KiB of state are taken once a thread.
// Nothing of one text is left for the next.
class Deflater {
public:
    Deflater() {
        if (deflateInit(&stream_, Z_DEFAULT_COMPRESSION) != Z_OK) throw std::bad_alloc();
    }
    ~Deflater() { deflateEnd(&stream_); }
    Deflater(const Deflater&) = delete;
    Deflater& operator=(const Deflater&) = delete;

    // True if `text` deflates to fewer than `limit` bytes. Requires text.size() < 2^32.
    bool fits(std::string_view text, std::size_t limit) {
        out_.resize(limit);
        deflateReset(&stream_);
        // zlib does not write to its input; the missing const is history.
        stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
        stream_.avail_in = static_cast<uInt>(text.size());
        stream_.next_out = out_.data();
        stream_.avail_out = static_cast<uInt>(out_.size());
        return deflate(&stream_, Z_FINISH) == Z_STREAM_END && stream_.total_out < limit;
    }

private:
    z_stream stream_{};
    std::vector<Bytef> out_;
};

// How many different runs of three bytes there are, or a few fewer (they are told apart by a hash).
std::size_t distinct_trigrams(std::string_view text) {
    std::array<std::uint64_t, 1 << 10> seen{};  // a bit for each of 2^16 hashes
    std::size_t count = 0;
    for (std::size_t n = 0; n + 3 <= text.size(); ++n) {
        std::uint32_t trigram = 0;
        std::memcpy(&trigram, text.data() + n, 3);
        const std::uint32_t hash = trigram * 0x9E3779B1U >> 16;
        const std::uint64_t bit = std::uint64_t{1} << (hash % 64);
        count += (seen[hash / 64] & bit) == 0;
        seen[hash / 64] |= bit;
    }
    return count;
}

bool deflates_well(std::string_view text) {
    if (text.size() <= kMinDeflated) return false;
    // A match brings no new trigram, and a new one costs a good part of a literal: a text with so
    // many does not shrink to 0.3 (of 26,000 texts that did, the largest share was 0.36). That
    // spares zlib, which took most of a caption's time, for all but very long captions.
    if (static_cast<double>(distinct_trigrams(text)) >
        kMaxNewShare * static_cast<double>(text.size()))
        return false;
    thread_local Deflater deflater;
    const double limit = kMinDeflateRatio * static_cast<double>(text.size());
    return deflater.fits(text, static_cast<std::size_t>(std::ceil(limit)));
}

}  // namespace

bool is_repetitive(const CaptionView& caption) {
    return sentences_repeat(caption) || words_repeat(caption) || deflates_well(caption.text);
}

}  // namespace lip::text
