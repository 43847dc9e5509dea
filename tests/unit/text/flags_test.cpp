#include "text/flags.h"

#include "text/splitter.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace text = lip::text;
using namespace std::string_view_literals;

namespace {

std::vector<std::string> flags_of(std::string_view caption, std::string_view form,
                                  text::FlagSet wanted = text::kAllFlags) {
    const auto sentences = text::SentenceSplitter{text::SplitOptions{}}.split(caption);
    return text::detect_flags(caption, form, sentences, wanted);
}

// Is `flag` among the flags of a long caption?
bool has(std::string_view flag, std::string_view caption, std::string_view form = "long") {
    const auto flags = flags_of(caption, form);
    return std::find(flags.begin(), flags.end(), flag) != flags.end();
}

using Flags = std::vector<std::string>;

}  // namespace

TEST_CASE("a clean caption has no flags") {
    CHECK(flags_of("A brass lamp stands on a table. It has a green shade.", "long").empty());
    CHECK(flags_of("A brass lamp.", "short").empty());
    CHECK(flags_of("", "raw").empty());
}

TEST_CASE("every flag can be named, asked for alone, and has a summary") {
    for (const std::string_view name : text::flag_names()) {
        CHECK(text::flag_bit(name).has_value());
        CHECK_FALSE(text::flag_summary(name).empty());
    }
    CHECK_FALSE(text::flag_bit("nonsense").has_value());
    CHECK(text::flag_summary("nonsense").empty());
    const auto caption = "The image shows \"a dog</s>";
    CHECK(flags_of(caption, "long") == Flags{"eos_token", "truncated", "boilerplate", "quote"});
    CHECK(flags_of(caption, "long", *text::flag_bit("quote")) == Flags{"quote"});
    CHECK(flags_of(caption, "long", 0).empty());
}

TEST_CASE("shape of the caption") {
    CHECK(has("eos_token", "A dog.<s>"));
    CHECK_FALSE(has("eos_token", "A dog.</S>"));
    for (const auto blank :
         {"A dog.\n\nA cat.", "A dog.\n \r\nA cat.", "A dog.   A cat.", "A dog.\\nA cat."}) {
        CHECK(has("blank_line", blank));
    }
    CHECK_FALSE(has("blank_line", "A dog.\nA cat.  A cow.\n\n"));
    CHECK_FALSE(has("blank_line", "C:\\new is shown."));
    CHECK(has("list", "1. a dog 2. a cat"));
    CHECK(has("list", "It has:\n- a dog\n- a cat"));
    CHECK_FALSE(has("list", "1. a dog"));
    CHECK(has("truncated", "A dog runs. It"));
    CHECK(has("truncated", "A dog runs. It</s>"));
    for (const auto whole : {"A dog.", "A dog!", "A dog…", "It says \"Hi\"", "(A dog)", "狗。"}) {
        CHECK_FALSE(has("truncated", whole));
    }
    CHECK_FALSE(has("truncated", "a dog", "short"));
    CHECK(has("no_period", "a dog", "short"));
    CHECK(has("no_period", "a dog", "raw"));
    CHECK_FALSE(has("no_period", "a dog", "long"));
    CHECK(has("missing_space", "It is in the water.The boat is red."));
    CHECK(has("missing_space", "It reads \"Hi\".The boat is red."));
    CHECK_FALSE(has("missing_space", "See http://a.example/x.Html and U.S.Army Photo.Jpg."));
    CHECK(has("quote", "It says \"Hi."));
    CHECK(has("quote", "It says “Hi."));
    CHECK_FALSE(has("quote", "It says \"Hi\" and “Ho”."));
}

TEST_CASE("repetition: sentences, runs of words, deflated size") {
    CHECK(has("repetition", "A dog. A cat. a dog."));
    CHECK_FALSE(has("repetition", "A dog. A cat. A cow. A dog."));  // one of four is 25 %
    std::string run = "There";
    for (int n = 0; n < 6; ++n) run += " is a red car and";
    CHECK_FALSE(has("repetition", run));
    CHECK(has("repetition", run + " is a red car"));
    CHECK(has("repetition", std::string(401, 'x')));
    CHECK_FALSE(has("repetition", std::string(400, 'x')));
}

TEST_CASE("stock openings") {
    for (const auto stock :
         {"The image features a dog.", "This image is red.", "In the image, a dog",
          "the photo shows", "  In this picture there is"}) {
        CHECK(has("boilerplate", stock));
    }
    for (const auto own :
         {"The imagery is red.", "In the park, a dog", "An image of a dog.", "The"}) {
        CHECK_FALSE(has("boilerplate", own));
    }
}

TEST_CASE("flags of single sentences carry their number") {
    const auto caption =
        "A dog runs. There are no people. It is not possible to determine the breed. No. 5 is red."sv;
    CHECK(flags_of(caption, "long") == Flags{"meta@2", "negation@1", "negation@2"});
    CHECK(has("meta@0", "No texts are discernible."));
    CHECK(has("meta@0", "Relative positions are given."));
    for (const auto negated :
         {"It is without a roof.", "None of them runs.", "Neither dog runs.", "It has no  roof."}) {
        CHECK(has("negation@0", negated));
    }
    for (const auto plain :
         {"A knot is tied.", "The sign says no.", "Not only dogs run.", "The note is here."}) {
        CHECK_FALSE(has("negation@0", plain));
    }
}

TEST_CASE("web texts") {
    for (const auto bad : {"itâ€™s"sv, "cafÃ© noir"sv, "Â°"sv, "a\uFFFD"sv, "a\0b"sv, "ðŸ˜€"sv}) {
        CHECK(has("mojibake", bad));
    }
    CHECK_FALSE(has("mojibake", "café, naïve, Ängström, “quoted” 😀"));
    for (const auto html :
         {"a &amp; b", "it&#39;s", "&#x27;", "a<br/>b", "<b>red</b>", "<a href=x>"}) {
        CHECK(has("html", html));
    }
    for (const auto plain :
         {"a & b; c", "x < b and c > d", "<s>a</s>", "<PERSON> waves", "AT&T;"}) {
        CHECK_FALSE(has("html", plain));
    }
    for (const auto url :
         {"http://x.example/a", "www.shop.example", "see shop-one.com now", "me@mail.org"}) {
        CHECK(has("url", url));
    }
    CHECK_FALSE(has("url", "in the water.The boat, 3.5 m, U.S. and J.Co"));
    CHECK(has("hashtag", "so nice #sunset"));
    CHECK_FALSE(has("hashtag", "we are #1 &#39; C# x#y"));
    CHECK(has("placeholder", "<PERSON> waves"));
    CHECK(has("placeholder", "fans of # of the team"));
    CHECK_FALSE(has("placeholder", "<br> #sunset #1 </s>"));
    for (const auto file : {"IMG_0412.JPG", "see lamp-2.png", "DSC01234", "img-20210304"}) {
        CHECK(has("filename", file));
    }
    CHECK_FALSE(has("filename", "The end.Pngs are dogs. Route 1234, size IMG."));
    CHECK(has("non_ascii", "caf\u00e9"));
    CHECK_FALSE(has("non_ascii", "cafe"));
}

TEST_CASE("texts that stand for no caption") {
    for (const auto missing : {"", "  \n", "nan", "NaN", " None ", "NULL", "null"}) {
        CHECK(text::is_missing_caption(missing));
    }
    for (const auto present : {"none of them", "Nan smiles", "0"}) {
        CHECK_FALSE(text::is_missing_caption(present));
    }
}
