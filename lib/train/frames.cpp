#include "train/frames.h"

#include "cli/error.h"
#include "cli/log.h"
#include "cli/values.h"
#include "record/keyed_rng.h"
#include "shard/list.h"
#include "shard/manifest.h"
#include "shard/stream.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <map>

namespace lip::train {

void from_text(std::string_view text, DataOperand& operand) {
    if (text == "-")
        throw cli::UsageError("standard input cannot be read again for the next epoch");
    const std::size_t equals = text.rfind('=');
    operand = {std::string(text.substr(0, equals)), 1};
    if (equals == text.npos) return;
    if (std::filesystem::exists(text)) {
        operand.shards = text;
        return;
    }
    const std::string number(text.substr(equals + 1));
    const auto [end, failed] =
        std::from_chars(number.data(), number.data() + number.size(), operand.weight);
    if (failed != std::errc() || end != number.data() + number.size() ||
        !std::isfinite(operand.weight) || operand.weight <= 0)
        throw cli::UsageError("'" + number + "' in '" + std::string(text) +
                              "' is not a weight (a number above 0)");
}

std::string to_text(const DataOperand& operand) {
    return operand.shards + (operand.weight == 1 ? "" : "=" + cli::real_text(operand.weight));
}

Frames::Frames(const std::vector<DataOperand>& operands) {
    for (const DataOperand& operand : operands) {
        const std::size_t first = frames_.size();
        for (const std::string& path : shard::expand_shards(operand.shards)) {
            const auto shard = static_cast<std::uint32_t>(names_.size());
            if (!std::filesystem::is_regular_file(path))
                throw cli::DataError(
                    path +
                    ": is not a regular file: a pipe cannot be read again for the next epoch");
            names_.push_back(path);
            readers_.push_back(shard::is_seekable_shard(path)
                                   ? std::make_unique<shard::ShardReader>(path)
                                   : nullptr);
            const std::size_t count = readers_.back() ? readers_.back()->frames() : 1;
            for (std::size_t i = 0; i < count; ++i)
                frames_.push_back({shard, static_cast<std::uint32_t>(i)});
        }
        if (frames_.size() == first) continue;
        if (!parts_.empty() && parts_.back().weight == operand.weight)
            parts_.back().count = frames_.size() - parts_.back().first;
        else
            parts_.push_back({first, frames_.size() - first, operand.weight});
    }
    if (frames_.empty()) throw cli::DataError("the shards hold no frames");
    for (std::size_t i = 0; i < frames_.size(); ++i) largest_ = std::max(largest_, bytes(i));
}

std::uint64_t Frames::bytes(std::size_t frame) const {
    const Frame at = frames_[frame];
    if (readers_[at.shard]) return readers_[at.shard]->frame_bytes(at.index);
    return std::filesystem::file_size(names_[at.shard]);
}

DataIdentity Frames::identity() const {
    DataIdentity data{.shards = names_.size(), .frames = frames_.size(), .bytes = 0, .hash = {}};
    std::vector<std::uint64_t> counts(names_.size()), sizes(names_.size());
    for (std::size_t i = 0; i < frames_.size(); ++i) {
        ++counts[frames_[i].shard];
        sizes[frames_[i].shard] += bytes(i);
    }
    std::string text;
    for (std::size_t i = 0; i < names_.size(); ++i) {
        data.bytes += sizes[i];
        text += std::filesystem::path(names_[i]).filename().string() + '\0' +
                std::to_string(counts[i]) + ' ' + std::to_string(sizes[i]) + '\n';
    }
    if (parts_.size() > 1)
        for (const Part& part : parts_)
            text += std::to_string(part.count) + '=' + std::to_string(part.weight) + '\n';
    char hash[17];
    std::snprintf(hash, sizeof hash, "%016llx",
                  static_cast<unsigned long long>(record::fnv1a64(text)));
    data.hash = hash;
    return data;
}

std::vector<shard::Sample> Frames::read(std::size_t frame) const {
    const Frame at = frames_[frame];
    if (readers_[at.shard]) return readers_[at.shard]->read_frame(at.index);
    std::vector<shard::Sample> samples;
    shard::ShardStream stream(names_[at.shard]);
    for (shard::Sample sample; stream.next(sample);) samples.push_back(std::move(sample));
    return samples;
}

std::uint64_t count_samples(const std::vector<DataOperand>& operands, bool may_read) {
    namespace fs = std::filesystem;
    std::map<fs::path, std::map<std::string, std::uint64_t>> manifests;  // by folder
    double total = 0;
    for (const DataOperand& operand : operands)
        for (const std::string& path : shard::expand_shards(operand.shards)) {
            const fs::path folder = fs::absolute(path).parent_path();
            if (!manifests.contains(folder)) {
                auto& known = manifests[folder];
                for (const shard::ShardInfo& info : shard::manifests_in(folder))
                    known[info.name] = info.samples;
            }
            const auto& known = manifests[folder];
            if (const auto found = known.find(fs::path(path).filename().string());
                found != known.end()) {
                total += operand.weight * static_cast<double>(found->second);
                continue;
            }
            if (!may_read) return 0;
            cli::info("counting the samples of " + path + " (it has no manifest)");
            const Frames frames({{path}});
            for (std::size_t i = 0; i < frames.size(); ++i)
                total += operand.weight * static_cast<double>(frames.read(i).size());
        }
    return static_cast<std::uint64_t>(total + 0.5);
}

}  // namespace lip::train
