#include "shard/seek_table.h"

#include "cli/error.h"

#include <array>
#include <cassert>

namespace lip::shard {
namespace {

constexpr std::uint32_t kSkippableMagic = 0x184D2A5E;
constexpr std::uint32_t kSeekableMagic = 0x8F92EAB1;
constexpr std::uint64_t kHeaderBytes = 8;  // skippable magic, length of what follows
constexpr std::uint64_t kFooterBytes = 9;  // frames, descriptor, seekable magic
constexpr unsigned kChecksumFlag = 0x80;
constexpr unsigned kReservedBits = 0x7C;

void append32(std::string& out, std::uint32_t value) {
    for (int shift = 0; shift < 32; shift += 8) {
        out += static_cast<char>(static_cast<unsigned char>(value >> shift));
    }
}

[[noreturn]] void fail(const File& file, const std::string& what) {
    throw cli::DataError(file.name() + ": " + what);
}

std::array<char, kFooterBytes> read_footer(const File& file, std::uint64_t size) {
    std::array<char, kFooterBytes> footer;
    file.read_at(footer.data(), kFooterBytes, size - kFooterBytes);
    return footer;
}

// Entries as they stand in the file, lengths summed up; `sum` is theirs.
std::vector<FrameEntry> parse_entries(const std::string& bytes, std::size_t entry_bytes,
                                      std::uint64_t& sum) {
    std::vector<FrameEntry> frames;
    frames.reserve(bytes.size() / entry_bytes);
    for (std::size_t at = 0; at < bytes.size(); at += entry_bytes) {
        const char* entry = bytes.data() + at;
        frames.push_back(
            {load32(entry), load32(entry + 4), entry_bytes == 12 ? load32(entry + 8) : 0});
        sum += frames.back().packed;
    }
    return frames;
}

}  // namespace

std::uint32_t load32(const char* bytes) {
    std::uint32_t value = 0;
    for (int i = 3; i >= 0; --i) value = (value << 8) | static_cast<unsigned char>(bytes[i]);
    return value;
}

std::string encode_seek_table(const SeekTable& table) {
    assert(table.has_checksums);
    std::string out;
    append32(out, kSkippableMagic);
    append32(out, static_cast<std::uint32_t>(table.frames.size() * 12 + kFooterBytes));
    for (const FrameEntry& frame : table.frames) {
        append32(out, frame.packed);
        append32(out, frame.bytes);
        append32(out, frame.checksum);
    }
    append32(out, static_cast<std::uint32_t>(table.frames.size()));
    out += static_cast<char>(kChecksumFlag);
    append32(out, kSeekableMagic);
    return out;
}

bool has_seek_table(const File& file) {
    const std::uint64_t size = file.size();
    if (size < kHeaderBytes + kFooterBytes) return false;
    return load32(read_footer(file, size).data() + 5) == kSeekableMagic;
}

SeekTable read_seek_table(const File& file) {
    const std::uint64_t size = file.size();
    if (!has_seek_table(file)) {
        fail(file, "no seek table at the end: the file is truncated or is not a seekable shard");
    }
    const std::array<char, kFooterBytes> footer = read_footer(file, size);
    const std::uint64_t count = load32(footer.data());
    const unsigned descriptor = static_cast<unsigned char>(footer[4]);
    if ((descriptor & kReservedBits) != 0) fail(file, "seek table of an unknown version");
    const std::size_t entry_bytes = (descriptor & kChecksumFlag) != 0 ? 12 : 8;
    const std::uint64_t table_bytes = kHeaderBytes + count * entry_bytes + kFooterBytes;
    if (table_bytes > size) {
        fail(file, "seek table names " + std::to_string(count) +
                       " frames, more than the file can hold: it is damaged");
    }
    std::array<char, kHeaderBytes> header;
    file.read_at(header.data(), kHeaderBytes, size - table_bytes);
    if (load32(header.data()) != kSkippableMagic ||
        load32(header.data() + 4) != table_bytes - kHeaderBytes) {
        fail(file, "seek table does not begin where its length says: the file is damaged");
    }
    std::string entries(static_cast<std::size_t>(count * entry_bytes), '\0');
    file.read_at(entries.data(), entries.size(), size - table_bytes + kHeaderBytes);
    std::uint64_t sum = 0;
    SeekTable table{parse_entries(entries, entry_bytes, sum), entry_bytes == 12};
    if (sum != size - table_bytes) {
        fail(file, "seek table speaks of " + std::to_string(sum) +
                       " bytes of frames, the file has " + std::to_string(size - table_bytes) +
                       ": it is damaged or two files in one");
    }
    return table;
}

}  // namespace lip::shard
