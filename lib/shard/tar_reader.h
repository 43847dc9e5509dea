// TarReader: reads a tar archive from front to back and refuses what a data set has no use for.
#pragma once

#include "shard/source.h"
#include "shard/tar.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace lip::shard {

struct TarEntry {
    std::string name;
    std::uint64_t size = 0;  // bytes of data
};

// How an archive may end: with the two zero blocks, or (a frame of a shard) at a member's border.
enum class TarEnd { kBlocks, kAnywhere };

// Understands ustar, GNU long names and sizes, and the pax records path and size. Folders are
// passed over. Throws DataError, with the offset, for a wrong checksum, a bad name
// (member_name_problem), links, devices, sparse files, a cut archive, and for data after the end.
// Reads `source` to its end, so that a damaged tail is seen. Constant memory.
// Borrows `source`, which must outlive it. One thread at a time.
class TarReader {
public:
    // `label` names the archive in messages.
    TarReader(ByteSource& source, std::string label, TarEnd end = TarEnd::kBlocks);

    // From now on members that have no place in a data set (links, devices, sparse files, names
    // that lead elsewhere) are passed over, and faults() says which.
    void leave_out_bad_members() { leaves_out_ = true; }
    std::vector<std::string>& faults() { return faults_; }

    // Goes to the next regular file, passing over what is left of the one before.
    // False at the end of the archive.
    bool next(TarEntry& entry);

    // Up to n bytes of the member's data; 0 when all are read.
    std::size_t read(char* to, std::size_t n);
    // All (remaining) data of the member. Throws DataError if they are more than `limit`;
    // allocates only as bytes arrive.
    void read_all(std::string& out, std::uint64_t limit);

    // Bytes read so far.
    std::uint64_t offset() const { return offset_; }
    // The zero blocks were seen.
    bool ended() const { return ended_; }

private:
    struct Extra;  // what headers before the header said

    bool read_block();
    bool parse_header(TarEntry& entry, Extra& extra);
    void read_extra(char type, std::uint64_t size, Extra& extra);
    void read_pax(std::string_view records, bool global, Extra& extra);
    std::string block_name() const;
    std::uint64_t number(std::size_t at, std::size_t bytes, const char* what) const;
    void check_header() const;
    void finish_end();
    void skip_data();
    void read_exactly(char* to, std::size_t n);
    std::size_t pull(char* to, std::size_t n);
    [[noreturn]] void fail(const std::string& what) const;
    void refuse_member(const std::string& what);

    ByteSource& source_;
    std::string label_;
    TarEnd end_;
    std::string block_;           // the header at hand
    std::uint64_t offset_ = 0;    // bytes taken from the source
    std::uint64_t block_at_ = 0;  // where the header at hand began
    std::uint64_t left_ = 0;      // data of the member not read yet
    std::size_t padding_ = 0;     // zeros after them
    bool ended_ = false;
    bool done_ = false;
    bool leaves_out_ = false;
    std::vector<std::string> faults_;
};

}  // namespace lip::shard
