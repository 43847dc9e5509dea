// Lines of metrics.jsonl, to the byte, and what is left of them when a run goes on.
#include "train/run_log.h"

#include "record/file.h"
#include "tests/unit/shard/temp_folder.h"

#include <doctest/doctest.h>

#include <stdlib.h>

#include <fstream>

using namespace lip;

namespace {

// A run whose clock stands still, with 40 samples an epoch.
struct Run {
    shard::TempFolder folder;
    std::string file = (folder / "metrics.jsonl").string();
    train::RunState state;

    Run() { ::setenv("SOURCE_DATE_EPOCH", "0", 1); }
    ~Run() { ::unsetenv("SOURCE_DATE_EPOCH"); }

    train::RunLog log(bool tensorboard = false) const {
        return {folder / ".", /*samples_per_epoch=*/40, tensorboard};
    }
    std::string lines() const { return record::read_file(file, 10000); }
};

}  // namespace

TEST_CASE("the log of a run: a line an event") {
    Run run;
    train::RunLog log = run.log();
    log.start(run.state, /*from_checkpoint=*/false, R"({"tool":"train"})");
    run.state.step = 10;
    run.state.samples = 20;
    log.train(run.state, {{"loss", 1.5}, {"lr", 0.001}});
    log.checkpoint(run.state);
    log.evaluation(run.state, {{"loss", 2}, {"acc1", 0.25}});
    log.evaluation(run.state, {});
    log.stop(run.state);
    const std::string head = R"("step":10,"epoch":0.5,"samples":20,"time":"1970-01-01T00:00:00Z")";
    CHECK(run.lines() ==
          R"({"type":"start","step":0,"epoch":0,"samples":0,"time":"1970-01-01T00:00:00Z",)"
          R"("provenance":{"tool":"train"}})"
          "\n"
          R"({"type":"train",)" +
              head + R"(,"loss":1.5,"lr":0.001})" + "\n" + R"({"type":"checkpoint",)" + head +
              "}\n" + R"({"type":"eval",)" + head + R"(,"metrics":{"loss":2,"acc1":0.25}})" + "\n" +
              R"({"type":"eval",)" + head + R"(,"metrics":{}})" + "\n" + R"({"type":"stop",)" +
              head + "}\n");
}

TEST_CASE("lines of steps that will be done again are removed") {
    Run run;
    const std::string kept =
        "{\"type\":\"start\",\"step\":0}\n{\"type\":\"train\",\"step\":10}\n"
        "{\"type\":\"checkpoint\",\"step\":10}\n";
    std::ofstream(run.file) << kept << "{\"type\":\"train\",\"step\":20}\n{\"type\":\"train\",\"st";
    run.state.step = 10;
    run.log().start(run.state, /*from_checkpoint=*/true, "");
    CHECK(run.lines() == kept +
                             R"({"type":"resume","step":10,"epoch":0,"samples":0,)"
                             R"("time":"1970-01-01T00:00:00Z"})" +
                             "\n");
    run.log().start({}, /*from_checkpoint=*/false, "");
    CHECK(run.lines() == R"({"type":"start","step":0,"epoch":0,"samples":0,)"
                         R"("time":"1970-01-01T00:00:00Z"})"
                         "\n");
}

TEST_CASE("with TensorBoard each part of a run has a file of events") {
    Run run;
    run.log().start(run.state, /*from_checkpoint=*/false, "");
    CHECK(!std::filesystem::exists(run.folder / train::kEventFolder));
    run.state.step = 10;
    train::RunLog log = run.log(/*tensorboard=*/true);
    log.start(run.state, /*from_checkpoint=*/true, "");
    const std::string file =
        (run.folder / train::kEventFolder / "events.out.tfevents.00000010.train").string();
    log.train(run.state, {{"loss", 1}});
    log.evaluation(run.state, {{"acc1", 1}});
    const std::string events = record::read_file(file, 10000);
    for (const char* tag : {"train/loss", "train/epoch", "train/samples", "eval/acc1"})
        CHECK(events.find(tag) != std::string::npos);
}
