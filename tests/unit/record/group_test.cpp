#include "record/group.h"

#include "cli/error.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace lip::record {
namespace {

// The records that come of rows, as lines; the counts.
struct Grouped {
    std::vector<std::string> lines;
    GroupCounts counts;

    explicit Grouped(const std::vector<std::string>& rows, bool on = true,
                     std::int64_t most = 1 << 20) {
        Gatherer gatherer(on, most);
        const auto put = [&](std::optional<Record> record) {
            if (!record) return;
            append_json(lines.emplace_back(), *record);
        };
        for (const std::string& row : rows) put(gatherer.add(*parse_record(row)));
        put(gatherer.finish());
        counts = gatherer.counts();
    }
};

TEST_CASE("group: neighbours of one key become one record, in order") {
    const Grouped g({R"({"key":"a","captions":[{"text":"1"}],"n":1})",
                     R"({"key":"a","captions":[{"text":"2"},{"text":"3"}],"n":2,"m":3})",
                     R"({"key":"b","captions":[]})", R"({"key":"a","captions":[{"text":"4"}]})"});
    CHECK(g.lines ==
          std::vector<std::string>{
              R"({"key":"a","captions":[{"text":"1"},{"text":"2"},{"text":"3"}],"n":1,"m":3})",
              R"({"key":"b","captions":[]})", R"({"key":"a","captions":[{"text":"4"}]})"});
    CHECK(g.counts.rows == 1);
    CHECK(g.counts.differing.at("n") == 1);
    CHECK(g.counts.clashes == 0);
    CHECK(Grouped({R"({"key":"a"})", R"({"key":"a"})"}, false).lines.size() == 2);
}

TEST_CASE("group: regions and labels come together, each label once") {
    const Grouped g({R"({"key":"a","label":"dog","regions":[ ]})",
                     R"({"key":"a","label":"dog","regions":[{"box":[0,0,1,1]} ]})",
                     R"({"key":"a","label":["cat"],"regions":[{"box":[0,0,0,0]}]})",
                     R"({"key":"a","label":3})"});
    CHECK(
        g.lines ==
        std::vector<std::string>{
            R"({"key":"a","label":["dog","cat","3"],"regions":[{"box":[0,0,1,1]},{"box":[0,0,0,0]}],"captions":[]})"});
}

TEST_CASE("group: rows that name two images stay apart") {
    const Grouped g({R"({"key":"a","url":"http://x/1"})", R"({"key":"a","url":"https://X/1#t"})",
                     R"({"key":"a","url":"http://x/2"})", R"({"key":"a","image":"2.jpg"})"});
    CHECK(g.lines.size() == 2);
    CHECK(g.counts.rows == 2);
    CHECK(g.counts.clashes == 1);
    CHECK(g.counts.clash == "\"a\" is the key of http://x/1 and of http://x/2");
}

TEST_CASE("group: a record is bounded") {
    const std::string row = R"({"key":"a","captions":[{"text":")" + std::string(500, 'x') + "\"}]}";
    CHECK_THROWS_AS(Grouped({row, row, row}, true, 1200), cli::DataError);
    CHECK(Grouped({row, row, row}, false, 1200).lines.size() == 3);
}

TEST_CASE("group: keys that came before") {
    KeyMemory keys;
    CHECK_FALSE(keys.came_before(KeyMemory::hash("a")));
    CHECK_FALSE(keys.came_before(KeyMemory::hash("b")));
    CHECK(keys.came_before(KeyMemory::hash("a")));
    int wrong = 0;
    for (int i = 0; i < 100000; ++i)
        wrong += keys.came_before(KeyMemory::hash("k" + std::to_string(i)));
    CHECK(wrong == 0);
}

}  // namespace
}  // namespace lip::record
