// Feeds any bytes to both splitters and all detectors, and stops if the contract of splitter.h is
// broken.
#include "tests/fuzz/require.h"
#include "text/flags.h"
#include "text/gap.h"
#include "text/splitter.h"
#include "text/stop.h"
#include "text/utf8.h"

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace {

using lip::text::SentenceSplitter;
using lip::text::Span;
using lip::text::SplitOptions;

// True for every option: in order, within the text, trimmed.
std::vector<Span> split_and_check(const SentenceSplitter& splitter, std::string_view text) {
    std::vector<Span> spans = splitter.split(text);
    std::size_t at = 0;
    for (const Span& span : spans) {
        require(span.begin >= at && span.begin < span.end && span.end <= text.size(),
                "sentences are in order");
        const std::string_view sentence = slice(text, span);
        require(lip::text::trim(sentence) == sentence, "a sentence is trimmed");
        at = span.end;
    }
    return spans;
}

// What the rules promise besides, with no option that drops anything.
void check_rules(const SentenceSplitter& splitter, std::string_view text) {
    std::size_t at = 0;
    const auto is_gap = [text](std::size_t begin, std::size_t end) {
        return begin == end || lip::text::scan_gap(text.substr(0, end), begin).end == end;
    };
    for (const Span& span : split_and_check(splitter, text)) {
        require(is_gap(at, span.begin), "between sentences is a gap");
        const std::string_view sentence = slice(text, span);
        const std::vector<Span> again = splitter.split(sentence);
        const bool itself = again.size() == 1 && slice(sentence, again[0]) == sentence;
        // What quotes or brackets enclose is stepped into when it is the whole caption.
        const bool enclosed =
            lip::text::is_opener(lip::text::decode_at(sentence, 0).code) && !again.empty();
        require(itself || enclosed, "a sentence is one sentence");
        at = span.end;
    }
    require(is_gap(at, text.size()), "after the last is a gap");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    static const SentenceSplitter kHard{SplitOptions{}};
    static const SentenceSplitter kSoft{SplitOptions{.newlines = SplitOptions::Newlines::kSoft}};
    static const SentenceSplitter kOptions{SplitOptions{
        .min_words = 3, .drop_truncated = true, .dedupe = true, .strip_markers = true}};
    static const SentenceSplitter kDreamlip{
        SplitOptions{.splitter = SplitOptions::Splitter::kDreamlip}};
    check_rules(kHard, text);
    check_rules(kSoft, text);
    split_and_check(kOptions, text);
    lip::text::detect_flags(text, "long", split_and_check(kDreamlip, text));
    const auto repaired = lip::text::replace_invalid_utf8(text);
    require(!lip::text::replace_invalid_utf8(repaired.text).changed, "repaired text is UTF-8");
    return 0;
}
