#include "scenes/grammar.h"

#include <stdexcept>

namespace lip::demo {

using record::KeyedRng;

namespace {

constexpr char kArticle = '\x01';  // stands for {a} until the next word is known

// The position of the bracket that closes the one at `open`.
std::size_t closing(std::string_view pattern, std::size_t open) {
    int depth = 0;
    for (std::size_t i = open; i < pattern.size(); ++i) {
        if (pattern[i] == '[') ++depth;
        if (pattern[i] == ']' && --depth == 0) return i;
    }
    throw std::logic_error("pattern without closing bracket: " + std::string(pattern));
}

std::vector<std::string_view> alternatives(std::string_view inner) {
    std::vector<std::string_view> parts;
    std::size_t start = 0;
    int depth = 0;
    for (std::size_t i = 0; i < inner.size(); ++i) {
        if (inner[i] == '[') ++depth;
        if (inner[i] == ']') --depth;
        if (inner[i] != '|' || depth > 0) continue;
        parts.push_back(inner.substr(start, i - start));
        start = i + 1;
    }
    parts.push_back(inner.substr(start));
    return parts;
}

const std::string& find_slot(const Slots& slots, std::string_view name) {
    for (const Slot& slot : slots) {
        if (slot.name == name) return slot.value;
    }
    throw std::logic_error("pattern with unknown slot: " + std::string(name));
}

void append(std::string_view pattern, const Slots& slots, KeyedRng& rng, std::string& out) {
    for (std::size_t i = 0; i < pattern.size(); ++i) {
        if (pattern[i] == '[') {
            const std::size_t end = closing(pattern, i);
            const auto parts = alternatives(pattern.substr(i + 1, end - i - 1));
            append(parts[static_cast<std::size_t>(rng.below(parts.size()))], slots, rng, out);
            i = end;
        } else if (pattern[i] == '{') {
            const std::size_t end = pattern.find('}', i);
            if (end == std::string_view::npos) {
                throw std::logic_error("pattern without closing brace: " + std::string(pattern));
            }
            const std::string_view name = pattern.substr(i + 1, end - i - 1);
            if (name == "a") {
                out += kArticle;
            } else if (name == "d") {
                out += static_cast<char>('0' + rng.below(10));
            } else {
                append(find_slot(slots, name), slots, rng, out);
            }
            i = end;
        } else {
            out += pattern[i];
        }
    }
}

// Writes the articles. Our names begin with a vowel letter exactly if they begin with its sound.
std::string with_articles(const std::string& text) {
    constexpr std::string_view kVowels = "aeiouAEIOU";
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != kArticle) {
            out += text[i];
            continue;
        }
        const bool vowel = i + 2 < text.size() && kVowels.find(text[i + 2]) != kVowels.npos;
        out += vowel ? "an" : "a";
    }
    return out;
}

}  // namespace

std::string expand(std::string_view pattern, const Slots& slots, KeyedRng& rng) {
    std::string out;
    append(pattern, slots, rng, out);
    return with_articles(out);
}

std::string expand_one(std::span<const std::string_view> patterns, const Slots& slots,
                       KeyedRng& rng) {
    return expand(patterns[static_cast<std::size_t>(rng.below(patterns.size()))], slots, rng);
}

std::string capitalized(std::string text) {
    if (!text.empty() && text[0] >= 'a' && text[0] <= 'z') {
        text[0] = static_cast<char>(text[0] - 'a' + 'A');
    }
    return text;
}

}  // namespace lip::demo
