// The loader: images without a text, captions that were never split, data that changed, threads.
#include "train/data.h"

#include "cli/error.h"
#include "cli/values.h"
#include "image/encode.h"
#include "tests/support/letter_model.h"
#include "tests/unit/record/quiet.h"
#include "tests/unit/shard/samples.h"
#include "tests/unit/shard/temp_folder.h"

#include <ATen/ATen.h>
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <map>
#include <set>

using namespace lip;

namespace {

// Samples s0, s1, ... with a picture each and the captions given.
std::vector<shard::Sample> samples(const std::vector<std::string>& captions) {
    std::vector<shard::Sample> all;
    for (std::size_t i = 0; i < captions.size(); ++i) {
        image::Image picture{20, 20, std::vector<std::uint8_t>(1200)};
        for (std::size_t n = 0; n < picture.rgb.size(); ++n)
            picture.rgb[n] = static_cast<std::uint8_t>(n * (i + 1));
        const std::string key = "s" + std::to_string(i);
        all.push_back({key,
                       {{"jpg", image::encode_jpeg(picture, 90)},
                        {"json", R"({"key":")" + key + R"(","captions":[)" + captions[i] + "]}"}}});
    }
    return all;
}

const std::string kLong =
    R"({"text":"one two. three four. five.","source":"s","form":"long","sentences":[[0,8],[9,20],[21,26]]})";
const std::string kUnsplit = R"({"text":"one. two.","source":"s","form":"long"})";

struct Data {
    shard::TempFolder folder;
    train::DataSettings settings;
    std::unique_ptr<text::Tokenizer> tokenizer;

    explicit Data(const std::vector<std::string>& captions) {
        shard::write_shard(folder / "a.tar.zst", samples(captions), {.frame_bytes = 4096});
        std::ofstream(folder / "tokenizer.model", std::ios::binary) << text::letter_model();
        tokenizer = text::load_tokenizer((folder / "tokenizer.model").string());
        settings.shards = {{(folder / "a.tar.zst").string()}};
        settings.batch_size = 4;
        settings.pixels.image_size = 16;
        settings.context_length = 12;
        settings.sampler = {.texts_per_image = 3, .pool = {.sentences = true}};
    }
};

}  // namespace

TEST_CASE("an image without a usable text is passed over and counted, whatever --on-error says") {
    const Data data({kLong, "", kLong, "", kLong, "", kLong});
    record::ErrorLog errors(
        {.skip_bad = false, .max_errors = {record::ErrorLimit::Kind::kShare, 0.01}}, false);
    train::Loader loader(data.settings, *data.tokenizer);
    std::uint64_t no_text = 0;
    for (int i = 0; i < 7; ++i) {  // seven epochs of four images
        const train::Batch batch = loader.next(errors);
        CHECK(batch.keys.size() == 4);
        no_text += batch.no_text;
    }
    CHECK(no_text >= 18);
    CHECK(no_text <= 21);
    CHECK(errors.skipped() == 0);
}

TEST_CASE("data without any usable text end the run after an epoch") {
    const Data data({"", "", ""});
    record::ErrorLog errors({.skip_bad = true}, false);
    train::Loader loader(data.settings, *data.tokenizer);
    CHECK_THROWS_WITH_AS(loader.next(errors),
                         doctest::Contains("too many samples in a row cannot be used"),
                         cli::DataError);
}

TEST_CASE("long captions that were never split are counted") {
    const Data data({kUnsplit, kUnsplit, kUnsplit, kLong});
    record::ErrorLog errors({.skip_bad = true}, false);
    train::Loader loader(data.settings, *data.tokenizer);
    CHECK(loader.next(errors).unsplit == 3);
}

TEST_CASE("a run goes on with the same shards only, in any folder") {
    const Data data({kLong, kLong, kLong}), moved({kLong, kLong, kLong}), other({kLong, kLong});
    const train::DataIdentity identity = train::Loader(data.settings, *data.tokenizer).identity();
    CHECK(identity.shards == 1);
    CHECK(identity.frames >= 1);
    CHECK_NOTHROW(train::Loader(moved.settings, *data.tokenizer, {identity, {}}));
    CHECK_THROWS_WITH_AS(train::Loader(other.settings, *data.tokenizer, {identity, {}}),
                         doctest::Contains("1 shards with"), cli::UsageError);
    train::DataSettings renamed = data.settings;
    std::filesystem::copy(data.folder / "a.tar.zst", data.folder / "b.tar.zst");
    renamed.shards = {{(data.folder / "b.tar.zst").string()}};
    CHECK_THROWS_AS(train::Loader(renamed, *data.tokenizer, {identity, {}}), cli::UsageError);
}

TEST_CASE("1, 2 and 4 threads make the same batches") {
    Data data(std::vector<std::string>(50, kLong));
    std::vector<train::ReadPosition> end;
    const auto batches = [&](int threads) {
        data.settings.threads = threads;
        record::ErrorLog errors({.skip_bad = true}, false);
        train::Loader loader(data.settings, *data.tokenizer);
        std::vector<train::Batch> all;
        for (int i = 0; i < 20; ++i) all.push_back(loader.next(errors));
        end = loader.positions();
        return all;
    };
    const auto one = batches(1);
    const auto one_end = end;
    for (const int threads : {2, 4}) {
        const auto more = batches(threads);
        for (std::size_t i = 0; i < one.size(); ++i) {
            CHECK(one[i].keys == more[i].keys);
            CHECK(one[i].texts == more[i].texts);
            CHECK(one[i].valid.equal(more[i].valid));
            CHECK(one[i].pixels.equal(more[i].pixels));
        }
        CHECK(std::ranges::equal(end, one_end));
    }
}

TEST_CASE("streams: an epoch has every frame once, whatever their number") {
    Data data(std::vector<std::string>(50, kLong));
    const train::Frames frames(data.settings.shards);
    REQUIRE(frames.size() >= 24);
    const train::FrameSequence sequence(frames, 5);
    for (std::uint64_t epoch = 0; epoch < 3; ++epoch) {
        std::set<std::size_t> seen;
        for (std::uint64_t i = 0; i < frames.size(); ++i) {
            const train::Visit visit = sequence(epoch * frames.size() + i);
            CHECK(visit.epoch == epoch);
            seen.insert(visit.frame);
        }
        CHECK(seen.size() == frames.size());
    }
    const auto half = static_cast<std::int64_t>(frames.size() / 2);
    CHECK(train::plan_streams(frames, 2 * half, 1).streams == half);  // at most half of the frames
    CHECK(train::plan_streams(frames, 8, 1).streams == 8);            // divides the batch
    CHECK(train::plan_streams(frames, 8, 2).streams == 8);            // whatever the ranks
    CHECK(train::plan_streams(frames, 12, 4).streams == 12);
    CHECK(train::plan_streams(frames, 997, 997).streams == 997);  // unless they could not share it
    CHECK(train::plan_streams(frames, 997, 1).streams == 1);
    CHECK(train::plan_streams(frames, 8, 1).window_frames == 4);
    CHECK_THROWS_AS(train::plan_streams(frames, 8, 3), cli::UsageError);
}

TEST_CASE("the batches of 2 and 4 ranks, one after the other, are those of one process") {
    Data data(std::vector<std::string>(50, kLong));
    data.settings.batch_size = 8;
    record::ErrorLog errors({.skip_bad = true}, false);
    train::Loader whole(data.settings, *data.tokenizer);
    REQUIRE(whole.positions().size() == 8);
    std::vector<train::Batch> one;
    for (int i = 0; i < 30; ++i) one.push_back(whole.next(errors));
    CHECK(one.back().epoch >= 3);
    for (const int ranks : {2, 4}) {
        data.settings.ranks = ranks;
        for (data.settings.rank = 0; data.settings.rank < ranks; ++data.settings.rank) {
            train::Loader loader(data.settings, *data.tokenizer);
            const std::int64_t images = 8 / ranks, first = data.settings.rank * images;
            for (const train::Batch& batch : one) {
                const train::Batch own = loader.next(errors);
                REQUIRE(own.pixels.equal(batch.pixels.slice(0, first, first + images)));
                REQUIRE(own.valid.equal(batch.valid.slice(0, first, first + images)));
                REQUIRE(std::equal(own.keys.begin(), own.keys.end(), batch.keys.begin() + first));
            }
        }
    }
}

TEST_CASE("two ranks go on where one process stood") {
    Data data(std::vector<std::string>(50, kLong));
    data.settings.batch_size = 8;
    record::ErrorLog errors({.skip_bad = true}, false);
    train::Loader whole(data.settings, *data.tokenizer);
    for (int i = 0; i < 5; ++i) whole.next(errors);
    const train::DataState state{whole.identity(), whole.positions()};
    const train::Batch next = whole.next(errors);
    data.settings.ranks = 2;
    data.settings.rank = 1;
    train::Loader second(data.settings, *data.tokenizer, state);
    CHECK(second.next(errors).pixels.equal(next.pixels.slice(0, 4)));
    data.settings.batch_size = 24;
    data.settings.ranks = 3;
    CHECK_THROWS_WITH_AS(train::Loader(data.settings, *data.tokenizer, state),
                         doctest::Contains("cannot share"), cli::UsageError);
}

TEST_CASE("weights: how often frames of each part come, and once an epoch of the part") {
    const Data many(std::vector<std::string>(50, kLong)), few({kLong, kLong, kLong});
    const std::string a = many.settings.shards[0].shards, b = few.settings.shards[0].shards;
    CHECK(cli::value_of<train::DataOperand>(b + "=4").weight == 4);
    CHECK(cli::value_of<train::DataOperand>(b + "=4").shards == b);
    CHECK(cli::value_of<train::DataOperand>(b).weight == 1);
    for (const char* bad : {"=0", "=-1", "=x", "=", "=inf"})
        CHECK_THROWS_AS(cli::value_of<train::DataOperand>(b + bad), cli::UsageError);

    const train::Frames frames({{a}, {b, 4}});
    CHECK(frames.identity().hash != train::Frames({{a}, {b}}).identity().hash);
    REQUIRE(frames.parts().size() == 2);
    const std::size_t first = frames.parts()[1].first;
    const double light = static_cast<double>(first),
                 heavy = static_cast<double>(frames.size() - first);
    const train::FrameSequence sequence(frames, 1);
    std::map<std::size_t, std::vector<std::uint64_t>> epochs;
    for (std::uint64_t g = 0; g < 2 * 4096; ++g) {
        const train::Visit visit = sequence(g);
        epochs[visit.frame].push_back(visit.epoch);
    }
    REQUIRE(epochs.size() == frames.size());
    for (auto& [frame, all] : epochs) {
        const double expected = 8192 * (frame < first ? 1 : 4) / (light + 4 * heavy);
        CHECK(std::abs(static_cast<double>(all.size()) - expected) < 2);
        std::sort(all.begin(), all.end());
        CHECK(std::adjacent_find(all.begin(), all.end()) == all.end());
    }
}
