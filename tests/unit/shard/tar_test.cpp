#include "shard/tar.h"

#include "cli/error.h"
#include "shard/tar_layout.h"
#include "shard/tar_reader.h"

#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

using lip::cli::DataError;

namespace lip::shard {
namespace {

using Members = std::vector<std::pair<std::string, std::string>>;

Members read_all(const std::string& tar, TarEnd end = TarEnd::kBlocks) {
    MemorySource source(tar);
    TarReader reader(source, "x.tar", end);
    Members members;
    TarEntry entry;
    while (reader.next(entry)) {
        std::string bytes;
        reader.read_all(bytes, 1 << 20);
        CHECK(bytes.size() == entry.size);
        members.emplace_back(entry.name, bytes);
    }
    return members;
}

std::string archive(const Members& members) {
    std::string tar;
    for (const auto& [name, bytes] : members) append_tar_member(tar, name, bytes);
    append_tar_end(tar);
    return tar;
}

// A header block of our own making, with a right checksum.
std::string block(const std::string& name, char type, std::size_t size,
                  std::string_view magic = kUstarMagic) {
    std::string out;
    append_tar_header(out, "x", size);
    out.replace(0, 100, name + std::string(100 - name.size(), '\0'));
    out[kTarType.at] = type;
    out.replace(kTarMagic.at, 8, magic);
    std::uint32_t sum = tar_checksum(out);
    for (std::size_t i = 6; i-- > 0; sum >>= 3) out[kTarChecksum.at + i] = char('0' + (sum & 7));
    return out;
}

std::string padded(std::string bytes) {
    bytes.resize(bytes.size() + tar_padding(bytes.size()), '\0');
    return bytes;
}

std::string with_end(std::string tar) {
    append_tar_end(tar);
    return tar;
}

std::string error_of(const std::string& tar) {
    try {
        read_all(tar);
    } catch (const DataError& error) {
        return error.what();
    }
    return "";
}

bool says(const std::string& tar, const char* what) {
    const std::string message = error_of(tar);
    INFO(message);
    return message.find(what) != std::string::npos;
}

TEST_CASE("tar: what is written is read again") {
    const Members members = {{"a.json", ""},
                             {"b/c.jpg", std::string(512, 'x')},
                             {"d.txt", std::string(1025, '\0')},
                             {std::string(100, 'n'), "100"},
                             {std::string(101, 'n'), "101"},
                             {std::string(kMaxNameBytes, 'n'), "4096"},
                             {"caf\xC3\xA9.json", "{}"}};
    const std::string tar = archive(members);
    CHECK(tar.size() % kTarBlock == 0);
    CHECK(read_all(tar) == members);
    std::uint64_t bytes = 1024;
    for (const auto& [name, data] : members) bytes += tar_member_bytes(name, data.size());
    CHECK(bytes == tar.size());
}

TEST_CASE("tar: header of a plain member") {
    std::string out;
    append_tar_header(out, "a.jpg", 513);
    REQUIRE(out.size() == kTarBlock);
    CHECK(out.substr(0, 6) == std::string("a.jpg\0", 6));
    CHECK(out.substr(100, 8) == std::string("0000644\0", 8));
    CHECK(out.substr(124, 12) == std::string("00000001001\0", 12));
    CHECK(out.substr(136, 12) == std::string("00000000000\0", 12));
    CHECK(out.substr(257, 8) == std::string("ustar\00000", 8));
}

TEST_CASE("tar: sizes of 8 GiB and more go into a pax record") {
    for (const std::uint64_t size : {kMaxOctalSize, kMaxOctalSize + 1, std::uint64_t{1} << 40}) {
        std::string out;
        append_tar_header(out, "a.bin", size);
        CHECK(out.size() == (size > kMaxOctalSize ? 3 * kTarBlock : kTarBlock));
        MemorySource source(out);
        TarReader reader(source, "x.tar");
        TarEntry entry;
        REQUIRE(reader.next(entry));
        CHECK(entry.size == size);
    }
}

TEST_CASE("tar: bad names are neither written nor read") {
    for (const char* name : {"/etc/passwd", "../a.jpg", "a/../b.jpg", "a/..", ".."}) {
        CAPTURE(name);
        std::string out;
        CHECK_THROWS_AS(append_tar_header(out, name, 0), DataError);
        CHECK(!error_of(with_end(block(name, '0', 0))).empty());
        CHECK(!error_of(with_end(block(name, '5', 0))).empty());
    }
    std::string out;
    CHECK_THROWS_AS(append_tar_header(out, "", 0), DataError);
    CHECK_THROWS_AS(append_tar_header(out, std::string_view("a\0b", 3), 0), DataError);
    CHECK_THROWS_AS(append_tar_header(out, std::string(kMaxNameBytes + 1, 'n'), 0), DataError);
    CHECK(read_all(with_end(block("..a/b..c", '0', 0))).size() == 1);
}

TEST_CASE("tar: GNU long names, folders, prefix, pax") {
    const std::string name(300, 'g');
    const std::string gnu = block("././@LongLink", 'L', 301, kGnuMagic) + padded(name + '\0') +
                            block("g", '0', 2, kGnuMagic) + padded("hi");
    CHECK(read_all(with_end(gnu)) == Members{{name, "hi"}});

    CHECK(read_all(with_end(block("d/", '5', 0) + block("old/", '0', 0))).empty());

    std::string prefixed = block("b.txt", '0', 0);
    prefixed.replace(kTarPrefix.at, 3, "a/c");
    std::uint32_t sum = tar_checksum(prefixed);
    for (std::size_t i = 6; i-- > 0; sum >>= 3) {
        prefixed[kTarChecksum.at + i] = char('0' + (sum & 7));
    }
    CHECK(read_all(with_end(prefixed)) == Members{{"a/c/b.txt", ""}});

    const std::string pax = "20 mtime=1234567.89\n15 path=x/y.txt\n";
    CHECK(says(with_end(block("p", 'x', pax.size()) + padded(pax) + block("q", '0', 0)), "pax"));
    const std::string good = "20 mtime=1234567.89\n16 path=x/y.txt\n10 size=3\n";
    CHECK(read_all(with_end(block("p", 'x', good.size()) + padded(good) + block("q", '0', 0) +
                            padded("abc"))) == Members{{"x/y.txt", "abc"}});
    const std::string comment = "16 comment=hello\n";
    CHECK(says(with_end(block("p", 'g', comment.size()) + padded(comment)), "pax"));
    const std::string global = "17 comment=hello\n";
    CHECK(read_all(with_end(block("p", 'g', global.size()) + padded(global))).empty());
}

TEST_CASE("tar: what is refused") {
    for (const char type : {'1', '2', '3', '4', '6', 'S', 'K', 'D'}) {
        CHECK(says(with_end(block("a", type, 0)), "not a regular file"));
    }
    CHECK(says(with_end(block("a\nb", '2', 0)), "\"a\\x0ab\" is not a regular file (type \"2\")"));
    CHECK(says("", "is empty"));
    CHECK(says(std::string(2048, 'x'), "not a tar archive"));
    CHECK(says(with_end(block("d/", '5', 3) + padded("abc")), "has data"));
    CHECK(says(archive({{"a", "1"}}) + archive({{"b", "2"}}), "after the end"));
    const std::string global_path = "10 path=a\n";
    CHECK(says(with_end(block("p", 'g', 10) + padded(global_path)), "all members"));
    const std::string nul_path("12 path=a\0b\n", 12);
    CHECK(says(with_end(block("p", 'x', 12) + padded(nul_path) + block("q", '0', 0)), "NUL"));
    const std::string sparse = "22 GNU.sparse.major=1\n";
    CHECK(says(with_end(block("p", 'x', 22) + padded(sparse) + block("q", '0', 0)), "sparse"));
    CHECK(says(with_end(block("p", 'x', 2U << 20)), "1 MiB"));
    const std::string pax = "10 path=a\n";
    CHECK(says(with_end(block("p", 'x', 10) + padded(pax)), "without its member"));
}

TEST_CASE("tar: every cut is seen") {
    const std::string tar = archive({{"a.jpg", std::string(700, 'x')}, {"a.json", "{}"}});
    for (std::size_t n = 0; n < tar.size(); ++n) {
        CAPTURE(n);
        CHECK_THROWS_AS(read_all(tar.substr(0, n)), DataError);
    }
    // A frame may end between members, but not within one.
    CHECK(read_all(tar.substr(0, 512 * 5), TarEnd::kAnywhere).size() == 2);
    CHECK_THROWS_AS(read_all(tar.substr(0, 512 * 4), TarEnd::kAnywhere), DataError);
}

TEST_CASE("tar: every flipped bit of a header is seen") {
    const std::string tar = archive({{"a.json", "{}"}});
    for (std::size_t bit = 0; bit < 512 * 8; ++bit) {
        // NUL or space after the checksum, and a space for its first zero, are all the same.
        if (bit / 8 == 154 || bit / 8 == 155 || bit == 148 * 8 + 4) continue;
        CAPTURE(bit);
        std::string bad = tar;
        bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << (bit % 8)));
        CHECK_THROWS_AS(read_all(bad), DataError);
    }
}

TEST_CASE("tar: numbers in base 256") {
    std::string gnu = block("big", '0', 0, kGnuMagic);
    gnu.replace(kTarSize.at, 12, std::string("\x80\0\0\0\0\0\0\0\0\0\0\3", 12));
    std::uint32_t sum = tar_checksum(gnu);
    for (std::size_t i = 6; i-- > 0; sum >>= 3) gnu[kTarChecksum.at + i] = char('0' + (sum & 7));
    CHECK(read_all(with_end(gnu + padded("abc"))) == Members{{"big", "abc"}});
}

TEST_CASE("tar: a large member is not taken into memory beyond the limit") {
    std::string out;
    append_tar_header(out, "a.bin", std::uint64_t{1} << 50);
    MemorySource source(out);
    TarReader reader(source, "x.tar");
    TarEntry entry;
    REQUIRE(reader.next(entry));
    std::string bytes;
    CHECK_THROWS_AS(reader.read_all(bytes, 1 << 20), DataError);
    CHECK_THROWS_AS(reader.read_all(bytes, ~std::uint64_t{0}),
                    DataError);  // cut, not out of memory
}

}  // namespace
}  // namespace lip::shard
