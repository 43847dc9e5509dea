#include "shard/verify.h"

#include "cli/error.h"
#include "samples.h"
#include "shard/output_file.h"
#include "shard/seekable_writer.h"
#include "shard/tar.h"
#include "temp_folder.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using lip::cli::DataError;

namespace lip::shard {
namespace {

std::vector<Sample> three() {
    return {image_sample("a", 300), text_sample("b"), image_sample("c", 300)};
}

// A shard out of frames of tar, right or wrong.
void spill_frames(const std::filesystem::path& path, const std::vector<std::string>& frames) {
    std::string file;
    SeekableWriter writer([&](std::string_view bytes) { file += bytes; }, 1);
    for (const std::string& frame : frames) {
        writer.frame() += frame;
        writer.end_frame(1);
    }
    writer.finish();
    spill(path, file);
}

std::string member(const std::string& name) {
    std::string tar;
    append_tar_member(tar, name, "bytes");
    return tar;
}

std::string end() {
    return std::string(1024, '\0');
}

bool fails_with(const std::filesystem::path& path, const char* what) {
    const VerifyReport report = verify_shard(path, {});
    INFO(report.error);
    return report.error.find(what) != std::string::npos && !report.ok();
}

TEST_CASE("verify: a good shard") {
    const TempFolder folder;
    const ShardInfo info = write_shard(folder / "x.tar.zst", three(), {.frame_bytes = 2048});
    const VerifyReport report = verify_shard(folder / "x.tar.zst", {});
    CHECK(report.ok());
    CHECK(report.samples == 3);
    CHECK(report.frames == info.frames);
    CHECK(report.xxh64 == info.xxh64);
    CHECK(report.bytes == info.bytes);
    write_shard(folder / "empty", {}, {});
    CHECK(verify_shard(folder / "empty", {}).ok());
}

TEST_CASE("verify: every flipped byte and every cut is seen") {
    const TempFolder folder;
    const ShardInfo info = write_shard(folder / "x", {image_sample("a", 100)}, {});
    const std::string file = slurp(folder / "x");
    const std::size_t table = 8 + 12 + 9;
    int harmless = 0;
    for (std::size_t i = 0; i < file.size(); ++i) {
        CAPTURE(i);
        std::string bad = file;
        bad[i] = static_cast<char>(bad[i] ^ 0x11);
        spill(folder / "bad", bad);
        const VerifyReport flipped = verify_shard(folder / "bad", {});
        // A few bits mean nothing to an unpacker, and without its mark the table is passed over:
        // then the content is what it was, and the checksum of the file is not.
        if (flipped.ok()) {
            CHECK(flipped.xxh64 != info.xxh64);
            CHECK(flipped.samples == 1);
            ++harmless;
        }
        spill(folder / "cut", file.substr(0, i));
        CHECK(verify_shard(folder / "cut", {}).ok() == (i == file.size() - table));
    }
    CHECK(harmless <= 4 + 3);  // the four bytes of the mark, and those bits
}

TEST_CASE("verify: tar against frames") {
    const TempFolder folder;
    const auto path = folder / "x";
    spill_frames(path, {member("a.txt"), member("b.txt") + end()});
    CHECK(verify_shard(path, {}).ok());
    spill_frames(path, {member("a.txt"), member("b.txt")});
    CHECK(fails_with(path, "end-of-archive"));
    spill_frames(path, {member("a.txt") + end(), member("b.txt") + end()});
    CHECK(fails_with(path, "more frames follow"));
    spill_frames(path, {member("a.txt"), member("a.json") + end()});
    CHECK(fails_with(path, "occurs twice"));
    spill_frames(path, {member("a.txt") + member("b.txt") + member("a.json") + end()});
    CHECK(fails_with(path, "occurs twice"));
    spill_frames(path, {member("a.txt").substr(0, 512), member("a.txt").substr(512) + end()});
    CHECK(fails_with(path, "truncated"));
    spill_frames(path, {});
    CHECK(fails_with(path, "no frame"));
}

TEST_CASE("verify: keys over several shards, and what the caller checks") {
    const TempFolder folder;
    write_shard(folder / "x", three(), {});
    KeySet keys;
    VerifyOptions options;
    options.unique_keys = &keys;
    CHECK(verify_shard(folder / "x", options).ok());
    CHECK(keys.size() == 3);
    CHECK(verify_shard(folder / "x", options).error.find("another shard") != std::string::npos);

    options.unique_keys = nullptr;
    options.check_sample = [](const Sample& sample) -> std::optional<std::string> {
        if (sample.key == "b") return "bad-json: no object";
        return std::nullopt;
    };
    const VerifyReport report = verify_shard(folder / "x", options);
    CHECK(report.error.find("bad-json: no object (\"b\")") != std::string::npos);
    CHECK(report.samples == 1);
}

TEST_CASE("verify: a tar of others, and a file that is not there") {
    const TempFolder folder;
    spill(folder / "x.tar", member("a.txt") + member("b.txt") + end());
    const VerifyReport report = verify_shard(folder / "x.tar", {});
    CHECK(report.ok());
    CHECK(report.samples == 2);
    CHECK(report.frames == 0);
    CHECK_THROWS_AS(verify_shard(folder / "none", {}), DataError);
}

}  // namespace
}  // namespace lip::shard
