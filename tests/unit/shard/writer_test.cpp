#include "shard/writer.h"

#include "cli/error.h"
#include "samples.h"
#include "shard/reader.h"
#include "shard/stream.h"
#include "temp_folder.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>
#include <xxhash.h>

#include <cstdio>
#include <string>
#include <vector>

using lip::cli::DataError;
using lip::cli::Result;
using lip::cli::UsageError;

namespace lip::shard {
namespace {

std::vector<Sample> mixed_samples() {
    std::vector<Sample> samples;
    for (int i = 0; i < 30; ++i) {
        const std::string key = "set.v1/" + std::to_string(i);
        samples.push_back(i < 15 ? image_sample(key, 900) : text_sample(key));
    }
    return samples;
}

TEST_CASE("writer: samples come back, by frame and as a stream, image bytes unchanged") {
    const TempFolder folder;
    const std::vector<Sample> samples = mixed_samples();
    const ShardInfo info = write_shard(folder / "x.tar.zst", samples, {.frame_bytes = 8192});
    CHECK(info.name == "x.tar.zst");
    CHECK(info.samples == 30);
    CHECK(info.first == "set.v1/0");
    CHECK(info.last == "set.v1/29");
    const std::string file = slurp(folder / "x.tar.zst");
    CHECK(info.bytes == file.size());
    CHECK(info.xxh64 == hex64(XXH64(file.data(), file.size(), 0)));
    CHECK(folder.files() == 1);

    const ShardReader reader(folder / "x.tar.zst");
    CHECK(reader.frames() == info.frames);
    CHECK(info.frames > 5);
    std::size_t at = 0;
    for (std::size_t i = 0; i < reader.frames(); ++i) {
        CHECK(reader.frame_bytes(i) <= 8192 + 1024);
        const std::size_t count = reader.frame_samples(i);
        const std::vector<Sample> frame = reader.read_frame(i);
        CHECK(count == frame.size());
        for (const Sample& sample : frame) check_equal(sample, samples.at(at++));
    }
    CHECK(at == samples.size());

    ShardStream stream(folder / "x.tar.zst");
    Sample sample;
    for (at = 0; stream.next(sample); ++at) check_equal(sample, samples.at(at));
    CHECK(at == samples.size());
}

TEST_CASE("writer: the same bytes for 1 and 3 threads") {
    const TempFolder folder;
    const std::vector<Sample> samples = mixed_samples();
    write_shard(folder / "1", samples, {.frame_bytes = 4096, .threads = 1});
    write_shard(folder / "3", samples, {.frame_bytes = 4096, .threads = 3});
    CHECK(slurp(folder / "1") == slurp(folder / "3"));
}

TEST_CASE("writer: frames with images get level 1, others the level asked for") {
    const TempFolder folder;
    const auto bytes = [&](const Sample& sample, int level) {
        write_shard(folder / "x", {sample}, {.level = level, .replace = true});
        return slurp(folder / "x");
    };
    Sample sample = text_sample("a");
    for (int i = 0; i < 200; ++i) {
        sample.members[0].bytes += text_sample(std::to_string(i)).members[0].bytes;
    }
    CHECK(bytes(sample, 19).size() < bytes(sample, 1).size());
    sample.members.push_back({"jpg", "JPEG"});
    CHECK(bytes(sample, 19) == bytes(sample, 1));
}

TEST_CASE("writer: an empty shard is a whole shard") {
    const TempFolder folder;
    const ShardInfo info = write_shard(folder / "x.tar.zst", {}, {});
    CHECK(info.samples == 0);
    CHECK(info.frames == 1);
    CHECK(ShardReader(folder / "x.tar.zst").read_frame(0).empty());
    Sample sample;
    CHECK(!ShardStream(folder / "x.tar.zst").next(sample));
}

TEST_CASE("writer: samples that no shard holds") {
    const TempFolder folder;
    ShardWriter writer(folder / "x.tar.zst", {});
    const auto word = [&](const Sample& sample) {
        const Result<bool> added = writer.add(sample);
        return added ? std::string() : std::string(added.reject().word);
    };
    CHECK(word({"a", {{"txt", "1"}}}).empty());
    CHECK(word({"a", {{"txt", "2"}}}) == "duplicate-key");
    CHECK(word({"/a", {{"txt", "1"}}}) == "bad-record");
    CHECK(word({"b/../a", {{"txt", "1"}}}) == "bad-record");
    CHECK(word({"", {{"txt", "1"}}}) == "bad-record");
    CHECK(word({"b", {}}) == "bad-record");
    CHECK(word({"b", {{"", "1"}}}) == "bad-record");
    CHECK(word({"b", {{"x", "1"}, {"x", "1"}}}) == "bad-record");
    CHECK(word({"b", {{"x", "1"}, {"y", "1"}}}).empty());
    CHECK(writer.samples() == 2);
    CHECK(writer.tar_bytes() == 3 * 1024);
    CHECK(writer.close().samples == 2);
}

TEST_CASE("writer: complete or not at all") {
    const TempFolder folder;
    const auto path = folder / "x.tar.zst";
    {
        ShardWriter writer(path, {});
        REQUIRE(static_cast<bool>(writer.add(text_sample("a"))));
        CHECK(writer.temporary().filename().string().starts_with(".x.tar.zst.tmp."));
        CHECK(std::filesystem::exists(writer.temporary()));
        CHECK(!std::filesystem::exists(path));
    }
    CHECK(folder.files() == 0);
    write_shard(path, {text_sample("a")}, {});
    CHECK_THROWS_AS(ShardWriter(path, ShardOptions{}), DataError);
    write_shard(path, {text_sample("b")}, {.replace = true});
    CHECK(ShardReader(path).read_frame(0).at(0).key == "b");
    CHECK_THROWS_AS(ShardWriter(folder / "none" / "x", ShardOptions{}), DataError);
    CHECK_THROWS_AS(ShardWriter(folder.path(), ShardOptions{.replace = true}), DataError);
    CHECK_THROWS_AS(ShardWriter(folder / "y", ShardOptions{.level = 99}), UsageError);
    CHECK_THROWS_AS(ShardWriter(folder / "y", ShardOptions{.frame_bytes = 0}), UsageError);
    CHECK(folder.files() == 1);
}

TEST_CASE("writer: a descriptor gets the same bytes as a file") {
    const TempFolder folder;
    const std::vector<Sample> samples = mixed_samples();
    write_shard(folder / "x", samples, {});
    const int fd = ::open((folder / "y").c_str(), O_WRONLY | O_CREAT, 0600);
    REQUIRE(fd >= 0);
    ShardWriter writer(fd, {});
    for (const Sample& sample : samples) REQUIRE(static_cast<bool>(writer.add(sample)));
    const ShardInfo info = writer.close();
    CHECK(::close(fd) == 0);
    CHECK(info.name == "-");
    CHECK(slurp(folder / "x") == slurp(folder / "y"));
    const int full = ::open("/dev/full", O_WRONLY);
    if (full >= 0) {
        ShardWriter to_full(full, {});
        CHECK_THROWS_WITH_AS(to_full.close(), doctest::Contains("No space left"), DataError);
        ::close(full);
    }
}

// Standard output of a shell command.
std::string output_of(const std::string& command) {
    FILE* pipe = ::popen(command.c_str(), "r");
    REQUIRE(pipe != nullptr);
    std::string out;
    for (int c = 0; (c = std::fgetc(pipe)) != EOF;) out += static_cast<char>(c);
    CHECK(::pclose(pipe) == 0);
    return out;
}

TEST_CASE("writer: zstd and tar read a shard") {
    REQUIRE_MESSAGE(std::system("command -v zstd tar >/dev/null") == 0,
                    "this test needs zstd, tar");
    const TempFolder folder;
    std::vector<Sample> samples = mixed_samples();
    samples.push_back({std::string(200, 'k') + "\xC3\xA9", {{"txt", "long"}}});
    write_shard(folder / "x.tar.zst", samples, {.frame_bytes = 8192});
    std::string names;
    for (const Sample& sample : samples) {
        for (const Member& m : sample.members) names += member_name(sample.key, m.ext) + "\n";
    }
    const std::string zstdcat = "zstd -dcq '" + (folder / "x.tar.zst").string() + "'";
    CHECK(output_of(zstdcat + " | tar --quoting-style=literal -tf -") == names);
    CHECK(output_of(zstdcat + " | tar -xOf - 'set%2Ev1/3.jpg'") == samples[3].members[0].bytes);
}

}  // namespace
}  // namespace lip::shard
