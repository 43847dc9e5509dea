#include "cli/error.h"
#include "samples.h"
#include "shard/seekable_reader.h"
#include "shard/seekable_writer.h"
#include "temp_folder.h"

#include <doctest/doctest.h>
#include <zstd.h>

#include <atomic>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

using lip::cli::DataError;

namespace lip::shard {
namespace {

std::string pack(const std::vector<std::string>& frames, int threads, int level = 3) {
    std::string file;
    SeekableWriter writer([&](std::string_view bytes) { file += bytes; }, threads);
    for (const std::string& frame : frames) {
        writer.frame() += frame;
        writer.end_frame(level);
    }
    writer.finish();
    return file;
}

std::vector<std::string> some_frames() {
    std::vector<std::string> frames;
    for (int i = 0; i < 12; ++i) {
        const std::string name = std::to_string(i);
        frames.push_back(i % 2 == 0 ? noise(3000, name) : text_sample(name).members[0].bytes);
    }
    return frames;
}

TEST_CASE("seekable: frames are read again, in any order, by several threads") {
    const TempFolder folder;
    const std::vector<std::string> frames = some_frames();
    spill(folder / "x.zst", pack(frames, 1));
    const SeekableReader reader(File::open(folder / "x.zst"));
    REQUIRE(reader.frames() == frames.size());
    std::atomic<int> wrong = 0;
    std::vector<std::thread> threads;
    for (std::size_t t = 0; t < 3; ++t) {
        threads.emplace_back([&, t] {
            for (std::size_t k = 0; k < frames.size(); ++k) {
                const std::size_t i = (k * 5 + t * 7) % frames.size();
                if (reader.read_frame(i) != frames[i]) ++wrong;
            }
        });
    }
    for (std::thread& thread : threads) thread.join();
    CHECK(wrong == 0);
}

TEST_CASE("seekable: the same bytes for any number of threads") {
    std::vector<std::string> frames;
    for (int i = 0; i < 40; ++i) frames.push_back(text_sample(std::to_string(i)).members[0].bytes);
    const std::string one = pack(frames, 1, 6);
    for (const int threads : {2, 3, 8}) CHECK(pack(frames, threads, 6) == one);
}

TEST_CASE("seekable: the table, byte by byte") {
    const std::string file = pack({"abc"}, 1);
    // Skippable magic, 1 * 12 + 9; entry; 1 frame, checksums, seekable magic.
    const std::string table = file.substr(file.size() - 29);
    CHECK(table.substr(0, 8) == std::string("\x5E\x2A\x4D\x18\x15\0\0\0", 8));
    CHECK(load32(table.data() + 8) == file.size() - 29);
    CHECK(load32(table.data() + 12) == 3);
    CHECK(table.substr(16, 4) == file.substr(file.size() - 33, 4));  // the frame's own checksum
    CHECK(load32(table.data() + 16) == 0xAD770999U);  // XXH64("abc") is 44BC2CF5AD770999
    CHECK(table.substr(20) == std::string("\1\0\0\0\x80\xB1\xEA\x92\x8F", 9));
}

TEST_CASE("seekable: an empty frame is none, a file without frames has a table") {
    const TempFolder folder;
    spill(folder / "x.zst", pack({"", ""}, 2));
    CHECK(SeekableReader(File::open(folder / "x.zst")).frames() == 0);
    CHECK(slurp(folder / "x.zst").size() == 17);
}

TEST_CASE("seekable: every cut is seen") {
    const TempFolder folder;
    const std::string file = pack({noise(200, "a"), "text text text"}, 1);
    for (std::size_t n = 0; n < file.size(); ++n) {
        CAPTURE(n);
        spill(folder / "cut.zst", file.substr(0, n));
        CHECK_THROWS_WITH_AS(SeekableReader(File::open(folder / "cut.zst")),
                             doctest::Contains("no seek table"), DataError);
    }
}

TEST_CASE("seekable: every flipped byte is seen") {
    const TempFolder folder;
    const std::string file = pack({noise(100, "a"), "text text text"}, 1);
    for (std::size_t i = 0; i < file.size(); ++i) {
        if (i == file.size() - 5) continue;  // the descriptor; its unused bits mean nothing
        CAPTURE(i);
        std::string bad = file;
        bad[i] = static_cast<char>(bad[i] ^ 0x21);
        spill(folder / "bad.zst", bad);
        CHECK_THROWS_AS(
            {
                const SeekableReader reader(File::open(folder / "bad.zst"));
                for (std::size_t k = 0; k < reader.frames(); ++k) reader.read_frame(k);
            },
            DataError);
    }
}

TEST_CASE("seekable: two files in one, and frames that claim too much") {
    const TempFolder folder;
    const std::string file = pack({"abc"}, 1);
    spill(folder / "two.zst", file + file);
    CHECK_THROWS_AS(SeekableReader(File::open(folder / "two.zst")), DataError);
    spill(folder / "one.zst", file);
    CHECK_THROWS_WITH_AS(SeekableReader(File::open(folder / "one.zst"), 2),
                         doctest::Contains("more than 2"), DataError);
}

TEST_CASE("seekable: a table without checksums is read") {
    const TempFolder folder;
    std::string file = pack({"abc"}, 1);
    // Leave the checksum of the entry out: 8 bytes an entry, 1 * 8 + 9 in all.
    file.erase(file.size() - 13, 4);
    file[file.size() - 5] = '\0';
    file[file.size() - 21] = 17;
    spill(folder / "x.zst", file);
    CHECK(SeekableReader(File::open(folder / "x.zst")).read_frame(0) == "abc");
}

TEST_CASE("seekable: an entry that covers more than one frame is refused") {
    const TempFolder folder;
    std::string file = pack({"abc"}, 1);
    const std::string skippable("\x50\x2A\x4D\x18\0\0\0\0", 8);
    const std::size_t frame = file.size() - 29;
    file.insert(frame, skippable);
    file[frame + 16] = static_cast<char>(frame + 8);
    // Without checksums in the table: those would tell, too.
    file.erase(file.size() - 13, 4);
    file[file.size() - 5] = '\0';
    file[file.size() - 21] = 17;
    spill(folder / "x.zst", file);
    CHECK_THROWS_WITH_AS(SeekableReader(File::open(folder / "x.zst")).read_frame(0),
                         doctest::Contains("not a complete zstd frame"), DataError);
}

TEST_CASE("seekable: few frames are in flight") {
    std::size_t written = 0;
    SeekableWriter writer([&](std::string_view) { ++written; }, 2);
    for (std::size_t i = 1; i <= 20; ++i) {
        writer.frame() += noise(5000, "a");
        writer.end_frame(1);
        CHECK(written + 4 >= i);
    }
    writer.finish();
    CHECK(written == 21);
}

TEST_CASE("seekable: an error of the sink ends the writer without hanging") {
    for (const int threads : {1, 3}) {
        SeekableWriter writer([](std::string_view) { throw std::runtime_error("full"); }, threads);
        CHECK_THROWS_WITH(
            [&] {
                for (int i = 0; i < 20; ++i) {
                    writer.frame() += noise(1000, "a");
                    writer.end_frame(1);
                }
                writer.finish();
            }(),
            "full");
    }
}

TEST_CASE("seekable: plain zstd unpacks it, passing over the table") {
    const std::string file = pack({"abc", "defg"}, 1);
    std::string out(7, '\0');
    REQUIRE(ZSTD_decompress(out.data(), out.size(), file.data(), file.size()) == 7);
    CHECK(out == "abcdefg");
}

}  // namespace
}  // namespace lip::shard
