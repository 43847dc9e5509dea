// What train says of a run.
#include "train/run_messages.h"

#include "train/loop.h"

#include <doctest/doctest.h>

#include <limits>

using namespace lip;

TEST_CASE("the start of a run: what is trained, how long, on what") {
    train::TrainSettings settings;
    settings.method = "dreamlip";
    settings.model.name = "demo";
    settings.schedule.total_steps = 40;
    settings.data.batch_size = 16;
    settings.data.sampler.texts_per_image = 4;
    CHECK(train::start_message(settings, 1'249'000, {.shards = 2}) ==
          "dreamlip, demo, 1.2 M parameters; 40 steps of 16 images with 4 texts on cpu in fp32; "
          "2 shards");
    settings.samples_per_epoch = 60;
    CHECK(train::start_message(settings, 99'999, {.shards = 2}) ==
          "dreamlip, demo, 99999 parameters; 40 steps of 16 images with 4 texts on cpu in fp32; "
          "60 samples in 2 shards, 10.7 epochs");
    settings.model.name = "";
    settings.data.sampler.texts_per_image = 1;
    settings.data.regions.count = 8;
    settings.data.ranks = 2;
    settings.samples_per_epoch = 0;
    CHECK(train::start_message(settings, 1'300'000'000, {.shards = 1}) ==
          "dreamlip, 1.3 B parameters; 40 steps of 16 images with 1 text and up to 8 regions on "
          "cpu and 1 more rank in fp32; 1 shard");
}

TEST_CASE("of a checkpoint's figures the main ones are said") {
    CHECK(train::evaluation_message(20, {{"loss", 2.31},
                                         {"text_retrieval_recall@1", 0.05},
                                         {"text_retrieval_recall@5", 0.1},
                                         {"image_retrieval_recall@1", 0.0333},
                                         {"acc1", 1},
                                         {"acc5", 1},
                                         {"mAcc", 0.5}}) ==
          "step 20: evaluation: loss 2.310, text_retrieval_recall@1 5.0 %, "
          "image_retrieval_recall@1 3.3 %, "
          "acc1 100.0 %, mAcc 50.0 %");
    CHECK(train::evaluation_message(20, {{"r2t_recall@10", 0.25}, {"mean_iou", 0.5}}) ==
          "step 20: evaluation: r2t_recall@10 25.0 %, mean_iou 50.0 %");
    CHECK(train::evaluation_message(1, {{"loss", std::numeric_limits<double>::infinity()}}) ==
          "step 1: evaluation: loss inf");
    CHECK(train::evaluation_message(7, {}) == "step 7: evaluation: no metrics");
}
