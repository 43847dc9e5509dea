#include "train/preview.h"

#include "cli/error.h"
#include "cli/log.h"
#include "shard/sample_record.h"

#include <xxhash.h>

#include <algorithm>

namespace lip::train {
namespace {

constexpr std::size_t kMostFrames = 64;
constexpr std::uint64_t kSamples = 512;
constexpr double kMostCut = 0.95, kFewestPictures = 0.5;

std::string count_of(std::uint64_t part, std::uint64_t whole) {
    return std::to_string(part) + " of " + std::to_string(whole);
}

// ": the data have human:raw, joined:long"
std::string listing(const std::set<std::string>& sources) {
    std::string list;
    for (const std::string& source : sources) list += (list.empty() ? "" : ", ") + source;
    return list.empty() ? ": the data have no captions" : ": the data have " + list;
}

std::string as_given(const std::vector<SourceWeight>& sources) {
    std::string list;
    for (const SourceWeight& source : sources) list += (list.empty() ? "" : ",") + to_text(source);
    return list;
}

class Look {
public:
    Look(const DataSettings& data, const text::Tokenizer& tokenizer)
        : data_(data), tokenizer_(tokenizer), sampler_(data.sampler) {}

    void at(const shard::Sample& sample) {
        const auto picture = shard::find_picture(sample);
        const auto record = shard::record_of(sample);
        if (!picture || !record) return;
        ++seen_.samples;
        const std::string& bytes = sample.members[picture->member].bytes;
        hashes_.insert(XXH3_64bits(bytes.data(), bytes.size()));
        for (const record::Caption& caption : record->captions)
            seen_.sources.insert(caption.source + ":" + caption.form);
        const Drawn drawn = sampler_.draw(*record, data_.seed, /*epoch=*/0);
        seen_.without_text += drawn.texts.empty();
        for (const std::string& text : drawn.texts) {
            bool was_cut = false;
            tokenizer_.encode(text, data_.context_length, &was_cut);
            ++seen_.texts;
            seen_.cut += was_cut;
        }
    }

    Preview finish(bool is_all) {
        seen_.pictures = hashes_.size();
        seen_.is_all = is_all;
        return std::move(seen_);
    }

    std::uint64_t samples() const { return seen_.samples; }

private:
    const DataSettings& data_;
    const text::Tokenizer& tokenizer_;
    CaptionSampler sampler_;
    Preview seen_;
    std::set<std::uint64_t> hashes_;
};

}  // namespace

Preview preview(const DataSettings& data, const text::Tokenizer& tokenizer) {
    const Frames frames(data.shards);
    Look look(data, tokenizer);
    const std::size_t count = std::min(frames.size(), kMostFrames);
    // Far from each other: every eighth, then those behind them, and so on.
    constexpr std::size_t kStride = 8;
    std::size_t read = 0;
    for (std::size_t first = 0; first < kStride; ++first)
        for (std::size_t i = first; i < count && look.samples() < kSamples; i += kStride, ++read)
            for (const shard::Sample& sample : frames.read(i * frames.size() / count))
                look.at(sample);
    return look.finish(read == frames.size());
}

void warn_of_small_data(std::uint64_t samples) {
    cli::warn(
        "a batch holds more images than the data set: images become their own negatives "
        "(--batch-size " +
        std::to_string(samples) + " or less)");
}

void report(const Preview& seen, const DataSettings& data) {
    const std::string looked = "of the " + std::to_string(seen.samples) + " samples looked at";
    const auto batch = static_cast<std::uint64_t>(data.batch_size);
    if (batch == 1)
        cli::warn(
            "--batch-size 1: an image has no other to be told apart from, so that nothing is "
            "learnt (two at least)");
    if (seen.samples == 0) return;
    if (seen.without_text == seen.samples) {
        const auto& sources = data.sampler.pool.sources;
        const std::string why = (sources.empty() ? "no caption can be used (--texts, --skip-flags)"
                                                 : "--sources " + as_given(sources)) +
                                listing(seen.sources);
        if (seen.is_all) throw cli::UsageError(why);
        cli::warn(why + " (in the samples looked at)");
    }
    if (seen.texts > 0 &&
        static_cast<double>(seen.cut) > kMostCut * static_cast<double>(seen.texts))
        cli::warn(count_of(seen.cut, seen.texts) + " texts " + looked + " are truncated to " +
                  std::to_string(data.context_length) +
                  " tokens (--context-length takes more, --texts sentences takes parts)");
    if (seen.samples > 1 &&
        static_cast<double>(seen.pictures) <= kFewestPictures * static_cast<double>(seen.samples))
        cli::warn("only " + std::to_string(seen.pictures) + " different images are in the " +
                  std::to_string(seen.samples) +
                  " samples looked at: the captions of one image are told apart from each other "
                  "(recaption-ingest --group all puts them into one record)");
    if (seen.is_all && !seen.is_counted && batch > seen.samples) warn_of_small_data(seen.samples);
}

}  // namespace lip::train
