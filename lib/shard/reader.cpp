#include "shard/reader.h"

#include "cli/error.h"

#include <utility>

namespace lip::shard {
namespace {

TarEnd frame_end(bool is_last) {
    return is_last ? TarEnd::kBlocks : TarEnd::kAnywhere;
}

}  // namespace

FrameSamples::FrameSamples(std::string_view content, std::string label, bool is_last)
    : source_(content),
      label_(std::move(label)),
      is_last_(is_last),
      samples_(source_, label_, frame_end(is_last)) {}

bool FrameSamples::next(Sample& sample) {
    if (samples_.next(sample)) return true;
    if (samples_.ended() && !is_last_) {
        throw cli::DataError(label_ + ": ends the archive, but more frames follow");
    }
    return false;
}

ShardReader::ShardReader(const std::filesystem::path& path)
    : frames_(File::open(path)), counts_(frames_.frames()) {
    if (frames() == 0)
        throw cli::DataError(name() + ": has no frame: it is not a shard of this tool");
}

std::vector<Sample> ShardReader::read_frame(std::size_t i) const {
    const std::string content = frames_.read_frame(i);
    FrameSamples frame(content, name() + ": frame " + std::to_string(i), i + 1 == frames());
    std::vector<Sample> samples;
    Sample sample;
    while (frame.next(sample)) samples.push_back(std::move(sample));
    counts_[i].store(static_cast<std::uint32_t>(samples.size() + 1), std::memory_order_relaxed);
    return samples;
}

std::size_t ShardReader::frame_samples(std::size_t i) const {
    const std::uint32_t known = counts_[i].load(std::memory_order_relaxed);
    return known > 0 ? known - 1 : read_frame(i).size();
}

bool is_seekable_shard(const std::filesystem::path& path) {
    std::error_code error;
    return std::filesystem::is_regular_file(path, error) && has_seek_table(File::open(path));
}

}  // namespace lip::shard
