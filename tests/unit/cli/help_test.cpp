#include "cli/error.h"
#include "cli/tool.h"

#include <doctest/doctest.h>

#include <sstream>
#include <string>

namespace lip::cli {
namespace {

constexpr const char* kPage =
    R"(# sample-tool(1) - show what help makes of texts

## DESCRIPTION

First paragraph, which is long enough to be wrapped
at the end of a line of a terminal. It's 100 % plain.

.starts with a dot

    kept as it stands

## OUTPUT

A path such as C:\new, a ~ and a ^.

`field`
:   A `literal` word and a *VARIABLE*; 'train-*.tar' stays.

    More of the definition.

- an item that is so long that it needs to be wrapped and go on in a line of its own below
- another item

### Part

{{inserted}}
## EXAMPLES

Counts to three.

    sample-tool --count 3 \
        file

## SEE ALSO

lip(7)
)";

// A tool with awkward texts: long words, characters that mean something to roff, zsh and JSON.
struct Sample {
    Common common;
    std::int64_t count = 3;
    bool keep = true;
    std::string word = "auto";
    Tool tool{parse_page(kPage, {{"inserted", "`put in`\n:   Of the program.\n\n"}})};

    Sample() {
        Command command{"", "[OPTION]... [FILE]...", tool.page.summary, {}, [] { return 0; }};
        Options& o = command.options;
        static std::vector<std::string> files;
        o.operands(files, "FILE", "what to read");
        o.group("sample");
        o.add("--count", count, Kind::kPlain, "N", "how many. This sentence is for --help alone");
        o.flag("--keep", keep, "keeps [it]: all", true);
        o.choice(
            "--word", word,
            {"auto", "a-rather-long-word", "another-rather-long-word", "a-third-rather-long-word"},
            "one of some long words");
        add_common(o, common, "where it goes");
        tool.commands.push_back(std::move(command));
    }
};

std::size_t widest(const std::string& text) {
    std::size_t width = 0;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) width = std::max(width, line.size());
    return width;
}

bool has(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

TEST_CASE("help: the short one has a line an option, the long one all texts") {
    const Sample sample;
    const std::string brief = short_help(sample.tool, sample.tool.commands[0], "st");
    const std::string full = long_help(sample.tool, sample.tool.commands[0], "st");
    CHECK(brief.starts_with("usage: st [OPTION]... [FILE]...\n"));
    CHECK(has(brief, "--[no-]keep"));
    CHECK_FALSE(has(brief, "--help alone"));
    CHECK(has(full, "how many. This sentence is for --help alone [3]"));
    CHECK(has(full, "    kept as it stands\n"));
    CHECK(has(full, "OUTPUT"));
    CHECK(has(full,
              "  field\n      A literal word and a VARIABLE; 'train-*.tar' stays.\n\n"
              "      More of the definition.\n\n  - an item"));
    CHECK(has(full, " below\n  - another item\n\nPart\n\n  put in\n      Of the"));
    CHECK(has(full, "# Counts to three."));
    CHECK(has(full, "$LIP_THREADS"));
    CHECK_FALSE(has(full, "assume-tty"));  // hidden
}

TEST_CASE("help: at most 79 columns") {
    const Sample sample;
    CHECK(widest(short_help(sample.tool, sample.tool.commands[0], "sample-tool")) <= 79);
    CHECK(widest(long_help(sample.tool, sample.tool.commands[0], "sample-tool")) <= 79);
}

TEST_CASE("help: an option that fits no line is still printed") {
    Options options;
    std::string value;
    options.group("wide");
    options.add("--wide", value, std::string(90, 'W'), "cannot be broken");
    Tool tool{parse_page("# t(1) - wide\n")};
    tool.commands.push_back({"", "", "s", std::move(options), [] { return 0; }});
    CHECK(has(short_help(tool, tool.commands[0], "t"), std::string(90, 'W')));
}

TEST_CASE("help: long examples go on after a backslash, never within quotes") {
    Sample sample;
    const std::string quoted =
        "'a text in quotes with spaces that must not be broken, long as it is'";
    sample.tool.page =
        parse_page("# t(1) - t\n## EXAMPLES\n\nLong.\n\n    sample-tool --count 3 --name " +
                   quoted + " one.jsonl two.jsonl three.jsonl\n");
    const std::string full = long_help(sample.tool, sample.tool.commands[0], "t");
    CHECK(
        has(full, "\n  sample-tool --count 3 --name \\\n      " + quoted + " \\\n      one.jsonl"));
    CHECK(widest(full) <= 79);
}

TEST_CASE("help: the man page escapes what roff would eat") {
    const Sample sample;
    const std::string page = generate(sample.tool, "man");
    CHECK(page.starts_with(".TH SAMPLE-TOOL 1 "));
    CHECK(has(page, "\n\\&.starts with a dot\n"));
    CHECK(has(page, "C:\\enew"));
    CHECK(has(page, "\\(ti"));
    CHECK(has(page, "It\\(aqs 100 % plain."));
    CHECK(has(page, "\\fB\\-\\-[no\\-]keep\\fR"));
    CHECK(has(page,
              ".TP\n\\fBfield\\fR\nA \\fBliteral\\fR word and a \\fIVARIABLE\\fR; "
              "\\(aqtrain\\-*.tar\\(aq stays.\n.IP\nMore of the definition.\n.IP \\(bu 2\n"));
    for (const char* section : {"NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "OUTPUT",
                                "EXIT STATUS", "EXAMPLES", "SEE ALSO"}) {
        CAPTURE(section);
        CHECK(has(page, "\n.SH " + std::string(section) + "\n"));
    }
}

TEST_CASE("help: completions and JSON know every option") {
    const Sample sample;
    const std::string bash = generate(sample.tool, "bash");
    CHECK(has(bash, "--no-keep"));
    CHECK(has(bash, "--word) COMPREPLY"));
    CHECK(has(bash, "complete -o filenames -F _sample_tool sample-tool"));
    CHECK(has(generate(sample.tool, "zsh"), "keeps \\[it\\]\\: all"));
    CHECK(has(generate(sample.tool, "fish"), "-l word -x -a 'auto a-rather-long-word"));
    const std::string json = generate(sample.tool, "json");
    CHECK(has(json, "{\"name\":\"count\",\"value\":\"N\",\"group\":\"sample\",\"default\":\"3\""));
    CHECK(has(json, "\"hidden\":true"));
    CHECK_THROWS_AS(generate(sample.tool, "pdf"), UsageError);
}

}  // namespace
}  // namespace lip::cli
