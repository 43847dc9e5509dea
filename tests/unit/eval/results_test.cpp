#include "eval/results.h"

#include "cli/error.h"
#include "tests/unit/shard/temp_folder.h"

#include <doctest/doctest.h>

#include <cmath>

namespace lip::eval {
namespace {

using shard::slurp;
using shard::spill;
using shard::TempFolder;

Summary small_summary() {
    Summary s;
    s.dataset = "set";
    s.model = "demo";
    s.pretrained = "runs/a";
    s.task = "test";
    s.metrics = {{"acc1", 2.0 / 3, Interval{0.5, 0.75}}, {"other", NAN, {}}};
    s.more.set("unlabelled", "1");
    s.settings.set_text("templates", "photo");
    s.provenance = "{\"tool\":\"t\"}";
    return s;
}

TEST_CASE("items and summary") {
    const TempFolder folder;
    const std::string items = (folder / "items.jsonl").string(),
                      summary = (folder / "s.json").string();
    Results results({items, summary, false});
    CHECK(results.has_items());
    results.count("a");
    results.write("{\"key\":\"a\"}");
    results.count("b");
    results.write("{\"key\":\"b\"}");
    results.finish(small_summary());
    CHECK(slurp(items) == "{\"key\":\"a\"}\n{\"key\":\"b\"}\n");
    IdsHash hash;
    hash.add("a");
    hash.add("b");
    CHECK(slurp(summary) ==
          "{\"dataset\":\"set\",\"model\":\"demo\",\"pretrained\":\"runs/a\",\"task\":\"test\","
          "\"metrics\":{\"acc1\":0.666667,\"other\":null},\"ci95\":{\"acc1\":[0.5,0.75]},"
          "\"language\":\"en\","
          "\"count\":2,\"skipped\":0,\"unlabelled\":1,\"ids_hash\":\"" +
              hash.hex() +
              "\",\"settings\":{\"templates\":\"photo\"},\"provenance\":{\"tool\":\"t\"}}\n");
}

TEST_CASE("an unfinished run leaves nothing") {
    const TempFolder folder;
    {
        Results results({(folder / "items.jsonl").string(), (folder / "s.json").string(), false});
        results.count("a");
        results.write("{}");
        results.flush();
    }
    CHECK(folder.files() == 0);
}

TEST_CASE("files that are there are refused before any work") {
    const TempFolder folder;
    spill(folder / "old", "x");
    const std::string old = (folder / "old").string(), fresh = (folder / "new").string();
    CHECK_THROWS_AS(Results({old, "", false}), cli::DataError);
    CHECK_THROWS_AS(Results({fresh, old, false}), cli::DataError);
    CHECK_THROWS_AS(Results({fresh, fresh, false}), cli::UsageError);
    CHECK_NOTHROW(Results({old, "", true}));
    CHECK(slurp(old) == "x");
}

TEST_CASE("a summary on standard output takes the place of items there, not of those in a file") {
    const TempFolder folder;
    CHECK_FALSE(Results({"-", "-", false}).has_items());
    CHECK(Results({(folder / "items").string(), "-", false}).has_items());
    CHECK(Results({"-", "", false}).has_items());
}

TEST_CASE("the hash depends on keys, their order and their borders") {
    const auto hash = [](std::vector<std::string> keys) {
        IdsHash ids;
        for (const std::string& key : keys) ids.add(key);
        return ids.hex();
    };
    CHECK(hash({"a", "b"}).size() == 32);
    CHECK(hash({"a", "b"}) == hash({"a", "b"}));
    CHECK(hash({"a", "b"}) != hash({"b", "a"}));
    CHECK(hash({"ab"}) != hash({"a", "b"}));
    CHECK(hash({}) != hash({"a"}));
}

TEST_CASE("names of data sets") {
    CHECK(dataset_name("given", {"x.jsonl"}) == "given");
    CHECK(dataset_name("", {"data/x.jsonl", "val/"}) == "x+val");
    CHECK(dataset_name("", {"-"}) == "standard input");
    CHECK(dataset_name("", {}) == "standard input");
}

}  // namespace
}  // namespace lip::eval
