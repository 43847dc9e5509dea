// Ends of sentences: quotes around captions, decoration behind the end, marks of other scripts,
// line tags, addresses. "‖" marks each border and is not in the input.
#include "tests/unit/text/borders.h"
#include "text/end_marks.h"
#include "text/flags.h"
#include "text/splitter.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace text = lip::text;

namespace {

void check(std::string_view example) {
    CHECK(marked(unmarked(example)) == example);
}

bool is_flagged(std::string_view caption, std::string_view flag) {
    const auto spans = text::SentenceSplitter({}).split(caption);
    const auto flags = text::detect_flags(caption, "long", spans);
    return std::find(flags.begin(), flags.end(), flag) != flags.end();
}

// Quotes and brackets around the whole caption are stepped into; others are not.
constexpr std::string_view kEnclosed[] = {
    "\"A boat lies on the sand. ‖ Its sail is red.\"",
    "“A boat lies on the sand. ‖ Its sail is red. ‖ Nobody is near.”",
    "(A boat lies on the sand. ‖ Its sail is red.)",
    "[A boat lies on the sand! ‖ Its sail is red]",
    "(\"A boat lies on the sand. ‖ Its sail is red.\")",
    "**\"A boat lies on the sand. ‖ Its sail is red.\"**",
    "\"A boat lies on the sand. ‖ Its sail is red\".",
    "\"A boat lies on the sand. ‖ Its sail is red.\" 😀",
    "„Ein Boot liegt am Strand. ‖ Das Segel ist rot.“",
    "»Ein Boot liegt am Strand. ‖ Das Segel ist rot.«",
    "« Un bateau est sur le sable. ‖ Sa voile est rouge. »",
    "(A sign says \"Stop. Go back.\" in red. ‖ A car waits.)",
    "\"A boat lies here. ‖ A sign says \"Stop. Go.\" in red. ‖ A car waits.\"",
    "\"Stop. Go back.\" is written on the sign. ‖ A car waits.",
    "A sign says \"Stop. Go back.\" ‖ A car waits.",
    "« Bonjour. » ‖ Un chien dort.",
    "„Guten Tag.“ ‖ Der Hund schläft.",
};

constexpr std::string_view kDecorated[] = {
    "A boat lies here! 😀 ‖ A gull flies. 🐦",
    "A boat lies here.😀 ‖ A gull flies.🐦🐦",
    "A boat lies here. 👩‍🚀 🇫🇷 ‖ A gull flies.",
    "✅ A red boat. ‖ ✅ A blue boat.",
    "Look at it! 😀 and the gull, too.",
    "A boat lies here. #sea #boat ‖ A gull flies.",
    "A boat lies here. #sea, #boat. ‖ A gull flies.",
    "A boat lies here. ‖ #sunset over the pier looks fine.",
    "A boat lies here. @jane_doe",
    "A boat lies here. ‖ #1 is on its bow.",
    "A boat lies here. https://boats.example/a.b?c=D ‖ A gull flies.",
    "A boat lies here. ‖ www.boats.example is on its bow.",
    "A boat lies here. Boats.Example.Org ‖ A gull flies.",
    "**A boat lies here.** ‖ *A gull flies.*",
    "```A boat lies here. ‖ A gull flies.```",
    "<b>A boat lies here.</b> ‖ <i>A gull flies.</i>",
    "<p>A boat lies here.</p></div>",
    "A boat lies here. :) ‖ A gull flies. ;-)",
    "A boat lies here.&nbsp; ‖ A gull flies.",
    "A boat lies here.[12] ‖ A gull flies.[3]",
    "A boat lies here. \"",
};

constexpr std::string_view kOther[] = {
    "एक नाव रेत पर है। ‖ आकाश नीला है॥",
    "هل هذا قارب؟ ‖ نعم. ‖ البحر هادئ۔",
    "「船が砂の上にある。 ‖ 空は青い。」",
    "「こんにちは。」と書いてある。",
    "“一艘船在沙滩上。 ‖ 天空是蓝色的。”",
    "Ａ ｂｏａｔ． ‖ Ａ ｇｕｌｌ．",
    "長さは３．５です。",
    "Is it a boat‽ ‖ A gull flies.",
    "Είναι βάρκα\u037E ‖ Ναι.",
    "Write to Jane.Doe@Example.Org today. ‖ A gull flies.",
    "Write to JANE.DOE@EXAMPLE.ORG today. ‖ A gull flies.",
    "Write to jane.M.Doe@mail.Example.Co.Uk. ‖ A gull flies.",
    "See Shop.Boats.Example.Com/Sails.Html for more. ‖ A gull flies.",
    "See example.org/find?Query=Boat and example.org.",
    "The boat is empty.",
    "Lund et al. [2019] show a boat. ‖ A gull flies.",
    "Lund et al. (2019) and Berg et al. 2020 show boats.",
    "LUND ET AL. 2019 AND BERG ET AL. [3] SHOW BOATS.",
    "THE DECK HAS 80 SQ. FT. OF SPACE. ‖ IT IS OPEN FROM 9 A.M. TO 5 P.M. ON MONDAYS.",
    "The work of Lund et al. ‖ The boat is red.",
    "The deck has 80 sq. ft. of space. ‖ A gull flies.",
    "The deck has 80 sq. ft. ‖ The sail is red.",
    "A 12 fl. oz. can and a box of 3 cu. in. lie on deck.",
    "About 90 sq. m. of sail are set.",
    "He ... well, I mean . . . I do not know.",
};

}  // namespace

TEST_CASE("quotes and brackets around a whole caption are stepped into") {
    for (const std::string_view example : kEnclosed) check(example);
}

TEST_CASE("decoration belongs to the sentence before") {
    for (const std::string_view example : kDecorated) check(example);
}

TEST_CASE("marks of other scripts, addresses, citations, measures") {
    for (const std::string_view example : kOther) check(example);
}

TEST_CASE("<br> ends a line in every spelling") {
    CHECK(marked("A boat.<br>A gull.<BR/>A crab.<br />A fish.</br>") ==
          "A boat. ‖ A gull. ‖ A crab. ‖ A fish.");
    CHECK(marked("A boat<br>a gull <br> a crab<br><br>a fish") ==
          "A boat ‖ a gull ‖ a crab ‖ a fish");
    CHECK(marked("On deck:<br>- a rope<br>\n- a net") == "On deck: ‖ - a rope ‖ - a net");
    CHECK(marked("A <broad> boat<b>s</b> <br") == "A <broad> boat<b>s</b> <br");
}

TEST_CASE("what ends a sentence for the splitter does so for the flags") {
    for (const std::string_view end : {".",
                                       "!",
                                       "?",
                                       "…",
                                       "...",
                                       ".\"",
                                       ".”",
                                       ".»",
                                       ".“",
                                       "。",
                                       "।",
                                       "॥",
                                       "؟",
                                       "۔",
                                       "．",
                                       "‽",
                                       ". 😀",
                                       ".😀😀 ",
                                       "!👍🏽",
                                       ".**",
                                       ".*",
                                       "._",
                                       ".`",
                                       ".```",
                                       ".</s>",
                                       ".<br>",
                                       ".<br/>\n",
                                       ".</p>",
                                       ".</b></p>",
                                       ". #sky #sea",
                                       ".#sky",
                                       ". #a, #b",
                                       ". @jane",
                                       ". jane@example.org",
                                       ". https://a.example/x",
                                       ".\u200b",
                                       ".&nbsp;",
                                       ". :)",
                                       ". xD",
                                       ".\\n",
                                       ".」",
                                       ".】",
                                       ".[1]",
                                       ". 😀\n\n#sky #sea",
                                       "\"",
                                       ")",
                                       "]",
                                       "』",
                                       ".** #sky</s>",
                                       ".~~",
                                       ".<|endoftext|>",
                                       "! ❤️",
                                       ".<eos>",
                                       ". ★★★☆"}) {
        const std::string caption = "A boat lies on the sand. The sky is clear" + std::string(end);
        CAPTURE(caption);
        CHECK_FALSE(is_flagged(caption, "truncated"));
        CHECK(text::ends_with_end_mark(caption));
    }
    for (const std::string_view end :
         {"", ",", ":", " -", "; and", " 😀", "*", "</b>", " #sky", "<br>", " https://a.example/x",
          "\u200b", "~", "&nbsp;", ". The", ". #sky is", ". <PERSON>"}) {
        const std::string caption = "A boat lies on the sand. The sky is clear" + std::string(end);
        CAPTURE(caption);
        CHECK(is_flagged(caption, "truncated"));
    }
}

TEST_CASE("every mark of the table is an end to the splitter and to the flags") {
    for (const char* mark : {".", "!", "?", "…", "։", "؟", "۔",  "܀",  "।",  "॥",  "።", "។",
                             "᠃", "‼", "‽", "⁇", "⁈", "⁉", "。", "！", "．", "？", "｡"}) {
        const std::string caption = "A boat" + std::string(mark) + " A gull" + mark;
        CHECK(marked(caption) == "A boat" + std::string(mark) + " ‖ A gull" + mark);
        CHECK(text::ends_with_end_mark(caption));
    }
}
