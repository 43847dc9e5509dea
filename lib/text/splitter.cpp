#include "text/splitter.h"

#include "text/decoration.h"
#include "text/dreamlip_splitter.h"
#include "text/end_marks.h"
#include "text/gap.h"
#include "text/letters.h"
#include "text/list_markers.h"
#include "text/sentence_scan.h"
#include "text/utf8.h"

#include <algorithm>
#include <string>
#include <unordered_set>
#include <utility>

namespace lip::text {
namespace {

Span span_of(std::size_t begin, std::size_t end) {
    return {static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end)};
}

// Where the words of a sentence begin. Letters ("a.") are markers only in a list: elsewhere they
// are initials.
std::size_t after_marker(std::string_view text, const FoundSentence& found) {
    const auto marker = parse_marker(text, found.begin, /*line_start=*/true);
    if (!marker || marker->end > found.end || (marker->is_letter && !found.is_item)) {
        return found.begin;
    }
    return std::min(scan_gap(text, marker->end).end, found.end);
}

std::vector<Span> spans_of_rules(std::string_view text, const SplitOptions& options,
                                 const Abbreviations& abbreviations) {
    const bool soft = options.newlines == SplitOptions::Newlines::kSoft;
    const std::vector<FoundSentence> found = scan_sentences(text, abbreviations, soft);
    std::vector<Span> spans;
    spans.reserve(found.size());
    for (const FoundSentence& sentence : found) {
        const std::size_t begin =
            options.strip_markers ? after_marker(text, sentence) : sentence.begin;
        if (begin < sentence.end) spans.push_back(span_of(begin, sentence.end));
    }
    return spans;
}

bool has_at_least(std::string_view sentence, int words) {
    int count = 0;
    bool inside = false;
    for (std::size_t pos = 0; pos < sentence.size() && count < words;) {
        const Decoded c = decode_at(sentence, pos);
        const bool visible = !is_space(c.code);
        if (visible && !inside) ++count;
        inside = visible;
        pos += c.size;
    }
    return count >= words;
}

// Tokens stay out of spans, so no sentence is joined over one.
bool may_join(std::string_view text, const Span& left, const Span& right) {
    const std::string_view gap = text.substr(left.end, right.begin - left.end);
    return gap.find("s>") == gap.npos;
}

void join_short(std::string_view text, std::vector<Span>& spans, int min_words) {
    std::vector<Span> joined;
    joined.reserve(spans.size());
    for (const Span& span : spans) {
        const bool joinable = !joined.empty() && may_join(text, joined.back(), span);
        const bool left_is_short = joinable && !has_at_least(slice(text, joined.back()), min_words);
        if (joinable && (left_is_short || !has_at_least(slice(text, span), min_words))) {
            joined.back().end = span.end;
        } else {
            joined.push_back(span);
        }
    }
    spans = std::move(joined);
}

void drop_repeated(std::string_view text, std::vector<Span>& spans) {
    std::unordered_set<std::string> seen;
    std::erase_if(spans, [&](const Span& span) {
        return !seen.insert(normalise_for_comparison(slice(text, span))).second;
    });
}

}  // namespace

SentenceSplitter::SentenceSplitter(SplitOptions options, Abbreviations abbreviations)
    : options_(options), abbreviations_(std::move(abbreviations)) {}

std::vector<Span> SentenceSplitter::split(std::string_view text) const {
    const bool dreamlip = options_.splitter == SplitOptions::Splitter::kDreamlip;
    std::vector<Span> spans =
        dreamlip ? split_like_dreamlip(text) : spans_of_rules(text, options_, abbreviations_);
    if (options_.drop_truncated && spans.size() > 1) {
        const std::string_view last = slice(text, spans.back());
        if (dreamlip ? !ends_like_dreamlip(last) : !ends_with_end_mark(last)) spans.pop_back();
    }
    if (options_.min_words > 1) join_short(text, spans, options_.min_words);
    if (options_.dedupe) drop_repeated(text, spans);
    return spans;
}

bool ends_with_end_mark(std::string_view text) {
    text = without_decoration(text);
    if (text.empty()) return false;
    const char32_t last = decode_before(text, text.size()).code;
    return mark_kind(last) != MarkKind::kNone || closer_kind(last) != CloserKind::kNone;
}

}  // namespace lip::text
