#include "text/flag_detectors.h"
#include "text/letters.h"
#include "text/utf8.h"

#include <zlib.h>

#include <algorithm>
#include <cstdint>
#include <new>
#include <string>
#include <unordered_set>

namespace lip::text {
namespace {

constexpr double kMaxRepeatedShare = 0.3;
constexpr std::size_t kGram = 4;  // words
constexpr std::size_t kMaxGramCount = 6;
constexpr std::size_t kMinDeflated = 400;  // bytes
constexpr double kMinDeflateRatio = 0.3;

bool sentences_repeat(const CaptionView& caption) {
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

bool deflates_well(std::string_view text) {
    if (text.size() <= kMinDeflated) return false;
    uLongf size = compressBound(static_cast<uLong>(text.size()));
    std::vector<Bytef> out(size);
    const int status = compress2(out.data(), &size, reinterpret_cast<const Bytef*>(text.data()),
                                 static_cast<uLong>(text.size()), Z_DEFAULT_COMPRESSION);
    if (status != Z_OK) throw std::bad_alloc();  // the buffer suffices: memory is the only reason
    return static_cast<double>(size) < kMinDeflateRatio * static_cast<double>(text.size());
}

}  // namespace

bool is_repetitive(const CaptionView& caption) {
    return sentences_repeat(caption) || words_repeat(caption.text) || deflates_well(caption.text);
}

}  // namespace lip::text
