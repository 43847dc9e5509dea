#include "eval/texts.h"

#include "cli/error.h"
#include "tensor/math.h"

#include <ATen/ATen.h>
#include <doctest/doctest.h>

namespace lip::eval {
namespace {

record::Record example() {
    return *record::parse_record(
        R"({"key":"k","captions":[{"text":"One. Two.","source":"raw","form":"short","sentences":[[0,4],[5,9]]},)"
        R"({"text":"A cat sits. A dog runs.","source":"llava15","form":"long","phrases":["a cat","a dog"]},)"
        R"({"text":"Last.","source":"llava15","form":"short","sentences":[]}]})");
}

std::vector<std::string> texts(const TextSelection& selection) {
    std::vector<std::string> out;
    for (const SelectedText& text : select_texts(example(), selection)) out.push_back(text.text);
    return out;
}

using List = std::vector<std::string>;

TEST_CASE("captions by source and form, the first N") {
    CHECK(texts({}) == List{"One. Two.", "A cat sits. A dog runs.", "Last."});
    CHECK(texts({{"llava15"}, TextKind::kCaption, 0, LongText::kCut}) ==
          List{"A cat sits. A dog runs.", "Last."});
    CHECK(texts({{"llava15:short", "raw"}, TextKind::kCaption, 0, LongText::kCut}) ==
          List{"One. Two.", "Last."});
    CHECK(texts({{}, TextKind::kCaption, 1, LongText::kCut}) == List{"One. Two."});
}

TEST_CASE("sentences as marked, else split here") {
    CHECK(texts({{}, TextKind::kSentence, 0, LongText::kCut}) ==
          List{"One.", "Two.", "A cat sits.", "A dog runs."});
    CHECK(texts({{}, TextKind::kSentence, 3, LongText::kCut}) ==
          List{"One.", "Two.", "A cat sits."});
    const auto all = select_texts(example(), {{}, TextKind::kSentence, 0, LongText::kCut});
    CHECK(all[3].caption == 1);
    CHECK(all[3].part == 1);
}

TEST_CASE("phrases as marked") {
    CHECK(texts({{}, TextKind::kPhrase, 0, LongText::kCut}) == List{"a cat", "a dog"});
}

TEST_CASE("a long text is the mean of its parts") {
    const auto all = select_texts(example(), {{}, TextKind::kCaption, 0, LongText::kMean});
    REQUIRE(all.size() == 3);
    CHECK(all[1].parts == List{"A cat sits.", "A dog runs."});
    CHECK(all[2].parts == List{"Last."});
    const at::Tensor rows =
        at::tensor({1.F, 0.F, 0.F, 1.F, 0.6F, 0.8F, 0.F, 1.F, 1.F, 0.F}).view({5, 2});
    const auto embed = [&](std::span<const std::string> parts) {
        CHECK(parts.size() == 5);
        return rows;
    };
    const at::Tensor unit = embed_selected(all, true, embed);
    CHECK(at::allclose(unit[0], tensor::unit(at::tensor({0.5F, 0.5F}))));
    CHECK(at::allclose(unit[2], rows[4]));
    CHECK(at::allclose(embed_selected(all, false, embed)[1], at::tensor({0.3F, 0.9F})));
}

}  // namespace
}  // namespace lip::eval
