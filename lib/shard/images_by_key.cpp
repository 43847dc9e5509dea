#include "shard/images_by_key.h"

#include "cli/error.h"
#include "cli/log.h"
#include "shard/list.h"

#include <xxhash.h>

#include <algorithm>

namespace lip::shard {
namespace {

std::size_t bytes_of(const Sample& sample) {
    std::size_t bytes = sample.key.size();
    for (const Member& member : sample.members) bytes += member.bytes.size();
    return bytes;
}

std::uint64_t hash_of(std::string_view key) {
    return XXH3_64bits(key.data(), key.size());
}

std::optional<Member> image_of(Sample& sample) {
    const auto picture = find_picture(sample);
    if (!picture) return std::nullopt;
    return std::move(sample.members[picture->member]);
}

}  // namespace

ImagesByKey::ImagesByKey(const std::string& operand) : ImagesByKey(expand_shards(operand)) {}

ImagesByKey::ImagesByKey(std::vector<std::string> shards, std::size_t most_held)
    : most_held_(most_held),
      shards_(std::move(shards)),
      in_parquet_(!shards_.empty() && record::is_parquet(shards_[0])) {
    for (const std::string& path : shards_)
        if (record::is_parquet(path) != in_parquet_)
            throw cli::DataError(path + ": --images-from takes shards or Parquet files, not both");
}

ImagesByKey::Stream::Stream(const std::string& path, bool in_parquet) {
    if (in_parquet)
        pictures_.emplace(path);
    else
        shard_.emplace(path);
}

bool ImagesByKey::Stream::next(Sample& sample) {
    if (shard_) return shard_->next(sample);
    record::parquet::Table::Picture picture;
    if (!pictures_->next(picture)) return false;
    sample.key = std::move(picture.name);
    sample.members.clear();
    sample.members.push_back({"jpg", std::move(picture.bytes)});  // what it is shows by its bytes
    return true;
}

bool ImagesByKey::read(Sample& sample) {
    for (;;) {
        if (stream_ && stream_->next(sample)) return ++samples_read_, true;
        if (next_shard_ == shards_.size()) return false;
        stream_.emplace(shards_[next_shard_++], in_parquet_);
    }
}

void ImagesByKey::hold(Sample sample) {
    held_bytes_ += bytes_of(sample);
    held_.push_back(std::move(sample));
    // Without the keys nothing may be let go: the key asked for may be missing.
    while (keys_ && held_bytes_ > most_held_) {
        held_bytes_ -= bytes_of(held_.front());
        held_.pop_front();
    }
}

void ImagesByKey::read_keys() {
    cli::info(
        "reading the keys of the shards with images once more, because records and images are not "
        "in the same order");
    keys_.emplace();
    Sample sample;
    std::uint64_t number = 0;
    for (const std::string& shard : shards_)
        for (Stream stream(shard, in_parquet_); stream.next(sample);)
            keys_->push_back({hash_of(sample.key), number++});
    std::sort(keys_->begin(), keys_->end());
}

bool ImagesByKey::lies_ahead(std::string_view key) const {
    const std::uint64_t hash = hash_of(key);
    const auto at = std::lower_bound(keys_->begin(), keys_->end(), Position{hash, samples_read_});
    return at != keys_->end() && at->hash == hash;
}

std::optional<Member> ImagesByKey::find(std::string_view key) {
    const auto held = std::find_if(held_.begin(), held_.end(),
                                   [&](const Sample& sample) { return sample.key == key; });
    if (held != held_.end()) {
        auto image = image_of(*held);
        for (auto i = held_.begin(); i != held; ++i) held_bytes_ -= bytes_of(*i);
        held_.erase(held_.begin(), held + 1);
        if (held_.empty()) held_bytes_ = 0;
        return image;
    }
    Sample sample;
    for (;;) {
        if (held_bytes_ > most_held_ && !keys_) read_keys();
        if (keys_ && !lies_ahead(key)) return std::nullopt;
        if (!read(sample)) return std::nullopt;
        if (sample.key == key) {
            held_.clear();
            held_bytes_ = 0;
            return image_of(sample);
        }
        hold(std::move(sample));
    }
}

}  // namespace lip::shard
