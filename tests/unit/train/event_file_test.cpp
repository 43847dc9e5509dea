// Files for TensorBoard: sums, frames, what a resumed run cuts off. tests/peers/event_file.py reads
// them with TensorBoard.
#include "train/event_file.h"

#include "record/file.h"
#include "tests/unit/shard/temp_folder.h"

#include <doctest/doctest.h>

#include <cmath>
#include <vector>

using namespace lip;
namespace fs = std::filesystem;

namespace {

constexpr const char* kFirst = "events.out.tfevents.00000000.train";
constexpr const char* kAfter2 = "events.out.tfevents.00000002.train";

// Lengths of the frames, one after the other, with what stands in them.
std::vector<std::string> events_in(const fs::path& path) {
    const std::string content = record::read_file(path.string());
    std::vector<std::string> events;
    for (std::size_t at = 0; at < content.size();) {
        REQUIRE(content.size() - at >= 16);
        const std::size_t length = static_cast<unsigned char>(content[at]) +
                                   256 * static_cast<unsigned char>(content[at + 1]);
        REQUIRE(content.size() - at >= 16 + length);
        events.push_back(content.substr(at + 12, length));
        at += 16 + length;
    }
    return events;
}

void write_steps(const fs::path& folder, std::int64_t after, std::int64_t last) {
    train::EventFile file(folder, after, 1000);
    for (std::int64_t step = after + 1; step <= last; ++step)
        file.append(step, 1000 + step, {{"loss", 0.5 * static_cast<double>(step)}});
}

}  // namespace

TEST_CASE("event file: CRC-32C as RFC 3720 has it, and its masked form") {
    CHECK(train::crc32c("123456789") == 0xE3069283U);
    CHECK(train::crc32c(std::string(32, '\0')) == 0x8A9136AAU);
    CHECK(train::crc32c(std::string(32, '\xff')) == 0x62A8AB43U);
    CHECK(train::crc32c("") == 0);
    CHECK(train::masked_crc32c("") == 0xA282EAD8U);
}

TEST_CASE("event file: the bytes of an event") {
    const shard::TempFolder folder;
    write_steps(folder.path(), 0, 1);
    const auto events = events_in(folder.path() / kFirst);
    REQUIRE(events.size() == 2);
    using namespace std::string_literals;
    CHECK(events[0] ==
          "\x09\0\0\0\0\0\x40\x8f\x40\x10\0\x1a\x0d"
          "brain.Event:2"s);
    CHECK(events[1] ==
          "\x09\0\0\0\0\0\x48\x8f\x40\x10\x01\x2a\x13\x0a\x11\x0a\x0a"
          "train/loss\x15\0\0\0\x3f"s);
}

TEST_CASE("event file: a run that goes on cuts later steps of earlier parts") {
    const shard::TempFolder folder;
    write_steps(folder.path(), 0, 300);
    const std::string whole = record::read_file((folder.path() / kFirst).string());
    write_steps(folder.path(), 2, 4);
    const auto first = events_in(folder.path() / kFirst),
               second = events_in(folder.path() / kAfter2);
    CHECK(first.size() == 3);   // version, 1, 2
    CHECK(second.size() == 4);  // version, start, 3, 4
    CHECK(whole.starts_with(record::read_file((folder.path() / kFirst).string())));

    SUBCASE("again after the same step") {
        write_steps(folder.path(), 2, 5);
        CHECK(events_in(folder.path() / kAfter2).size() == 5);
    }
    SUBCASE("after an earlier step: the later part goes") {
        write_steps(folder.path(), 1, 2);
        CHECK(events_in(folder.path() / kFirst).size() == 2);
        CHECK_FALSE(fs::exists(folder.path() / kAfter2));
    }
    SUBCASE("files of others stay") {
        record::write_file((folder.path() / "events.out.tfevents.1.host").string(), "x", false);
        write_steps(folder.path(), 1, 2);
        CHECK(fs::exists(folder.path() / "events.out.tfevents.1.host"));
    }
}

TEST_CASE("event file: what a killed run left half-written is cut off") {
    for (const std::size_t cut : {std::size_t{1}, std::size_t{8}, std::size_t{30}}) {
        const shard::TempFolder folder;
        write_steps(folder.path(), 0, 3);
        const fs::path file = folder.path() / kFirst;
        fs::resize_file(file, fs::file_size(file) - cut);
        write_steps(folder.path(), 8, 8);
        CHECK(events_in(file).size() == 3);
    }
}

TEST_CASE("event file: damage ends the file where it is") {
    const shard::TempFolder folder;
    write_steps(folder.path(), 0, 3);
    const fs::path file = folder.path() / kFirst;
    std::string bytes = record::read_file(file.string());
    const std::size_t size_of_one = events_in(file)[1].size() + 16;
    SUBCASE("in an event") {
        bytes[bytes.size() - 2 * size_of_one + 20] ^= 1;
    }
    SUBCASE("in a length") {
        bytes[bytes.size() - 2 * size_of_one + 7] ^= 0x40;
    }
    record::write_file(file.string(), bytes, true);
    write_steps(folder.path(), 8, 8);
    CHECK(events_in(file).size() == 2);
}
