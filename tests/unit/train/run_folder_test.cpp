// What a run leaves on disk, and how it goes on from there.
#include "train/run_folder.h"

#include "cli/error.h"
#include "record/file.h"
#include "tests/support/letter_model.h"
#include "tests/unit/shard/temp_folder.h"
#include "train/event_file.h"
#include "train/init.h"

#include <ATen/ATen.h>
#include <doctest/doctest.h>

#include <fstream>

using namespace lip;

namespace {

model::ModelConfig tiny_config() {
    model::ModelConfig config = model::load_arch("demo");
    config.vision.width = 16;
    config.vision.head_width = 16;
    config.vision.layers = 1;
    config.text.width = 16;
    config.text.layers = 1;
    config.text.vocab_size = 40;
    config.embed_dim = 8;
    return config;
}

std::unique_ptr<text::Tokenizer> letters(const shard::TempFolder& folder) {
    std::ofstream(folder / "tokenizer.model", std::ios::binary) << text::letter_model();
    return text::load_tokenizer((folder / "tokenizer.model").string());
}

// Gradients that depend on the step alone.
void set_gradients(model::LanguageImageModel& model, int step) {
    std::uint64_t n = 0;
    for (const auto& [name, parameter] : model.parameters.all()) {
        const auto generator =
            at::detail::createCPUGenerator(100 * static_cast<std::uint64_t>(step) + n++);
        at::Tensor(parameter).mutable_grad() =
            at::randn(parameter.sizes(), generator, at::TensorOptions(at::kFloat));
    }
}

bool same_weights(const model::LanguageImageModel& a, const model::LanguageImageModel& b) {
    bool same = true;
    for (std::size_t i = 0; i < a.parameters.all().size(); ++i)
        same = same && a.parameters.all()[i].second.equal(b.parameters.all()[i].second);
    return same;
}

}  // namespace

TEST_CASE("a run that left out a step goes on to the same bytes") {
    const shard::TempFolder folder;
    const auto tokenizer = letters(folder);
    model::LanguageImageModel unbroken(tiny_config(), 1), resumed(tiny_config(), 2);
    train::AdamW optimizer(unbroken.parameters.all(), {}), again(resumed.parameters.all(), {});
    train::RunFolder run(folder / "run", false);
    run.open();
    train::RunState state;
    for (int step = 0; step < 3; ++step) {  // the second is not finite
        set_gradients(unbroken, step);
        ++state.step;
        if (step == 1)
            ++state.bad_steps;
        else
            optimizer.step(1e-2);
    }
    state.no_text = 5;
    state.unsplit = 6;
    state.epoch = 4;
    state.data = {.data = {.shards = 1, .frames = 2, .bytes = 3, .hash = "h"},
                  .streams = {{7, 8}, {9, 10}}};
    const auto saved = run.save(unbroken, *tokenizer, optimizer, nullptr, state, "", 0);

    const std::string json = record::read_file((saved / "state.json").string(), 10000);
    CHECK(json.find("\"lanes\": [") != std::string::npos);  // as older checkpoints name them

    const std::string weights = (saved / "model.safetensors").string();
    resumed.parameters.load(tensor::read_safetensors(weights), weights);
    const train::RunState read = train::load_state(saved, again, nullptr);
    CHECK(read.step == 3);
    CHECK(read.no_text == 5);
    CHECK(read.unsplit == 6);
    CHECK(read.epoch == 4);
    CHECK(read.data.data.bytes == 3);
    CHECK(read.data.data.hash == "h");
    REQUIRE(read.data.streams.size() == 2);
    CHECK(read.data.streams[1].window == 9);
    CHECK(read.data.streams[1].offset == 10);
    CHECK(again.steps() == 2);
    for (auto* model : {&unbroken, &resumed}) set_gradients(*model, 3);
    optimizer.step(1e-2);
    again.step(1e-2);
    CHECK(same_weights(unbroken, resumed));
}

TEST_CASE("the moving average: formula, what a checkpoint holds, resuming") {
    const shard::TempFolder folder;
    const auto tokenizer = letters(folder);
    model::LanguageImageModel unbroken(tiny_config(), 1), resumed(tiny_config(), 2);
    train::AdamW optimizer(unbroken.parameters.all(), {}), again(resumed.parameters.all(), {});
    train::Ema ema(unbroken.parameters.all(), 0.9), ema_again(resumed.parameters.all(), 0.9);
    train::RunFolder run(folder / "run", false);
    run.open();
    const at::Tensor weight = unbroken.parameters.all()[0].second;
    at::Tensor expected = weight.detach().clone();
    const auto step = [](model::LanguageImageModel& model, train::AdamW& adamw, train::Ema& average,
                         int number) {
        set_gradients(model, number);
        adamw.step(1e-2);
        average.update();
    };
    for (int number = 0; number < 3; ++number) {
        step(unbroken, optimizer, ema, number);
        expected = 0.9 * expected + 0.1 * weight.detach();
    }
    const at::Tensor before = weight.detach().clone();
    train::RunState state;
    state.data.streams = {{0, 0}};
    state.step = 3;
    const auto saved = run.save(unbroken, *tokenizer, optimizer, &ema, state, "", 0);
    CHECK(weight.equal(before));  // the run keeps its weights
    const std::string file = (saved / "model.safetensors").string();
    const auto averages = tensor::read_safetensors(file);
    for (const auto& [name, average] : averages)
        if (name == unbroken.parameters.all()[0].first) {
            CHECK(at::allclose(average, expected, 1e-5, 1e-7));
            CHECK(!at::allclose(average, before, 1e-5, 1e-7));
        }

    resumed.parameters.load(averages, file);
    train::load_state(saved, again, &ema_again);
    CHECK(same_weights(unbroken, resumed));
    step(unbroken, optimizer, ema, 3);
    step(resumed, again, ema_again, 3);
    CHECK(same_weights(unbroken, resumed));
    const train::Ema::Swap one(ema), two(ema_again);
    CHECK(same_weights(unbroken, resumed));

    train::RunFolder another(folder / "plain", false);
    another.open();
    const auto plain = another.save(unbroken, *tokenizer, optimizer, nullptr, state, "", 0);
    CHECK_THROWS_WITH_AS(train::load_state(plain, again, &ema_again), doctest::Contains("weight."),
                         cli::DataError);
}

TEST_CASE("a run in the folder is refused, gone on with or replaced; other files never") {
    namespace fs = std::filesystem;
    const shard::TempFolder folder;
    const fs::path run = folder / "run";
    fs::create_directories(run / "checkpoints" / "step-00000001");
    fs::create_directories(run / train::kEventFolder);
    shard::spill((run / train::kMetricsFile).string(), "{}\n");
    CHECK_THROWS_WITH_AS(train::RunFolder(run, false), doctest::Contains("-f starts afresh"),
                         cli::DataError);
    CHECK(train::RunFolder(run, true).newest().filename() == "step-00000001");
    {
        train::RunFolder afresh(run, false, true);
        CHECK(fs::exists(run / train::kMetricsFile));  // nothing is lost before the run begins
        afresh.open();
        CHECK(afresh.newest().empty());
        CHECK_FALSE(fs::exists(run / train::kMetricsFile));
        CHECK_FALSE(fs::exists(run / train::kEventFolder));
        CHECK_THROWS_WITH_AS(train::RunFolder(run, false).open(),
                             doctest::Contains("another train process"), cli::DataError);
    }
    shard::spill((run / "notes.txt").string(), "mine\n");
    CHECK_THROWS_WITH_AS(train::RunFolder(run, false, true),
                         doctest::Contains("contains notes.txt"), cli::DataError);
}

TEST_CASE("a run starts from the weights of a checkpoint of the same shape and tokenizer") {
    const shard::TempFolder folder;
    const auto tokenizer = letters(folder);
    const model::LanguageImageModel source(tiny_config(), 1);
    const auto checkpoint = folder / "start";
    std::filesystem::create_directory(checkpoint);
    model::save_model(checkpoint, source, *tokenizer, "");

    const train::Start from = train::read_start("--init", checkpoint.string(), {}, "");
    const auto start = [&](model::LanguageImageModel& model, const text::Tokenizer& texts) {
        train::load_initial_weights(model, texts, from, model::Stretch::kKeepFirst20);
    };

    model::LanguageImageModel same(tiny_config(), 2);
    start(same, *tokenizer);
    CHECK(same_weights(source, same));

    model::ModelConfig with_bias = tiny_config();
    with_bias.has_logit_bias = true;
    with_bias.method = "siglip";
    model::LanguageImageModel siglip(with_bias, 2);
    start(siglip, *tokenizer);
    CHECK(siglip.logit_bias.item<double>() == -10);
    CHECK(siglip.log_scale.equal(source.log_scale));

    model::ModelConfig wider = tiny_config();
    wider.text.heads = 4;  // no weight has another shape
    model::LanguageImageModel other(wider, 2);
    CHECK_THROWS_WITH_AS(start(other, *tokenizer), doctest::Contains("--arch"), cli::UsageError);
    // Another size of images and texts is no other architecture.
    model::ModelConfig larger = tiny_config();
    larger.vision.image_size *= 2;
    larger.text.context_length += 30;
    model::LanguageImageModel grown(larger, 2);
    start(grown, *tokenizer);
    CHECK(grown.parameters.all().size() == source.parameters.all().size());
    std::string letters_with_capital_q = text::letter_model();
    letters_with_capital_q.replace(letters_with_capital_q.find("\x01q"), 2, "\x01Q");
    std::ofstream(folder / "tokenizer.model", std::ios::binary) << letters_with_capital_q;
    const auto others = text::load_tokenizer((folder / "tokenizer.model").string());
    CHECK_THROWS_WITH_AS(start(same, *others), doctest::Contains("tokenizer"), cli::UsageError);
}
