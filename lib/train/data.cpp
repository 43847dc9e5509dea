#include "train/data.h"

#include "cli/log.h"
#include "image/decode.h"
#include "image/geometry.h"
#include "image/normalize.h"
#include "image/resize.h"
#include "record/ordered.h"
#include "record/record.h"
#include "shard/list.h"
#include "shard/manifest.h"
#include "shard/order.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <thread>

namespace lip::train {
namespace {

constexpr std::uint64_t kSampleSalt = 2;
constexpr std::size_t kJobSamples = 16;

// The samples of a window in memory, and the order in which they are used.
struct MixedWindow {
    std::vector<shard::Sample> samples;
    std::vector<std::string> shards;  // by sample: for messages
    std::uint64_t epoch = 0, index = 0;
    std::uint64_t seed = 0;
    bool last_of_epoch = false;

    std::size_t at(std::size_t offset) const {
        return static_cast<std::size_t>(
            shard::Permutation(samples.size(), seed, epoch, kSampleSalt + index)(offset));
    }
};

struct Job {
    std::shared_ptr<const MixedWindow> window;
    std::size_t begin, end;  // offsets
};

struct Ready {
    std::string key, place;
    std::vector<std::uint8_t> planes;  // [3, S, S]
    std::vector<model::TokenIds> texts;
    std::vector<bool> valid;
    std::optional<cli::Reject> reject;
    bool no_text = false;
    std::size_t unsplit = 0;
    Position after;
    std::uint64_t offset = 0;
};

// Walks windows and epochs; one thread at a time.
class Walk {
public:
    Walk(const Frames& frames, std::uint64_t seed, Position start)
        : frames_(frames),
          seed_(seed),
          next_(start),
          windows_(windows_of_epoch(frames, seed, start.epoch)) {
        if (next_.window > windows_.size())
            throw cli::DataError(
                "the checkpoint stands behind the end of the data: have the shards changed?");
    }

    Job next() {
        while (!window_ || next_.offset >= window_->samples.size()) {
            if (window_) ++next_.window, next_.offset = 0;
            if (next_.window >= windows_.size()) {
                ++next_.epoch;
                next_.window = 0;
                windows_ = windows_of_epoch(frames_, seed_, next_.epoch);
            }
            window_ = load();
        }
        const auto begin = static_cast<std::size_t>(next_.offset);
        const std::size_t end = std::min(begin + kJobSamples, window_->samples.size());
        next_.offset = end;
        return {window_, begin, end};
    }

private:
    std::shared_ptr<const MixedWindow> load() const {
        auto window = std::make_shared<MixedWindow>();
        window->epoch = next_.epoch;
        window->index = next_.window;
        window->seed = seed_;
        window->last_of_epoch = next_.window + 1 == windows_.size();
        for (const std::size_t frame : windows_[next_.window].frames) {
            auto samples = frames_.read(frame);
            window->shards.insert(window->shards.end(), samples.size(), frames_.shard_name(frame));
            std::move(samples.begin(), samples.end(), std::back_inserter(window->samples));
        }
        return window;
    }

    const Frames& frames_;
    std::uint64_t seed_;
    Position next_;
    std::vector<Window> windows_;
    std::shared_ptr<const MixedWindow> window_;
};

// One sample made ready: pixels and token ids.
class Preparation {
public:
    Preparation(const DataSettings& settings, const text::Tokenizer& tokenizer)
        : settings_(settings), tokenizer_(tokenizer), sampler_(settings.sampler) {}

    Ready operator()(const MixedWindow& window, std::size_t offset) const {
        const std::size_t i = window.at(offset);
        const shard::Sample& sample = window.samples[i];
        Ready ready;
        ready.key = sample.key;
        ready.place = window.shards[i];
        ready.offset = offset;
        const bool ends_window = offset + 1 == window.samples.size();
        ready.after = !ends_window           ? Position{window.epoch, window.index, offset + 1}
                      : window.last_of_epoch ? Position{window.epoch + 1, 0, 0}
                                             : Position{window.epoch, window.index + 1, 0};
        ready.reject = prepare(sample, window.epoch, ready);
        return ready;
    }

private:
    std::optional<cli::Reject> prepare(const shard::Sample& sample, std::uint64_t epoch,
                                       Ready& ready) const {
        const shard::Member* json = nullptr;
        const shard::Member* picture = nullptr;
        for (const shard::Member& member : sample.members) {
            if (member.ext == "json") json = &member;
            if (!picture && shard::is_image_ext(member.ext)) picture = &member;
        }
        if (!json) return cli::Reject{"bad-record", "the sample has no .json member"};
        if (!picture) return cli::Reject{"no-image", "the sample has no image member"};
        auto record = record::parse_record(json->bytes);
        if (!record) return record.reject();
        draw_texts(*record, epoch, ready);
        if (ready.no_text) return std::nullopt;
        return cut_image(picture->bytes, record->key, epoch, ready);
    }

    void draw_texts(const record::Record& record, std::uint64_t epoch, Ready& ready) const {
        Drawn drawn = sampler_.draw(record, settings_.seed, epoch);
        ready.no_text = drawn.texts.empty();
        ready.unsplit = drawn.unsplit;
        ready.valid = std::move(drawn.valid);
        for (std::size_t k = 0; k < drawn.texts.size(); ++k) {
            ready.texts.push_back(tokenizer_.encode(drawn.texts[k], settings_.context_length));
            for (std::size_t j = 0; j < k; ++j)
                if (ready.texts[j] == ready.texts[k]) ready.valid[k] = false;
        }
    }

    std::optional<cli::Reject> cut_image(std::string_view bytes, const std::string& key,
                                         std::uint64_t epoch, Ready& ready) const {
        const int size = static_cast<int>(settings_.image_size);
        // Random crops keep most of the area, so the scaled picture still has every pixel that
        // counts.
        auto picture =
            image::decode(bytes, {.apply_orientation = false, .min_short_side = 2 * size});
        if (!picture) return picture.reject();
        const auto filter = settings_.bilinear ? image::Filter::kBilinear : image::Filter::kBicubic;
        image::Image square;
        if (settings_.augment == Augment::kCrop) {
            record::KeyedRng rng(settings_.seed, epoch, record::Stream::kAugmentation, key);
            const image::CropRange range{.min_area = settings_.crop_scale};
            const image::Box box =
                image::random_resized_crop(picture->width, picture->height, range, rng);
            square = image::resize_crop(*picture, box, size, size, filter);
        } else {
            const auto mode =
                settings_.squash ? image::ResizeMode::kSquash : image::ResizeMode::kShortest;
            square = image::preprocess(*picture, {.size = size, .mode = mode, .filter = filter});
        }
        ready.planes.resize(square.rgb.size());
        image::to_planar_bytes(square, ready.planes.data());
        return std::nullopt;
    }

    DataSettings settings_;
    const text::Tokenizer& tokenizer_;
    CaptionSampler sampler_;
};

std::string to_text(const DataIdentity& data) {
    return std::to_string(data.shards) + " shards with " + std::to_string(data.frames) +
           " frames and " + std::to_string(data.bytes) + " bytes";
}

DataIdentity checked_identity(const Frames& frames, const DataIdentity& expected) {
    DataIdentity data = frames.identity();
    if (!expected.hash.empty() && data.hash != expected.hash)
        throw cli::UsageError("--resume: --data are not the data of the run, which had " +
                              to_text(expected) + "; these are " + to_text(data) +
                              " (the same shards in the same order are needed, in any folder)");
    return data;
}

}  // namespace

struct Loader::State {
    DataSettings settings;
    Frames frames;
    DataIdentity identity;
    Walk walk;
    Preparation prepare;

    std::mutex mutex;
    std::condition_variable changed;
    std::deque<Ready> queue;
    bool stop = false;
    std::exception_ptr failure;
    std::thread thread;
    std::uint64_t bad_in_a_row = 0, last_good_epoch;

    State(const DataSettings& s, const text::Tokenizer& tokenizer, Position start,
          const DataIdentity& expected)
        : settings(s),
          frames(s.shards),
          identity(checked_identity(frames, expected)),
          walk(frames, s.seed, start),
          prepare(s, tokenizer),
          last_good_epoch(start.epoch) {}

    void run() {
        const auto most = static_cast<std::size_t>(4 * settings.batch_size);
        try {
            record::run_ordered<Job, std::vector<Ready>>(
                settings.threads,
                [&]() -> std::optional<Job> {
                    {
                        std::unique_lock lock(mutex);
                        changed.wait(lock, [&] { return stop || queue.size() < most; });
                        if (stop) return std::nullopt;
                    }
                    return walk.next();
                },
                [&](Job& job) {
                    std::vector<Ready> done;
                    for (std::size_t i = job.begin; i < job.end; ++i)
                        done.push_back(prepare(*job.window, i));
                    return done;
                },
                [&](std::vector<Ready>& done) {
                    const std::lock_guard lock(mutex);
                    std::move(done.begin(), done.end(), std::back_inserter(queue));
                    changed.notify_all();
                });
        } catch (...) {
            const std::lock_guard lock(mutex);
            failure = std::current_exception();
            changed.notify_all();
        }
    }

    Ready pop() {
        std::unique_lock lock(mutex);
        changed.wait(lock, [&] { return failure || !queue.empty(); });
        if (queue.empty()) std::rethrow_exception(failure);
        Ready ready = std::move(queue.front());
        queue.pop_front();
        changed.notify_all();
        return ready;
    }
};

Loader::Loader(const DataSettings& settings, const text::Tokenizer& tokenizer, Position start,
               const DataIdentity& expected)
    : state_(std::make_unique<State>(settings, tokenizer, start, expected)) {
    state_->thread = std::thread([state = state_.get()] { state->run(); });
}

Loader::~Loader() {
    {
        const std::lock_guard lock(state_->mutex);
        state_->stop = true;
        state_->changed.notify_all();
    }
    state_->thread.join();
}

const DataIdentity& Loader::identity() const {
    return state_->identity;
}

Batch Loader::next(record::ErrorLog& errors) {
    constexpr std::uint64_t kHopeless = 10000;  // bad samples in a row
    const auto& settings = state_->settings;
    const std::int64_t count = settings.batch_size, slots = settings.sampler.texts_per_image,
                       size = settings.image_size;
    Batch batch;
    batch.pixels = at::empty({count, 3, size, size}, at::TensorOptions(at::kByte));
    batch.valid = at::empty({count, slots}, at::TensorOptions(at::kBool));
    auto* const valid = batch.valid.mutable_data_ptr<bool>();
    for (std::int64_t i = 0; i < count;) {
        Ready ready = state_->pop();
        errors.count_records(1);
        batch.after = ready.after;
        batch.unsplit += ready.unsplit;
        if (!ready.reject && !ready.no_text) {
            state_->last_good_epoch = ready.after.epoch;
        } else if (ready.after.epoch > state_->last_good_epoch + 1) {
            throw cli::DataError(
                "no sample of a whole epoch can be used; the last, " + ready.key + ": " +
                (ready.reject ? ready.reject->message
                              : "no caption (see --sources, --texts and --skip-flags)"));
        }
        if (ready.no_text) {
            ++batch.no_text;
            continue;
        }
        if (ready.reject) {
            errors.report({ready.place, ready.offset + 1, 0, true, ready.key}, *ready.reject);
            if (++state_->bad_in_a_row >= kHopeless)
                throw cli::DataError("10000 samples in a row could not be used; the last: " +
                                     ready.reject->message);
            continue;
        }
        state_->bad_in_a_row = 0;
        std::memcpy(batch.pixels[i].mutable_data_ptr(), ready.planes.data(), ready.planes.size());
        std::copy(ready.valid.begin(), ready.valid.end(), valid + i * slots);
        std::move(ready.texts.begin(), ready.texts.end(), std::back_inserter(batch.texts));
        batch.keys.push_back(std::move(ready.key));
        ++i;
    }
    return batch;
}

std::uint64_t count_samples(const std::vector<std::string>& operands) {
    namespace fs = std::filesystem;
    std::map<fs::path, std::map<std::string, std::uint64_t>> manifests;  // by folder
    std::uint64_t total = 0;
    for (const std::string& operand : operands)
        for (const std::string& path : shard::expand_shards(operand)) {
            const fs::path folder = fs::absolute(path).parent_path();
            if (!manifests.contains(folder)) {
                auto& known = manifests[folder];
                for (const auto& entry : fs::directory_iterator(folder))
                    if (entry.path().string().ends_with(".manifest.jsonl"))
                        for (const shard::ShardInfo& info : shard::read_manifest(entry.path()))
                            known[info.name] = info.samples;
            }
            const auto& known = manifests[folder];
            if (const auto found = known.find(fs::path(path).filename().string());
                found != known.end()) {
                total += found->second;
                continue;
            }
            cli::info("counting the samples of " + path + " (no manifest beside it)");
            const Frames frames({path});
            for (std::size_t i = 0; i < frames.size(); ++i) total += frames.read(i).size();
        }
    return total;
}

}  // namespace lip::train
