#include "shard/writer.h"

#include "shard/tar.h"

#include <zstd.h>

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

namespace lip::shard {
namespace {

constexpr int kImageLevel = 1;

const ShardOptions& checked(const ShardOptions& options) {
    if (options.level < 1 || options.level > ZSTD_maxCLevel()) {
        throw cli::UsageError("zstd has no level " + std::to_string(options.level) + ": 1 to " +
                              std::to_string(ZSTD_maxCLevel()) + " are allowed");
    }
    if (options.frame_bytes < 1 || options.frame_bytes > kMaxSampleBytes) {
        throw cli::UsageError("a frame has 1 byte to 1 GiB");
    }
    return options;
}

std::optional<cli::Reject> extension_problem(const Sample& sample) {
    for (auto member = sample.members.begin(); member != sample.members.end(); ++member) {
        const std::string_view problem = ext_problem(member->ext);
        if (!problem.empty()) {
            return cli::Reject{"bad-record", "extension " + show_name(member->ext) + " " +
                                                 std::string(problem) + " (" +
                                                 show_name(sample.key) + ")"};
        }
        const bool twice = std::any_of(sample.members.begin(), member, [&](const Member& other) {
            return other.ext == member->ext;
        });
        if (twice) {
            return cli::Reject{"bad-record", "two members " + show_name(member->ext) + " (" +
                                                 show_name(sample.key) + ")"};
        }
    }
    return std::nullopt;
}

// Why a sample cannot stand in any shard.
std::optional<cli::Reject> sample_problem(const Sample& sample) {
    if (const std::string_view problem = key_problem(sample.key); !problem.empty()) {
        return cli::Reject{"bad-record",
                           "key " + show_name(sample.key) + " " + std::string(problem)};
    }
    if (sample.members.empty() || sample.members.size() > kMaxSampleMembers) {
        return cli::Reject{"bad-record", "sample has " + std::to_string(sample.members.size()) +
                                             " members, 1 to 4096 are allowed (" + sample.key +
                                             ")"};
    }
    std::uint64_t bytes = 0;
    for (const Member& member : sample.members) bytes += member.bytes.size();
    if (bytes > kMaxSampleBytes) {
        return cli::Reject{"too-large", "sample of " + std::to_string(bytes) +
                                            " bytes, 1 GiB is allowed (" + show_name(sample.key) +
                                            ")"};
    }
    return extension_problem(sample);
}

}  // namespace

ShardWriter::ShardWriter(std::filesystem::path path, const ShardOptions& options)
    : options_(checked(options)),
      file_(path, options.replace),
      frames_([this](std::string_view bytes) { file_.write(bytes); }, options.threads) {
    info_.name = path.filename().string();
}

ShardWriter::ShardWriter(int fd, const ShardOptions& options)
    : options_(checked(options)),
      file_(fd, "-"),
      frames_([this](std::string_view bytes) { file_.write(bytes); }, options.threads) {
    info_.name = "-";
}

cli::Result<bool> ShardWriter::add(const Sample& sample) {
    if (std::optional<cli::Reject> reject = sample_problem(sample)) return std::move(*reject);
    if (!keys_.insert(sample.key)) {
        return cli::Reject{
            "duplicate-key",
            "the key occurred before in this shard (recaption-ingest --group all puts all rows "
            "of an image into one record)"};
    }
    std::uint64_t bytes = 0;
    for (const Member& member : sample.members) {
        bytes += tar_member_bytes(member_name(sample.key, member.ext), member.bytes.size());
    }
    if (!frames_.frame().empty() && frames_.frame().size() + bytes > options_.frame_bytes)
        end_frame();
    for (const Member& member : sample.members) {
        append_tar_member(frames_.frame(), member_name(sample.key, member.ext), member.bytes);
        frame_has_images_ = frame_has_images_ || is_image_ext(member.ext);
    }
    tar_bytes_ += bytes;
    if (info_.samples == 0) info_.first = sample.key;
    info_.last = sample.key;
    ++info_.samples;
    return true;
}

void ShardWriter::end_frame() {
    frames_.end_frame(frame_has_images_ ? kImageLevel : options_.level);
    frame_has_images_ = false;
}

ShardInfo ShardWriter::close() {
    append_tar_end(frames_.frame());
    end_frame();
    frames_.finish();
    info_.bytes = file_.bytes();
    info_.frames = frames_.frames();
    info_.xxh64 = file_.xxh64();
    file_.commit();
    return info_;
}

}  // namespace lip::shard
