#pragma once

#include "cli/tool.h"
#include "cmd/groups/groups.h"
#include "tensor/group.h"
#include "train/loop.h"

namespace lip::cmd {

// Settings of train as the user says them. Values that depend on the method stand as "auto".
struct TrainOptions {
    TrainOptions();

    cli::Common common;
    record::StreamSettings errors;
    ModelSettings device;
    std::string run_folder;
    std::string method = "clip", arch = "ViT-B-16", tokenizer, init;
    std::vector<std::string> data, settings;  // --data, --set
    std::vector<std::string> eval_data;
    std::string eval_classes, eval_templates = "photo", eval_image_root;
    std::int64_t eval_every = 1;
    std::int64_t epochs = 32, steps = 0;
    double lr = 5e-4, min_lr = 0;
    std::string warmup = "2000";
    train::Decay decay = train::Decay::kCosine;
    train::AdamWSettings adamw;
    double clip_grad = 0, ema = 0;
    std::string init_bias;  // a number or "prior"; empty: of the method or the architecture
    bool ring = false;
    std::int64_t micro_batch = 0;
    std::int64_t texts_per_image = 0;  // 0: the method's
    std::string texts = "auto";
    std::vector<std::string> sources, skip_flags = {"truncated"};
    std::int64_t merge = 1;
    train::MergeMode merge_mode = train::MergeMode::kConsecutive;
    bool raw_first = false;
    std::string compat = "none";
    train::Splitter splitter = train::Splitter::kRecord;
    bool drop_last_piece = false, period_join = false;
    train::PoolOrder pool_order = train::PoolOrder::kRecord;
    std::int64_t image_size = 0, context_length = 0;  // 0: the architecture's
    train::Augment augment = train::Augment::kCrop;
    double crop_scale = 0.9, flip = 0;
    bool exact_decode = false;
    std::string resize_mode = "auto";
    bool regions = false;
    std::string checkpoint_every = "1000";
    std::int64_t keep = 3, log_every = 10;
    bool resume = false, tensorboard = false;
    std::int64_t seed = 0, rank_timeout = 600;  // seconds
    tensor::Exchanger rank_backend = tensor::Exchanger::kAuto;
    const cli::Options* declared = nullptr;  // for config.toml and the comparison on --resume
};

cli::Tool train_tool(TrainOptions& options);
int run_train(TrainOptions& options);

}  // namespace lip::cmd
