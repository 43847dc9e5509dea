#include "text/dreamlip_splitter.h"

#include "text/splitter.h"

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

namespace text = lip::text;
using namespace std::string_view_literals;

namespace {

std::vector<std::string> pieces(std::string_view caption) {
    text::SplitOptions options;
    options.splitter = text::SplitOptions::Splitter::kDreamlip;
    std::vector<std::string> out;
    for (const text::Span& span : text::SentenceSplitter(options).split(caption)) {
        out.emplace_back(text::slice(caption, span));
    }
    return out;
}

using Pieces = std::vector<std::string>;

}  // namespace

TEST_CASE("every period, line feed and end token cuts and vanishes") {
    CHECK(pieces("The clock reads 9.15 a.m. and the street is empty.") ==
          Pieces{"The clock reads 9", "15 a", "m", "and the street is empty"});
    CHECK(pieces("A label says \"Approx. 2.5 kg\" in black. Is it flour? Yes!") ==
          Pieces{"A label says \"Approx", "2", "5 kg\" in black", "Is it flour? Yes!"});
    CHECK(pieces("Items on the desk: 1. a stapler 2. two pens\n\n3. a mug") ==
          Pieces{"Items on the desk: 1", "a stapler 2", "two pens", "3", "a mug"});
    CHECK(pieces("A red kite.</s><s>A blue kite.") == Pieces{"A red kite", "<s>A blue kite"});
}

TEST_CASE("nothing else cuts") {
    CHECK(pieces("天空是蓝色的。海面很平静。") == Pieces{"天空是蓝色的。海面很平静。"});
    CHECK(pieces("one</s\n>two") == Pieces{"one</s", ">two"});
    CHECK(pieces("a\rb</S>c! d?   e") == Pieces{"a\rb</S>c! d?   e"});
}

TEST_CASE("pieces are stripped of the white space of the original, and no other") {
    CHECK(pieces("\u00a0A dog runs .\r\nIt is wet\u3000.") == Pieces{"A dog runs", "It is wet"});
    CHECK(pieces("\x1c"
                 "a\x1f.\u2029 b \u0085") == Pieces{"a", "b"});
    CHECK(pieces("\u200ba.\ufeff") == Pieces{"\u200ba", "\ufeff"});
    CHECK(pieces("a\0."sv) == Pieces{std::string("a\0", 2)});
}

TEST_CASE("captions of separators have no pieces") {
    for (const auto empty : {"...", "</s></s>.", "", " \n . </s>"}) CHECK(pieces(empty).empty());
}
