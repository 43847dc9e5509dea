#include "shard/stream.h"

#include "cli/error.h"
#include "samples.h"
#include "shard/tar.h"
#include "temp_folder.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include <string>
#include <thread>
#include <vector>

using lip::cli::DataError;

namespace lip::shard {
namespace {

std::string foreign_tar() {
    std::string tar;
    append_tar_member(tar, "README", "no member of a sample");
    append_tar_member(tar, "v1.0/a.jpg", noise(3000, "a"));
    append_tar_member(tar, "v1.0/a.seg.png", "png");
    append_tar_member(tar, "__index__/x.json", "{}");
    append_tar_member(tar, "./b.txt", "bee");
    append_tar_end(tar);
    tar.append(8192, '\0');  // as tar fills its last record
    return tar;
}

std::string gzip(const std::string& bytes) {
    z_stream stream{};
    REQUIRE(deflateInit2(&stream, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY) == Z_OK);
    std::string out(deflateBound(&stream, bytes.size()) + 64, '\0');
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    stream.avail_in = static_cast<uInt>(bytes.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    REQUIRE(deflate(&stream, Z_FINISH) == Z_STREAM_END);
    out.resize(stream.total_out);
    deflateEnd(&stream);
    return out;
}

std::string zstd(const std::string& bytes) {
    std::string out(ZSTD_compressBound(bytes.size()), '\0');
    out.resize(ZSTD_compress(out.data(), out.size(), bytes.data(), bytes.size(), 1));
    return out;
}

std::vector<Sample> read_all(const std::filesystem::path& path) {
    ShardStream stream(path);
    std::vector<Sample> samples;
    Sample sample;
    while (stream.next(sample)) samples.push_back(sample);
    return samples;
}

void check_foreign(const std::vector<Sample>& samples) {
    REQUIRE(samples.size() == 2);
    check_equal(samples[0], {"v1.0/a", {{"jpg", noise(3000, "a")}, {"seg.png", "png"}}});
    check_equal(samples[1], {"b", {{"txt", "bee"}}});
}

TEST_CASE("stream: shards of others, packed and not") {
    const TempFolder folder;
    const std::string tar = foreign_tar();
    for (const std::string& bytes :
         {tar, gzip(tar), gzip(tar.substr(0, 999)) + gzip(tar.substr(999)), zstd(tar),
          zstd(tar.substr(0, 999)) + zstd(tar.substr(999))}) {
        spill(folder / "x", bytes);
        check_foreign(read_all(folder / "x"));
    }
    ShardStream stream(folder / "x");
    Sample sample;
    while (stream.next(sample)) {
    }
    CHECK(stream.ignored_members() == 2);
}

TEST_CASE("stream: from a pipe, byte by byte") {
    const std::string packed = gzip(foreign_tar());
    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    std::thread feeder([&] {
        File out = File::adopt(ends[1], "pipe");
        for (const char c : packed) out.write({&c, 1});
    });
    ShardStream stream(File::adopt(ends[0], "-"));
    std::vector<Sample> samples;
    Sample sample;
    while (stream.next(sample)) samples.push_back(sample);
    feeder.join();
    check_foreign(samples);
}

TEST_CASE("stream: every cut is seen, packed or not") {
    const TempFolder folder;
    std::string tar;
    append_tar_member(tar, "a.txt", "text");
    append_tar_end(tar);
    for (const std::string& bytes : {tar, gzip(tar), zstd(tar)}) {
        for (std::size_t n = 0; n < bytes.size(); n += 1 + bytes.size() / 64) {
            CAPTURE(n);
            spill(folder / "cut", bytes.substr(0, n));
            CHECK_THROWS_AS(read_all(folder / "cut"), DataError);
        }
    }
}

TEST_CASE("stream: a cut shard of ours, but for a cut that takes the table and nothing else") {
    const TempFolder folder;
    write_shard(folder / "x", {image_sample("a", 600), text_sample("b")}, {.frame_bytes = 1024});
    const std::string file = slurp(folder / "x");
    const std::size_t table = 8 + 2 * 12 + 9;
    for (std::size_t n = file.size() % 8; n < file.size(); n += n < file.size() - 128 ? 8 : 1) {
        CAPTURE(n);
        spill(folder / "cut", file.substr(0, n));
        if (n == file.size() - table) {
            CHECK(read_all(folder / "cut").size() == 2);
        } else {
            CHECK_THROWS_AS(read_all(folder / "cut"), DataError);
        }
    }
}

TEST_CASE("stream: a member twice, and what is no tar") {
    const TempFolder folder;
    std::string tar;
    append_tar_member(tar, "a.txt", "1");
    append_tar_member(tar, "a.txt", "2");
    append_tar_end(tar);
    spill(folder / "x", tar);
    CHECK_THROWS_WITH_AS(read_all(folder / "x"), doctest::Contains("twice"), DataError);
    spill(folder / "x", "{\"key\":\"a\"}\n" + std::string(600, ' '));
    CHECK_THROWS_WITH_AS(read_all(folder / "x"), doctest::Contains("is text, no tar"), DataError);
    CHECK_THROWS_AS(read_all(folder / "none"), DataError);
    CHECK_THROWS_AS(read_all(folder.path()), DataError);
}

}  // namespace
}  // namespace lip::shard
