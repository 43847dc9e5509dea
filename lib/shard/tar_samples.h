// TarSamples: the samples of a tar archive, one after the other.
#pragma once

#include "shard/sample.h"
#include "shard/tar_reader.h"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace lip::shard {

// Members in a row whose names have the same stem are one sample. Members of no sample
// (split_member_name) are passed over and counted, as are webdataset's notes "__NAME__/…".
// Memory: one sample. Borrows `source`, which must outlive it. One thread at a time.
class TarSamples {
public:
    TarSamples(ByteSource& source, std::string label, TarEnd end = TarEnd::kBlocks);
    TarSamples(const TarSamples&) = delete;
    TarSamples& operator=(const TarSamples&) = delete;

    // From now on a member that cannot be used costs itself alone: links and bad names
    // (TarReader), the second of one name, what is too large. faults() says which since the last
    // call.
    void leave_out_bad_members();
    std::vector<std::string> faults() { return std::exchange(tar_.faults(), {}); }

    // False at the end. Throws DataError as TarReader does, and for a sample with two members of
    // one extension, or larger than kMaxSampleBytes or kMaxSampleMembers.
    bool next(Sample& sample);

    std::uint64_t ignored_members() const { return ignored_members_; }
    // The end-of-archive blocks were seen.
    bool ended() const { return tar_.ended(); }
    // Bytes of tar read so far.
    std::uint64_t offset() const { return tar_.offset(); }

private:
    bool next_member();
    void take_member(Sample& sample, std::uint64_t& bytes);
    std::string problem(const Sample& sample, std::uint64_t bytes) const;

    TarReader tar_;
    std::string label_;
    TarEntry entry_;  // the member that begins the next sample
    MemberName name_;
    bool have_entry_ = false;
    std::uint64_t ignored_members_ = 0;
    bool leaves_out_ = false;
};

}  // namespace lip::shard
