#include "record/input.h"

#include "cli/error.h"
#include "record/keyed_rng.h"
#include "tests/unit/record/sources.h"
#include "tests/unit/shard/temp_folder.h"

#include <doctest/doctest.h>

#include <string>

namespace lip::record {
namespace {

using shard::spill, shard::TempFolder;

std::string noise(std::size_t size) {
    KeyedRng rng(1, 1, Stream::kInit, "noise");
    std::string out(size, '\0');
    for (char& c : out) c = static_cast<char>(rng.next());
    return out;
}

struct Folder {
    TempFolder folder;
    std::string read(std::string_view bytes, std::size_t step = 1 << 16) {
        spill(folder / "in", bytes);
        return read_all(*open_bytes((folder / "in").string()), step);
    }
    std::string error(std::string_view bytes) {
        try {
            read(bytes);
        } catch (const cli::DataError& error) {
            const std::string text = error.what();
            return text.substr(text.rfind("/in: ") + 5);
        }
        return "";
    }
};

TEST_CASE("input: plain bytes of every short length, magic-like ones too") {
    Folder f;
    for (const std::string text : {"", "a", "ab", "abc", "abcd", "abcde", "\x1f", "\x1f\x8a",
                                   "\x28", "\x28\xb5\x2f", "(b/", "(ab"})
        CHECK(f.read(text) == text);
}

TEST_CASE("input: gzip, several members, any size of reads") {
    Folder f;
    const std::string text = noise(300000) + std::string(300000, 'z');
    for (const std::size_t step : {std::size_t{1000}, std::size_t{1} << 18, std::size_t{1} << 20}) {
        CHECK(f.read(gzip(text), step) == text);
        CHECK(f.read(gzip(text) + gzip("") + gzip("tail"), step) == text + "tail");
    }
    CHECK(f.read(gzip("")).empty());
}

TEST_CASE("input: zstd, several frames, any size of reads") {
    Folder f;
    const std::string text = noise(300000) + std::string(300000, 'z');
    for (const std::size_t step : {std::size_t{1000}, std::size_t{1} << 18, std::size_t{1} << 20}) {
        CHECK(f.read(zstd(text), step) == text);
        CHECK(f.read(zstd(text) + zstd("") + zstd("tail"), step) == text + "tail");
    }
    CHECK(f.read(zstd("")).empty());
}

TEST_CASE("input: packed data that ends exactly with the reader's block") {
    Folder f;
    for (const std::size_t size : {std::size_t{1}, std::size_t{1} << 16, std::size_t{1} << 18}) {
        const std::string text(size, 'z');
        CAPTURE(size);
        CHECK(f.read(zstd(text), size) == text);
        CHECK(f.read(gzip(text), size) == text);
        CHECK(f.read(zstd(text) + zstd(text), size) == text + text);
    }
}

TEST_CASE("input: cut packed data is an error at every place") {
    Folder f;
    const std::string text = noise(600);
    const std::string gz = gzip(text), zst = zstd(text);
    for (std::size_t n = 4; n < gz.size(); n += 7) {
        CAPTURE(n);
        CHECK(f.error(gz.substr(0, n)) == "gzip data ends too early: the file is cut");
    }
    CHECK(f.error(gz.substr(0, gz.size() - 1)) == "gzip data ends too early: the file is cut");
    for (std::size_t n = 4; n < zst.size(); n += 7) {
        CAPTURE(n);
        CHECK(f.error(zst.substr(0, n)) == "zstd data ends too early: the file is cut");
    }
    CHECK(f.error(gz + gz.substr(0, 15)) == "gzip data ends too early: the file is cut");
    CHECK(f.error(zst + zst.substr(0, 15)) == "zstd data ends too early: the file is cut");
}

TEST_CASE("input: corrupt packed data is an error") {
    Folder f;
    std::string gz = gzip(noise(600)), zst = zstd(std::string(600, 'z'));
    gz[gz.size() - 6] = static_cast<char>(gz[gz.size() - 6] ^ 1);  // the checksum
    CHECK(f.error(gz) == "gzip data is corrupt: incorrect data check");
    zst[5] = '\xff';
    CHECK(f.error(zst + "xxxxxxxxxxxx").starts_with("zstd data is c"));
    CHECK(f.error(gzip("x") + "garbage") == "bytes that are no gzip data follow the gzip data");
    CHECK(f.read(gzip("x") + std::string(1000, '\0')) == "x");  // padding
    CHECK(f.error(zstd("x") + "garbage") == "bytes that are no zstd data follow the zstd data");
    const std::string skippable("\x5e\x2a\x4d\x18\x01\0\0\0!", 9);
    CHECK(f.read(skippable + zstd("x") + skippable) == "x");
}

TEST_CASE("input: files that cannot be opened or read") {
    const TempFolder folder;
    CHECK_THROWS_AS(open_bytes((folder / "none").string()), cli::DataError);
    CHECK_THROWS_AS(read_all(*open_bytes(folder.path().string())), cli::DataError);
}

TEST_CASE("input: a window keeps what is not taken and counts offsets") {
    const std::string text = noise(1000000);
    Window window(memory_bytes(text));
    std::string out;
    while (window.more()) {
        const std::size_t n = window.view().size() * 2 / 3;
        out.append(window.view().substr(0, n));
        window.take(n);
        CHECK(window.offset() == out.size());
    }
    out.append(window.view());
    CHECK(out == text);
    CHECK_FALSE(window.more());
}

}  // namespace
}  // namespace lip::record
