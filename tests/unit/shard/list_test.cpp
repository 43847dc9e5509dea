#include "shard/list.h"

#include "cli/error.h"
#include "shard/manifest.h"
#include "temp_folder.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using lip::cli::DataError;

namespace lip::shard {
namespace {

using Names = std::vector<std::string>;

class Shards {
public:
    Shards() {
        for (const char* name : {"b-02.tar", "b-10.tar.zst", "B.tar.gz", "a{1}.tar", ".h.tar",
                                 "notes.txt", ".b-02.tar.tmp.7"}) {
            spill(folder_ / name, "");
        }
        std::filesystem::create_directory(folder_ / "sub.tar");
    }
    std::string path(const std::string& name) const { return (folder_ / name).string(); }
    Names expand(const std::string& name) const { return expand_shards(path(name)); }
    std::string root() const { return folder_.path().string(); }

private:
    TempFolder folder_;
};

TEST_CASE("list: a file, a folder") {
    const Shards s;
    CHECK(s.expand("notes.txt") == Names{s.path("notes.txt")});
    CHECK(s.expand("a{1}.tar") == Names{s.path("a{1}.tar")});
    CHECK(expand_shards(s.root()) == Names{s.path("B.tar.gz"), s.path("a{1}.tar"),
                                           s.path("b-02.tar"), s.path("b-10.tar.zst")});
    CHECK_THROWS_AS(s.expand("sub.tar"), DataError);
    CHECK_THROWS_AS(s.expand("none"), DataError);
    CHECK_THROWS_AS(expand_shards(""), DataError);
}

TEST_CASE("list: patterns") {
    const Shards s;
    CHECK(s.expand("b*") == Names{s.path("b-02.tar"), s.path("b-10.tar.zst")});
    CHECK(s.expand("*.tar") == Names{s.path("a{1}.tar"), s.path("b-02.tar")});
    CHECK(s.expand("b-{02..02}.tar") == Names{s.path("b-02.tar")});
    CHECK(s.expand("b-{1..1}{0..0}.tar.*") == Names{s.path("b-10.tar.zst")});
    CHECK_THROWS_WITH_AS(s.expand("b-{02..03}.tar"), doctest::Contains("b-03.tar"), DataError);
    CHECK_THROWS_AS(s.expand("c*"), DataError);
    CHECK_THROWS_AS(s.expand("b-{3..2}.tar"), DataError);
    CHECK_THROWS_AS(s.expand("b-{0..99999999}.tar"), DataError);
    CHECK_THROWS_AS(s.expand("b-{0..18446744073709551615}.tar"), DataError);
}

TEST_CASE("list: counts keep their digits, and several of them multiply") {
    const TempFolder folder;
    Names wanted;
    for (const char* name : {"8-x0", "8-x1", "9-x0", "9-x1", "10-x0", "10-x1"}) {
        spill(folder / name, "");
        wanted.push_back((folder / name).string());
    }
    CHECK(expand_shards((folder / "{8..10}-x{0..1}").string()) == wanted);
}

TEST_CASE("manifest: what is written is read, and shards are found beside it") {
    const TempFolder folder;
    const ShardInfo info{"x-000000.tar.zst", 3, 4096, 1, "00000000000000ff", "a", "caf\xC3\xA9"};
    CHECK(manifest_line(info) ==
          "{\"shard\":\"x-000000.tar.zst\",\"samples\":3,\"bytes\":4096,\"frames\":1,"
          "\"xxh64\":\"00000000000000ff\",\"first\":\"a\",\"last\":\"caf\xC3\xA9\"}\n");
    const auto path = folder / "x.manifest.jsonl";
    spill(path, manifest_line(info) + "{\"more\":1,\"shard\":\"/abs/y.tar\"}\n");
    const std::vector<ShardInfo> infos = read_manifest(path);
    REQUIRE(infos.size() == 2);
    CHECK(manifest_line(infos[0]) == manifest_line(info));
    CHECK(expand_shards(path.string()) ==
          Names{(folder / "x-000000.tar.zst").string(), "/abs/y.tar"});
    spill(folder / "x-1.tar", "");
    CHECK(expand_shards((folder / "x*").string()) == Names{(folder / "x-1.tar").string()});
}

TEST_CASE("manifest: what is refused") {
    const TempFolder folder;
    const auto path = folder / "x.manifest.jsonl";
    for (const char* text : {"", "{\"shard\":\"a\"}", "{\"shard\":1}\n", "[]\n", "\n",
                             "{\"shard\":\"a\"}\n{\"shard\"\n"}) {
        CAPTURE(text);
        spill(path, text);
        CHECK_THROWS_AS(expand_shards(path.string()), DataError);
    }
    CHECK_THROWS_AS(manifest_line({"\xFF", 0, 0, 0, "", "", ""}), DataError);
}

}  // namespace
}  // namespace lip::shard
