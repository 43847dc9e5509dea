#include "train/data.h"

#include "cli/log.h"
#include "cli/stop.h"
#include "image/decode.h"
#include "record/ordered.h"
#include "record/record.h"
#include "shard/sample_record.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>

namespace lip::train {
namespace {

constexpr std::size_t kJobSamples = 16;
constexpr std::size_t kMostReady = 8192;  // samples, 1.2 GB at 224 pixels
constexpr std::size_t kStopEvery = 256;   // samples

struct Job {
    std::size_t stream;  // among the rank's
    SampleRange range;
};

struct Ready {
    std::string key, place;
    std::vector<std::uint8_t> planes;  // [3, S, S]
    std::vector<model::TokenIds> texts;
    std::vector<bool> valid;
    std::vector<image::UnitBox> boxes;
    std::vector<model::TokenIds> phrases;  // of the boxes
    std::optional<cli::Reject> reject;
    bool no_text = false;
    std::size_t unsplit = 0, cut = 0, small_regions = 0;
    ReadPosition after;
    std::uint64_t epoch = 0, offset = 0;
};

// One sample made ready: pixels and token ids.
class Preparation {
public:
    Preparation(const DataSettings& settings, const text::Tokenizer& tokenizer)
        : settings_(settings), tokenizer_(tokenizer), sampler_(settings.sampler) {}

    Ready operator()(const MixedWindow& window, std::size_t offset) const {
        const shard::Sample& sample = window.samples[offset];
        Ready ready;
        ready.key = sample.key;
        ready.place = *window.origins[offset].shard;
        ready.epoch = window.origins[offset].epoch;
        ready.offset = offset;
        ready.after = {window.number, offset + 1};
        ready.reject = prepare(sample, ready.epoch, ready);
        return ready;
    }

private:
    std::optional<cli::Reject> prepare(const shard::Sample& sample, std::uint64_t epoch,
                                       Ready& ready) const {
        const auto choice = shard::find_picture(sample);
        if (!choice) return cli::Reject{"no-image", "the sample has no image member"};
        const shard::Member* picture = &sample.members[choice->member];
        auto record = shard::record_of(sample);
        if (!record) return record.reject();
        draw_texts(*record, epoch, ready);
        if (ready.no_text) return std::nullopt;
        if (settings_.regions.count > 0)
            if (auto reject = draw_boxes(*record, picture->bytes, epoch, ready)) return reject;
        return read_pixels(picture->bytes, settings_.pixels, settings_.seed, epoch, record->key,
                           ready.planes);
    }

    void draw_texts(const record::Record& record, std::uint64_t epoch, Ready& ready) const {
        Drawn drawn = sampler_.draw(record, settings_.seed, epoch);
        ready.no_text = drawn.texts.empty();
        ready.unsplit = drawn.unsplit;
        ready.valid = std::move(drawn.valid);
        for (std::size_t k = 0; k < drawn.texts.size(); ++k) {
            bool was_cut = false;
            ready.texts.push_back(
                tokenizer_.encode(drawn.texts[k], settings_.context_length, &was_cut));
            ready.cut += was_cut;
            for (std::size_t j = 0; j < k; ++j)
                if (ready.texts[j] == ready.texts[k]) ready.valid[k] = false;
        }
    }

    std::optional<cli::Reject> draw_boxes(const record::Record& record, std::string_view picture,
                                          std::uint64_t epoch, Ready& ready) const {
        if (record.regions.empty()) return std::nullopt;
        const auto header = image::read_header(picture);
        if (!header) return header.reject();
        const PixelSettings& pixels = settings_.pixels;
        const DrawnRegions drawn =
            draw_regions(record, header->width, header->height, static_cast<int>(pixels.image_size),
                         pixels.mode, settings_.regions, settings_.seed, epoch);
        ready.small_regions = drawn.too_small;
        for (const DrawnRegion& region : drawn.regions) {
            bool was_cut = false;
            ready.boxes.push_back(region.box);
            ready.phrases.push_back(
                tokenizer_.encode(region.text, settings_.regions.context_length, &was_cut));
            ready.cut += was_cut;
        }
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
        throw cli::UsageError(
            "--resume: --data differs from the data of the run, which had " + to_text(expected) +
            "; it has " + to_text(data) +
            " (give the same shards in the same order, in any folder; -f starts the run afresh)");
    return data;
}

}  // namespace

struct Loader::State {
    // A stream of this rank, and its samples that are ready or on their way.
    struct Stock {
        ReadStream stream;
        ReadPosition after, done;  // of the last sample, and of the last batch
        std::deque<Ready> ready = {};
        std::size_t under_way = 0;
        std::uint64_t last_good_epoch = 0;
    };

    DataSettings settings;
    Frames frames;
    DataIdentity identity;
    ReadPlan plan;
    Preparation prepare;

    std::mutex mutex;
    std::condition_variable changed;
    std::vector<Stock> stocks;
    bool stop = false;
    std::exception_ptr failure;
    std::thread thread;

    State(const DataSettings& s, const text::Tokenizer& tokenizer, const DataState& start)
        : settings(s),
          frames(s.shards),
          identity(checked_identity(frames, start.data)),
          plan(start.streams.empty()
                   ? plan_streams(frames, s.batch_size, s.ranks)
                   : plan_streams(frames, static_cast<std::int64_t>(start.streams.size()))),
          prepare(s, tokenizer) {
        if (plan.streams % s.ranks != 0)
            throw cli::UsageError(
                "the run reads its data in " + std::to_string(plan.streams) +
                " read streams (lanes in state.json), which " + std::to_string(s.ranks) +
                " ranks cannot share evenly (use a number of ranks that divides it)");
        const std::int64_t own = plan.streams / s.ranks;
        for (std::int64_t i = s.rank * own; i < (s.rank + 1) * own; ++i) {
            const ReadPosition at =
                start.streams.empty() ? ReadPosition() : start.streams[static_cast<std::size_t>(i)];
            stocks.push_back(
                {.stream = ReadStream(frames, plan, i, s.seed, at), .after = at, .done = at});
        }
    }

    // Samples of each stream in a batch.
    std::size_t per_stream() const {
        return static_cast<std::size_t>(settings.batch_size / plan.streams);
    }

    // Samples that a stream keeps ready: four batches, but no more in all than kMostReady.
    std::size_t most_ready() const {
        return std::min(
            4 * per_stream(),
            std::max<std::size_t>(kMostReady / static_cast<std::size_t>(plan.streams), 1));
    }

    // The stream with the least in stock; null when all have enough.
    Stock* neediest() {
        const auto stock = [](const Stock& s) { return s.ready.size() + s.under_way; };
        const auto least = std::ranges::min_element(stocks, {}, stock);
        return stock(*least) < most_ready() ? &*least : nullptr;
    }

    std::optional<Job> produce() {
        Stock* stock = nullptr;
        {
            std::unique_lock lock(mutex);
            changed.wait(lock, [&] { return stop || (stock = neediest()); });
            if (stop) return std::nullopt;
        }
        Job job{static_cast<std::size_t>(stock - stocks.data()),
                stock->stream.next(std::min(kJobSamples, per_stream()))};
        const std::lock_guard lock(mutex);
        stock->under_way += job.range.end - job.range.begin;
        return job;
    }

    struct Done {
        std::size_t stream;
        std::vector<Ready> samples;
    };

    void run() {
        try {
            record::run_ordered<Job, Done>(
                settings.threads, [&] { return produce(); },
                [&](Job& job) {
                    Done done{job.stream, {}};
                    for (std::size_t i = job.range.begin; i < job.range.end; ++i)
                        done.samples.push_back(prepare(*job.range.window, i));
                    return done;
                },
                [&](Done& done) {
                    const std::lock_guard lock(mutex);
                    Stock& stock = stocks[done.stream];
                    stock.under_way -= done.samples.size();
                    std::ranges::move(done.samples, std::back_inserter(stock.ready));
                    changed.notify_all();
                });
        } catch (...) {
            const std::lock_guard lock(mutex);
            failure = std::current_exception();
            changed.notify_all();
        }
    }

    Ready pop(Stock& stock) {
        std::unique_lock lock(mutex);
        changed.wait(lock, [&] { return failure || !stock.ready.empty(); });
        if (stock.ready.empty()) std::rethrow_exception(failure);
        Ready ready = std::move(stock.ready.front());
        stock.ready.pop_front();
        changed.notify_all();
        return ready;
    }

    // The next sample of a stream that can be used; none where the process is to stop.
    std::optional<Ready> pop_good(Stock& stock, Batch& batch, record::ErrorLog& errors);
};

Loader::Loader(const DataSettings& settings, const text::Tokenizer& tokenizer,
               const DataState& start)
    : state_(std::make_unique<State>(settings, tokenizer, start)) {
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

std::vector<ReadPosition> Loader::positions() const {
    std::vector<ReadPosition> all;
    for (const State::Stock& stock : state_->stocks) all.push_back(stock.done);
    return all;
}

std::optional<Ready> Loader::State::pop_good(Stock& stock, Batch& batch, record::ErrorLog& errors) {
    // In a row; a stream that has seen eight times its share of the data will see no other.
    constexpr std::uint64_t kHopelessSamples = 10000, kHopelessImages = 100000;
    const std::uint64_t hopeless_epochs = 8 * static_cast<std::uint64_t>(plan.streams) + 1;
    constexpr std::uint64_t kPatience = 100;  // samples, before a wish to stop counts
    for (std::uint64_t bad = 1, without_text = 1;;) {
        if (settings.ranks == 1 && bad + without_text > kPatience && cli::stop_requested())
            return std::nullopt;
        Ready ready = pop(stock);
        errors.count_records(1);
        stock.after = ready.after;
        batch.unsplit += ready.unsplit;
        if (!ready.reject && !ready.no_text) {
            stock.last_good_epoch = ready.epoch;
            return ready;
        }
        const std::string why =
            ready.reject ? ready.reject->message
                         : "no caption that can be used (see --sources, --texts and --skip-flags)";
        if (ready.epoch > stock.last_good_epoch + hopeless_epochs ||
            without_text > kHopelessImages || bad > kHopelessSamples)
            throw cli::DataError("too many samples in a row cannot be used; the last is " +
                                 ready.key + ": " + why);
        if (ready.no_text) {
            ++batch.no_text;
            ++without_text;
            continue;
        }
        errors.report({ready.place, ready.offset + 1, 0, true, ready.key}, *ready.reject);
        ++batch.skipped;
        ++bad;
    }
}

namespace {

void add_regions(Ready& ready, std::int64_t image, BatchRegions& regions) {
    float* boxes = regions.boxes[image].mutable_data_ptr<float>();
    bool* valid = regions.valid[image].mutable_data_ptr<bool>();
    for (const image::UnitBox& box : ready.boxes) {
        boxes = std::ranges::transform(box, boxes, [](double side) {
                    return static_cast<float>(side);
                }).out;
        *valid++ = true;
    }
    std::ranges::move(ready.phrases, std::back_inserter(regions.phrases));
}

}  // namespace

Batch Loader::next(record::ErrorLog& errors) {
    State& state = *state_;
    const DataSettings& settings = state.settings;
    const std::int64_t count = settings.batch_size / settings.ranks,
                       slots = settings.sampler.texts_per_image, size = settings.pixels.image_size;
    Batch batch;
    batch.pixels = at::empty({count, 3, size, size}, at::TensorOptions(at::kByte));
    batch.valid = at::empty({count, slots}, at::TensorOptions(at::kBool));
    auto* pixels = batch.pixels.mutable_data_ptr<std::uint8_t>();
    auto* valid = batch.valid.mutable_data_ptr<bool>();
    const std::int64_t places = settings.regions.count;
    if (places > 0) {
        batch.regions.boxes = at::zeros({count, places, 4}, at::TensorOptions(at::kFloat));
        batch.regions.valid = at::zeros({count, places}, at::TensorOptions(at::kBool));
    }
    for (State::Stock& stock : state.stocks) {
        for (std::size_t i = 0; i < state.per_stream(); ++i) {
            // A wish to stop counts within a large batch, too; nothing of it has been used.
            if (settings.ranks == 1 && i % kStopEvery == kStopEvery - 1 && cli::stop_requested())
                return {};
            std::optional<Ready> found = state.pop_good(stock, batch, errors);
            if (!found) return {};
            Ready& ready = *found;
            pixels = std::ranges::copy(ready.planes, pixels).out;
            valid = std::ranges::copy(ready.valid, valid).out;
            std::ranges::move(ready.texts, std::back_inserter(batch.texts));
            if (places > 0) add_regions(ready, std::ssize(batch.keys), batch.regions);
            batch.draws.push_back(
                record::KeyedRng(settings.seed, ready.epoch, record::Stream::kNegatives, ready.key)
                    .next());
            batch.keys.push_back(std::move(ready.key));
            batch.epoch = ready.epoch;
            batch.cut += ready.cut;
            batch.small_regions += ready.small_regions;
        }
    }
    for (State::Stock& stock : state.stocks) stock.done = stock.after;
    return batch;
}

}  // namespace lip::train
