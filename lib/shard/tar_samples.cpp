#include "shard/tar_samples.h"

#include "cli/error.h"
#include "shard/tar.h"

#include <algorithm>
#include <utility>

namespace lip::shard {

TarSamples::TarSamples(ByteSource& source, std::string label, TarEnd end)
    : tar_(source, label, end), label_(std::move(label)) {}

// Goes to the next member that belongs to a sample.
bool TarSamples::next_member() {
    while (tar_.next(entry_)) {
        name_ = split_member_name(entry_.name);
        const bool note =
            entry_.name.starts_with("__") && entry_.name.find("__/", 2) != std::string::npos;
        if (!name_.stem.empty() && !name_.ext.empty() && !note && !is_litter(entry_.name))
            return true;
        ++ignored_members_;
    }
    return false;
}

bool TarSamples::next(Sample& sample) {
    sample.key.clear();
    sample.members.clear();
    if (!have_entry_) have_entry_ = next_member();
    if (!have_entry_) return false;
    const std::string stem(name_.stem);
    sample.key = key_of_stem(stem);
    std::uint64_t bytes = 0;
    while (have_entry_ && name_.stem == stem) {
        take_member(sample, bytes);
        have_entry_ = next_member();
    }
    return true;
}

void TarSamples::leave_out_bad_members() {
    leaves_out_ = true;
    tar_.leave_out_bad_members();
}

// Why the member at hand cannot be one of the sample, which has `bytes`; empty if it can.
std::string TarSamples::problem(const Sample& sample, std::uint64_t bytes) const {
    const bool twice = std::any_of(sample.members.begin(), sample.members.end(),
                                   [this](const Member& m) { return m.ext == name_.ext; });
    if (twice)
        return "member " + show_name(entry_.name) + " occurs twice (" + show_name(sample.key) + ")";
    if (bytes + entry_.size > kMaxSampleBytes || sample.members.size() == kMaxSampleMembers)
        return "sample has more than 1 GiB or 4096 members (" + show_name(sample.key) + ")";
    return {};
}

void TarSamples::take_member(Sample& sample, std::uint64_t& bytes) {
    if (const std::string why = problem(sample, bytes); !why.empty()) {
        if (!leaves_out_) throw cli::DataError(label_ + ": " + why);
        tar_.faults().push_back(why);
        return;
    }
    bytes += entry_.size;
    Member member{std::string(name_.ext), {}};
    tar_.read_all(member.bytes, kMaxSampleBytes);
    sample.members.push_back(std::move(member));
}

}  // namespace lip::shard
