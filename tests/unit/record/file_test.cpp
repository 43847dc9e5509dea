#include "record/file.h"

#include "cli/error.h"
#include "tests/unit/shard/temp_folder.h"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <string>

namespace lip::record {
namespace {

using shard::slurp, shard::spill, shard::TempFolder;

TEST_CASE("file: exists complete under its name only after close") {
    const TempFolder folder;
    const std::string path = (folder / "a.jsonl").string();
    {
        Output output(path, false);
        CHECK_FALSE(output.is_stream());
        output.write("one ");
        output.write("two");
        CHECK_FALSE(std::filesystem::exists(path));
        CHECK(std::filesystem::exists(folder / (".a.jsonl.tmp." + std::to_string(::getpid()))));
        output.write_at("ONE", 0);
        output.close();
        output.close();  // nothing more to do
    }
    CHECK(slurp(path) == "ONE two");
    CHECK(folder.files() == 1);
}

TEST_CASE("file: what data name is a regular file") {
    const TempFolder folder;
    const std::string file = (folder / "a").string(), pipe = (folder / "pipe").string();
    const std::string link = (folder / "link").string();
    spill(file, "bytes");
    REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
    REQUIRE(::symlink("a", link.c_str()) == 0);
    const auto problem = [](const std::string& path) {
        try {
            return "read: " + read_regular_file(path, 100);
        } catch (const cli::DataError& error) {
            return std::string(error.what());
        }
    };
    CHECK(problem(file) == "read: bytes");
    CHECK(problem(link) == "read: bytes");
    CHECK(problem(pipe) == pipe + ": is a pipe, not a file");
    CHECK(problem("/dev/zero") == "/dev/zero: is a device, not a file");
    CHECK(problem((folder / ".").string()).ends_with(": is a folder, not a file"));
    CHECK(problem((folder / "none").string()).find("cannot be read") != std::string::npos);
    CHECK_THROWS_AS((void)read_regular_file(file, 4), cli::DataError);
}

TEST_CASE("file: without close nothing is left") {
    const TempFolder folder;
    { Output((folder / "a").string(), false).write("x"); }
    CHECK(folder.files() == 0);
}

TEST_CASE("file: an existing file needs force, and stays until close") {
    const TempFolder folder;
    const std::string path = (folder / "a").string();
    spill(path, "old");
    CHECK_THROWS_WITH_AS(Output(path, false), (path + ": exists already (-f replaces it)").c_str(),
                         cli::DataError);
    { Output(path, true).write("lost"); }
    CHECK(slurp(path) == "old");
    write_file(path, "new", true);
    CHECK(slurp(path) == "new");
}

TEST_CASE("file: folders are never replaced, missing folders are named") {
    const TempFolder folder;
    CHECK_THROWS_AS(check_can_write(folder.path().string(), true), cli::DataError);
    CHECK_THROWS_AS(Output(folder.path().string(), true), cli::DataError);
    CHECK_THROWS_AS(check_can_write((folder / "no/a").string(), true), cli::DataError);
    CHECK_NOTHROW(check_can_write("-", false));
    CHECK_NOTHROW(check_can_write("/dev/null", false));
}

TEST_CASE("file: devices and pipes are written directly") {
    Output null("/dev/null", false);
    CHECK(null.is_stream());
    null.write("x");
    null.close();
    Output full("/dev/full", false);
    CHECK_THROWS_WITH_AS(full.write("x"), "/dev/full: write error: No space left on device",
                         cli::DataError);
}

TEST_CASE("file: the mask of the user counts") {
    const TempFolder folder;
    const mode_t before = ::umask(027);
    write_file((folder / "a").string(), "x", false);
    ::umask(before);
    struct stat info = {};
    REQUIRE(::stat((folder / "a").c_str(), &info) == 0);
    CHECK((info.st_mode & 0777) == 0640);
}

TEST_CASE("file: read_file is whole, bounded and says what fails") {
    const TempFolder folder;
    const std::string path = (folder / "a").string();
    const std::string bytes(200000, 'x');
    spill(path, bytes);
    CHECK(read_file(path) == bytes);
    CHECK(read_file(path, bytes.size()) == bytes);
    CHECK_THROWS_AS(read_file(path, bytes.size() - 1), cli::DataError);
    CHECK_THROWS_AS(read_file("/dev/zero", 1 << 20), cli::DataError);
    CHECK_THROWS_AS(read_file((folder / "none").string()), cli::DataError);
    CHECK_THROWS_AS(read_file(folder.path().string()), cli::DataError);
}

}  // namespace
}  // namespace lip::record
