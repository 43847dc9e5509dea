#include "record/join.h"

#include "cli/error.h"
#include "record/errors.h"
#include "tests/unit/record/quiet.h"
#include "tests/unit/record/sources.h"
#include "tests/unit/shard/temp_folder.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace lip::record {
namespace {

using shard::spill, shard::TempFolder;

struct Index {
    TempFolder folder;
    std::vector<std::string> paths;
    StreamSettings stream;
    std::unique_ptr<ErrorLog> errors;
    std::unique_ptr<CaptionIndex> index;

    Index(const std::vector<std::string>& texts, JoinOn on, bool skip = false) {
        for (std::size_t i = 0; i < texts.size(); ++i) {
            paths.push_back((folder / std::to_string(i)).string());
            spill(paths.back(), texts[i]);
        }
        stream.skip_bad = skip;
        errors = std::make_unique<ErrorLog>(stream, false);
        index = std::make_unique<CaptionIndex>(paths, "", ImportSettings{}, on, JoinPart{}, *errors,
                                               Where({}));
    }
    // Text of the first caption found for a record; "-" if there is none.
    std::string text(const std::string& record) const {
        GroupCounts counts;
        const auto found = index->find(*parse_record(record), counts);
        return found ? found->captions.at(0).text : "-";
    }
};

constexpr const char* kHeader = "Image Path,raw_caption\n";

TEST_CASE("join: by URL after normalisation") {
    const Index i({std::string(kHeader) +
                   "http://A/1.jpg,one\nhttps://a/2.jpg,\"two\nlines\"\nhttp://a:80/1.jpg#x,again"},
                  JoinOn::kUrl);
    CHECK(i.index->size() == 2);
    CHECK(i.index->duplicates() == 1);
    CHECK(i.text(R"({"key":"x","url":"https://a/1.jpg"})") == "one");  // the first row of several
    CHECK(i.text(R"({"key":"x","url":"https://a:443/2.jpg"})") == "two\nlines");
    CHECK(i.text(R"({"key":"x","url":"https://a/3.jpg"})") == "-");
    CHECK(i.text(R"({"key":"x"})") == "-");
}

TEST_CASE("join: by path and by key, over several files") {
    const Index paths({std::string(kHeader) + "./a/1.jpg,one\n",
                       std::string(kHeader) + "a/2.jpg,two\na/1.jpg,late\n"},
                      JoinOn::kPath);
    CHECK(paths.text(R"({"key":"x","image":"a/1.jpg"})") == "one");
    CHECK(paths.text(R"({"key":"x","image":"a/2.jpg"})") == "two");
    const Index keys({"\xEF\xBB\xBF{\"key\":\"a\",\"captions\":[{\"text\":\"one\"}]}\r\n\n{\"key\":"
                      "\"b\",\"captions\":[{\"text\":\"two\"}]}"},
                     JoinOn::kKey);
    CHECK(keys.text(R"({"key":"a"})") == "one");
    CHECK(keys.text(R"({"key":"b"})") == "two");
    CHECK(keys.text(R"({"key":"c"})") == "-");
}

TEST_CASE("join: long rows are read whole") {
    const std::string big(300000, 'x');
    const Index i({std::string(kHeader) + "http://a/1,\"" + big + "\"\nhttp://a/2,last"},
                  JoinOn::kUrl);
    CHECK(i.text(R"({"key":"x","url":"http://a/1"})") == big);
    CHECK(i.text(R"({"key":"x","url":"http://a/2"})") == "last");
}

TEST_CASE("join: bad rows stop the run or are counted") {
    const std::string text = std::string(kHeader) + "http://a/1\nhttp://a/2,two\n,three\n";
    CHECK_THROWS_AS(Index({text}, JoinOn::kUrl), cli::DataError);
    const Quiet quiet;
    const Index i({text}, JoinOn::kUrl, true);
    CHECK(i.errors->skipped() == 2);
    CHECK(i.text(R"({"key":"x","url":"http://a/2"})") == "two");
}

TEST_CASE("join: packed files and standard input are refused") {
    const std::string text = std::string(kHeader) + "http://a/1,one\n";
    CHECK_THROWS_AS(Index({gzip(text)}, JoinOn::kUrl), cli::DataError);
    CHECK_THROWS_AS(Index({zstd(text)}, JoinOn::kUrl), cli::DataError);
    StreamSettings stream;
    ErrorLog errors(stream, false);
    CHECK_THROWS_AS(CaptionIndex({"-"}, "", {}, JoinOn::kUrl, {}, errors, Where({})),
                    cli::DataError);
}

}  // namespace
}  // namespace lip::record
