#include "record/lines.h"

#include "cli/error.h"
#include "record/record.h"
#include "tests/unit/record/quiet.h"
#include "tests/unit/shard/temp_folder.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace lip::record {
namespace {

using shard::spill, shard::TempFolder;

// Lines of files with these contents as "FILE:NUMBER@OFFSET TEXT", "~" where cut, "!" where too
// large. Blocks are kept and moved about before they are looked at, as the threads of a filter do.
std::vector<std::string> lines_of(const std::vector<std::string>& texts,
                                  StreamSettings settings = {}) {
    const TempFolder folder;
    for (std::size_t i = 0; i < texts.size(); ++i) {
        settings.inputs.push_back((folder / std::to_string(i)).string());
        spill(settings.inputs.back(), texts[i]);
    }
    std::vector<LineBlock> blocks;
    LineReader reader(settings);
    while (auto block = reader.next_block()) blocks.push_back(std::move(*block));
    std::vector<std::string> out;
    for (const LineBlock& block : blocks)
        for (const Line& line : block.lines)
            out.push_back(block.file.substr(block.file.rfind('/') + 1) + ":" +
                          std::to_string(line.number) + "@" + std::to_string(line.offset) + " " +
                          std::string(line.text) + (line.is_cut ? "~" : "") +
                          (line.too_large ? "!" : ""));
    return out;
}

using Texts = std::vector<std::string>;

TEST_CASE("lines: numbers, offsets, several files") {
    CHECK(lines_of({"a\nb\n", "c\n"}) == Texts{"0:1@0 a", "0:2@2 b", "1:1@0 c"});
    CHECK(lines_of({"", "c\n", ""}) == Texts{"1:1@0 c"});
    CHECK(lines_of({""}).empty());
}

TEST_CASE("lines: short blocks survive being moved") {
    for (std::size_t size = 1; size < 40; ++size) {
        const std::string text(size, 'x');
        CHECK(lines_of({text + "\n"}) == Texts{"0:1@0 " + text});
    }
}

TEST_CASE("lines: CR LF, byte order mark, blank lines, last line cut") {
    CHECK(lines_of({"\xEF\xBB\xBF"
                    "a\r\n\r\n \t\nb\r\nc"}) == Texts{"0:1@3 a", "0:4@11 b", "0:5@14 c~"});
    CHECK(lines_of({"a\n\n"}) == Texts{"0:1@0 a"});
    CHECK(lines_of({"a\n  "}) == Texts{"0:1@0 a"});
}

TEST_CASE("lines: lines longer than blocks") {
    const std::string big(700000, 'x');
    CHECK(lines_of({"a\n" + big + "\nb\n" + big}) ==
          Texts{"0:1@0 a", "0:2@2 " + big, "0:3@700003 b", "0:4@700005 " + big + "~"});
}

TEST_CASE("lines: too large ones are marked, the next is read") {
    StreamSettings settings;
    settings.max_line = 1024;
    const std::string start(200, 'x');
    for (const std::size_t size : {std::size_t{1025}, std::size_t{700000}}) {
        CAPTURE(size);
        const std::string big(size, 'x');
        CHECK(lines_of({"a\n" + big + "\nb\n" + big}, settings) ==
              Texts{"0:1@0 a", "0:2@2 " + start + "!", "0:3@" + std::to_string(size + 3) + " b",
                    "0:4@" + std::to_string(size + 5) + " " + start + "!"});
    }
    CHECK(lines_of({std::string(1024, 'x') + "\n"}, settings) ==
          Texts{"0:1@0 " + std::string(1024, 'x')});
}

TEST_CASE("lines: the limit counts lines over all files, blank ones not") {
    StreamSettings settings;
    settings.limit = 3;
    CHECK(lines_of({"a\n\nb\n", "c\nd\n"}, settings) == Texts{"0:1@0 a", "0:3@3 b", "1:1@0 c"});
}

TEST_CASE("lines: inputs are checked before work begins") {
    const TempFolder folder;
    spill(folder / "a", "x\n");
    StreamSettings settings;
    settings.inputs = {(folder / "a").string(), (folder / "none").string()};
    CHECK_THROWS_AS(LineReader{settings}, cli::DataError);
    CHECK_THROWS_AS(resolve_inputs({"-", "-"}), cli::UsageError);
    CHECK(display_name("-") == "standard input");
}

struct Read {
    Texts keys;
    std::uint64_t skipped = 0;
    std::string error;
};

Read read_records(const std::string& text, bool skip) {
    const TempFolder folder;
    spill(folder / "in", text);
    StreamSettings settings;
    settings.inputs = {(folder / "in").string()};
    settings.skip_bad = skip;
    settings.max_line = 1024;
    ErrorLog log(settings, false);
    RecordReader reader(settings, log);
    Read out;
    Record record;
    Place place;
    try {
        while (reader.next(record, place))
            out.keys.push_back(place.key + "@" + std::to_string(place.line));
    } catch (const cli::DataError& error) {
        out.error = error.what();
    }
    out.skipped = log.skipped();
    return out;
}

TEST_CASE("lines: records, bad ones left out or ending the run") {
    const Quiet quiet;
    const std::string text =
        "{\"key\":\"a\"}\nbroken\n{\"key\":\"" + std::string(2000, 'x') + "\"}\n{\"key\":\"b\"}\n";
    const Read skipping = read_records(text, true);
    CHECK(skipping.keys == Texts{"a@1", "b@4"});
    CHECK(skipping.skipped == 2);
    const Read stopping = read_records(text, false);
    CHECK(stopping.keys == Texts{"a@1"});
    CHECK(stopping.error.find("/in:2: not JSON") != std::string::npos);
}

TEST_CASE("lines: a cut last line counts only if it is complete, even when bad ones are skipped") {
    const Quiet quiet;
    CHECK(read_records("{\"key\":\"a\"}\n{\"key\":\"b\"}", false).keys == Texts{"a@1", "b@2"});
    CHECK(read_records("{\"key\":\"a\"}\n{\"x\":1}", true).skipped ==
          1);  // complete, but no record
    const Read cut = read_records("{\"key\":\"a\"}\n{\"key\":\"b", true);
    CHECK(cut.keys == Texts{"a@1"});
    CHECK(cut.error.find("the input is truncated") != std::string::npos);
}

}  // namespace
}  // namespace lip::record
