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
#include <string>
#include <unordered_set>
#include <vector>

namespace lip::text {
namespace {

constexpr double kMaxRepeatedShare = 0.3;
constexpr std::size_t kGram = 4;  // words
constexpr std::size_t kMaxGramCount = 6;
constexpr std::size_t kMinDeflated = 400;  // bytes
constexpr double kMinDeflateRatio = 0.3;
constexpr double kMaxNewShare = 0.45;

bool sentences_repeat(const CaptionView& caption) {
    if (caption.sentences.size() < 2) return false;
    std::unordered_set<std::string> distinct;
    for (const Span& span : caption.sentences) {
        distinct.insert(normalise_for_comparison(slice(caption.text, span)));
    }
    const double repeated = static_cast<double>(caption.sentences.size() - distinct.size());
    return repeated > kMaxRepeatedShare * static_cast<double>(caption.sentences.size());
}

// FNV-1a of each word in lower case; words are what white space separates.
std::vector<std::uint64_t> word_hashes(std::string_view text) {
    constexpr std::uint64_t kStart = 0xCBF29CE484222325ULL;
    constexpr std::uint64_t kPrime = 0x100000001B3ULL;
    std::vector<std::uint64_t> hashes;
    std::uint64_t hash = kStart;
    bool inside = false;
    for (std::size_t pos = 0; pos < text.size();) {
        if (const char ascii = text[pos]; ascii > ' ' && ascii < '\x7F' && pos + 1 < text.size()) {
            const auto code = static_cast<unsigned char>(ascii);
            hash = (hash ^ (code >= 'A' && code <= 'Z' ? code + 32U : code)) * kPrime;
            inside = true;
            ++pos;
            continue;
        }
        const Decoded c = decode_at(text, pos);
        pos += c.size;
        if (!is_space(c.code)) {
            hash = (hash ^ to_lower(c.code)) * kPrime;
            inside = true;
        }
        if (inside && (is_space(c.code) || pos == text.size())) {
            hashes.push_back(hash);
            hash = kStart;
            inside = false;
        }
    }
    return hashes;
}

bool words_repeat(std::string_view text) {
    const std::vector<std::uint64_t> words = word_hashes(text);
    if (words.size() < kGram + kMaxGramCount) return false;
    std::vector<std::uint64_t> grams;
    grams.reserve(words.size());
    for (std::size_t n = 0; n + kGram <= words.size(); ++n) {
        std::uint64_t gram = 0;
        for (std::size_t k = 0; k < kGram; ++k) {
            gram = (gram ^ words[n + k]) * 0x9E3779B97F4A7C15ULL;
            gram ^= gram >> 29;
        }
        grams.push_back(gram);
    }
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
    return sentences_repeat(caption) || words_repeat(caption.text) || deflates_well(caption.text);
}

}  // namespace lip::text
