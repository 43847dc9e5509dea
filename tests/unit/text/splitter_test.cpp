#include "text/splitter.h"

#include "record/keyed_rng.h"
#include "text/gap.h"
#include "text/stop.h"
#include "text/utf8.h"

#include <doctest/doctest.h>

#include <ctime>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace text = lip::text;
using text::SplitOptions;
using namespace std::string_view_literals;

namespace {

using Sentences = std::vector<std::string>;

Sentences split(std::string_view caption, const SplitOptions& options = {}) {
    Sentences out;
    for (const text::Span& span : text::SentenceSplitter(options).split(caption)) {
        out.emplace_back(text::slice(caption, span));
    }
    return out;
}

bool is_gap(std::string_view caption, std::size_t begin, std::size_t end) {
    return begin == end || text::scan_gap(caption.substr(0, end), begin).end == end;
}

// The contract of the default options; empty if it holds, else what is broken.
std::string broken_rule(const text::SentenceSplitter& splitter, std::string_view caption) {
    std::size_t at = 0;
    for (const text::Span& span : splitter.split(caption)) {
        if (span.begin < at || span.end <= span.begin || span.end > caption.size()) return "order";
        if (!is_gap(caption, at, span.begin)) return "gap";
        const std::string_view sentence = text::slice(caption, span);
        if (text::trim(sentence) != sentence) return "trim";
        if (sentence.find("</s>") != sentence.npos) return "token";
        const auto again = splitter.split(sentence);
        // Quotes or brackets around a sentence are stepped into when it is the whole caption.
        const bool enclosed = text::is_opener(text::decode_at(sentence, 0).code);
        const bool itself = again.size() == 1 && text::slice(sentence, again[0]) == sentence;
        if (again.empty() || (!itself && !enclosed)) return "again";
        at = span.end;
    }
    return is_gap(caption, at, caption.size()) ? "" : "tail";
}

constexpr std::string_view kParts[] = {
    ".",         " ",      "  ",       "   ",  "\n",     "\r\n",   "\r",     "1",
    "2",         "1.",     "2.",       "1)",   "2)",     "3.)",    "a.",     "b.",
    "A.",        "B.",     "a",        "the",  "The",    "Dr.",    "co.",    "U.S.",
    "a.m.",      " . . .", " . . . .", "...",  "…",      "!",      "?",      "\"",
    "'",         "(",      ")",        "[",    "]",      "“",      "”",      "’",
    "•",         "⁃",      "-",        "*",    "- ",     "**",     ":",      "</s>",
    "<s>",       "\\n",    "C:\\n",    "</s",  "。",     "？",     "」",     "「",
    "é",         "É",      "天",       "\xff", "\xe2",   "\x80",   "\xc2",   "\0"sv,
    "http://",   "x@y",    ".com",     "N°.",  "No.",    "Yahoo!", "I.",     "At 8",
    "p.m.",      "dog",    "Dog",      "#",    "_",      "\u2028", "\u2009", "\ufeff",
    "etc.",      "5 in.",  ",",        "Fig.", "„",      "«",      "»",      "<br>",
    "<BR />",    "<b>",    "</b>",     "😀",    "✅",      "#sky",   "#1",     "@user",
    "www.x.com", "`",      "[1]",      ":)",   "&nbsp;", "।",      "؟",      "．",
    "１",        "と",     "al.",      "sq.",  "ft.",    "Ex.Com", "a.b@",   "https://x.de/a.b",
    "\u200b",    "～",     "】",       "『",   "』",     "/",      "X.Y",
};

std::string random_caption(std::uint64_t number) {
    lip::record::KeyedRng rng(1, number, lip::record::Stream::kShuffling, "splitter");
    std::string caption;
    for (std::uint64_t n = rng.below(40); n > 0; --n) {
        caption += kParts[rng.below(std::size(kParts))];
        if (rng.below(3) == 0) caption += ' ';
    }
    return caption;
}

std::string random_bytes(std::uint64_t number) {
    lip::record::KeyedRng rng(2, number, lip::record::Stream::kShuffling, "splitter");
    std::string caption;
    for (std::uint64_t n = rng.below(200); n > 0; --n) {
        caption += static_cast<char>(rng.below(256));
    }
    return caption;
}

}  // namespace

TEST_CASE("spans are byte offsets into the caption") {
    const text::SentenceSplitter splitter{SplitOptions{}};
    CHECK(splitter.split("Dr. Smith waves. A dog runs.") ==
          std::vector<text::Span>{{0, 16}, {17, 28}});
    CHECK(splitter.split("  Caf\u00e9.  Bar \n") == std::vector<text::Span>{{2, 8}, {10, 13}});
    CHECK(splitter.split("").empty());
    CHECK(splitter.split(" \n\u3000</s>").empty());
}

TEST_CASE("blank lines in every form and end tokens are borders and stay out of spans") {
    CHECK(split("A dog\n\nruns\n \t\nfar") == Sentences{"A dog", "runs", "far"});
    CHECK(split("A dog   runs") == Sentences{"A dog", "runs"});
    CHECK(split("A dog.\\nIt runs\\n\\nfar") == Sentences{"A dog.", "It runs", "far"});
    CHECK(split("<s>A dog</s>runs.</s> far </s>") == Sentences{"A dog", "runs.", "far"});
    CHECK(split("A window shows C:\\new folder.") == Sentences{"A window shows C:\\new folder."});
}

TEST_CASE("headings join the next line, list items do not") {
    CHECK(split("Foreground:\nA tree.\nBackground:\nA hill.") ==
          Sentences{"Foreground:\nA tree.", "Background:\nA hill."});
    CHECK(split("**Objects**\nA lamp.") == Sentences{"**Objects**\nA lamp."});
    CHECK(split("Objects:\n- a lamp\n- a pen") == Sentences{"Objects:", "- a lamp", "- a pen"});
    CHECK(split("Objects:\n\nA lamp.") == Sentences{"Objects:", "A lamp."});
}

TEST_CASE("markers of lists") {
    CHECK(split("Items on the desk: 1. a stapler 2. two pens\n\n3. a mug") ==
          Sentences{"Items on the desk:", "1. a stapler", "2. two pens", "3. a mug"});
    // A lone marker at the start, years, references and initials are no list.
    CHECK(split("1. A lamp stands here.") == Sentences{"1. A lamp stands here."});
    CHECK(split("It is from 1990. A crack runs down.") ==
          Sentences{"It is from 1990.", "A crack runs down."});
    CHECK(split("See Fig. 1. and Fig. 2. here.").size() == 3);
    CHECK(split("J. K. Lund and L. M. Berg pose.") == Sentences{"J. K. Lund and L. M. Berg pose."});
    CHECK(split("The mug (see 1) and the cup (see 2) are red.").size() == 1);
}

TEST_CASE("strip_markers leaves markers out, but not initials") {
    SplitOptions options;
    options.strip_markers = true;
    CHECK(split("1. A lamp 2. A pen\n- a cup\n- a mug", options) ==
          Sentences{"A lamp", "A pen", "a cup", "a mug"});
    CHECK(split("a. A lamp b. A pen", options) == Sentences{"A lamp", "A pen"});
    CHECK(split("J. Lund waves.", options) == Sentences{"J. Lund waves."});
    CHECK(split("• A lamp", options) == Sentences{"A lamp"});
    CHECK(split("1.\n\nA lamp", options) == Sentences{"A lamp"});
}

TEST_CASE("drop_truncated leaves out a last sentence without its end, unless it is the only one") {
    SplitOptions options;
    options.drop_truncated = true;
    CHECK(split("A dog runs. The cat is on the", options) == Sentences{"A dog runs."});
    CHECK(split("A dog runs. The cat sleeps.</s>", options).size() == 2);
    CHECK(split("The cat is on the", options) == Sentences{"The cat is on the"});
    CHECK(split("A dog. A card says \"Hi\"", options).size() == 2);
}

TEST_CASE("min_words joins short sentences to the left, the first to the right") {
    SplitOptions options;
    options.min_words = 3;
    CHECK(split("Wow! A dog runs. Far away. It is wet.", options) ==
          Sentences{"Wow! A dog runs. Far away.", "It is wet."});
    CHECK(split("Wow!", options) == Sentences{"Wow!"});
    CHECK(split("A dog runs.</s> Far.", options) == Sentences{"A dog runs.", "Far."});
}

TEST_CASE("dedupe keeps the first of equal sentences") {
    SplitOptions options;
    options.dedupe = true;
    CHECK(split("A dog runs. a  DOG runs. It barks. A dog runs.", options) ==
          Sentences{"A dog runs.", "It barks."});
}

TEST_CASE("soft newlines are spaces before lower case") {
    SplitOptions options;
    options.newlines = SplitOptions::Newlines::kSoft;
    CHECK(split("A dog\nruns.\nA cat", options) == Sentences{"A dog\nruns.", "A cat"});
    CHECK(split("A dog\n\nruns", options) == Sentences{"A dog", "runs"});
    CHECK(split("A dog\nruns") == Sentences{"A dog", "runs"});
}

TEST_CASE("quotations and brackets inside a sentence are not cut") {
    CHECK(split("A shirt says \"Eat. Sleep. Go.\" in red. It is old.").size() == 2);
    CHECK(split("The pond (It is deep. Be careful.) lies ahead.").size() == 1);
    CHECK(split("A 24\" screen stands here. A 12\" ruler lies there.").size() == 2);
    CHECK(split("A \"stray quote. It has no end.").size() == 2);
}

TEST_CASE("random captions keep the contract") {
    const text::SentenceSplitter hard{SplitOptions{}};
    SplitOptions options;
    options.newlines = SplitOptions::Newlines::kSoft;
    const text::SentenceSplitter soft{options};
    for (std::uint64_t n = 0; n < 3000; ++n) {
        for (const std::string& caption : {random_caption(n), random_bytes(n)}) {
            CAPTURE(caption);
            REQUIRE(broken_rule(hard, caption) == "");
            REQUIRE(broken_rule(soft, caption) == "");
        }
    }
}

TEST_CASE("time grows with the length alone") {
    const text::SentenceSplitter splitter{SplitOptions{}};
    for (const auto part : {"1"sv,
                            "."sv,
                            "a.a.a."sv,
                            "\""sv,
                            "("sv,
                            "[a)"sv,
                            "\u201c"sv,
                            " "sv,
                            "\n"sv,
                            "1. "sv,
                            "x.Ba"sv,
                            "((((a)"sv,
                            "\u2022 "sv,
                            " ."sv,
                            "</s"sv,
                            "<br"sv,
                            "<br>"sv,
                            ". #a "sv,
                            ".#a"sv,
                            "#a. "sv,
                            ". @a"sv,
                            ". https://a. "sv,
                            "https://a.b/."sv,
                            ". \U0001F600 "sv,
                            "\U0001F600. "sv,
                            ". </b> "sv,
                            ".&nbsp;"sv,
                            ">"sv,
                            ". \" "sv,
                            "a.b@"sv,
                            "a.B@c. "sv,
                            "a.Bc.De"sv,
                            "( \" "sv,
                            "[1]."sv,
                            ".[1] "sv,
                            "\u00bb. "sv,
                            ".\u00ab "sv}) {
        std::string caption;
        while (caption.size() < 200'000) caption += part;
        const std::clock_t start = std::clock();  // of the processor: others may be at work
        splitter.split(caption);
        text::ends_with_end_mark(caption);
        const double seconds = static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
        CAPTURE(part);
        CHECK(seconds < 20);  // quadratic work takes minutes, this one less than two seconds
    }
}

TEST_CASE("one splitter serves many threads") {
    const text::SentenceSplitter splitter{SplitOptions{}};
    const std::string caption = random_caption(5) + " A dog runs. It barks at 5 p.m. The end.";
    const auto expected = splitter.split(caption);
    std::vector<std::vector<text::Span>> results(4);
    std::vector<std::thread> threads;
    for (auto& result : results) {
        threads.emplace_back([&] {
            for (int n = 0; n < 50; ++n) result = splitter.split(caption);
        });
    }
    for (std::thread& thread : threads) thread.join();
    for (const auto& result : results) CHECK(result == expected);
}
