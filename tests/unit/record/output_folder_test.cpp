#include "record/output_folder.h"

#include "cli/error.h"
#include "tests/unit/shard/temp_folder.h"

#include <doctest/doctest.h>

namespace lip::record {
namespace {

namespace fs = std::filesystem;
using shard::slurp, shard::spill, shard::TempFolder;

constexpr std::string_view kOurs[] = {"a", "b"};

void make(const std::string& path, bool force, std::string_view bytes) {
    OutputFolder folder(path, force, kOurs);
    spill(fs::path(folder.add("a")) / "file", bytes);
    folder.close();
}

TEST_CASE("output folder: complete after close, gone without it") {
    const TempFolder temp;
    const std::string path = (temp / "out").string();
    {
        OutputFolder folder(path, false, kOurs);
        spill(fs::path(folder.add("a")) / "file", "x");
        CHECK_FALSE(fs::exists(path));
        CHECK(temp.files() == 1);
    }
    CHECK(temp.files() == 0);
    make(path + "/", false, "x");
    CHECK(slurp(temp / "out/a/file") == "x");
    CHECK(temp.files() == 1);
}

TEST_CASE("output folder: -f replaces a folder of its own kind and no other") {
    const TempFolder temp;
    const std::string path = (temp / "out").string();
    make(path, false, "old");
    CHECK_THROWS_WITH_AS(make(path, false, "new"),
                         (path + ": exists already (-f replaces it)").c_str(), cli::DataError);
    spill(temp / "out/b", "of the old one");
    make(path, true, "new");
    CHECK(slurp(temp / "out/a/file") == "new");
    CHECK_FALSE(fs::exists(temp / "out/b"));
    spill(temp / "out/letter", "dear");
    CHECK_THROWS_WITH_AS(
        make(path, true, "newer"),
        (path + ": contains letter, so it is not replaced (remove it, or choose another name)")
            .c_str(),
        cli::DataError);
    CHECK(slurp(temp / "out/letter") == "dear");
    CHECK(temp.files() == 1);
}

TEST_CASE("output folder: files and missing folders are named") {
    const TempFolder temp;
    spill(temp / "file", "x");
    CHECK_THROWS_AS(check_can_write_folder((temp / "file").string(), true, kOurs), cli::DataError);
    CHECK_THROWS_AS(check_can_write_folder((temp / "no/out").string(), false, kOurs),
                    cli::DataError);
    CHECK(slurp(temp / "file") == "x");
}

}  // namespace
}  // namespace lip::record
