#pragma once

#include "cli/tool.h"
#include "cmd/groups/groups.h"
#include "model/vision_tower.h"

#include <cstdint>
#include <optional>
#include <string>

namespace lip::cmd {

// Settings of segment. The values here are the defaults.
struct SegmentOptions {
    cli::Common common;
    record::StreamSettings stream;
    std::string image_root;
    eval::EmbedderSettings model;
    eval::ClassSettings classes;
    ResultSettings results;
    std::optional<std::int64_t> short_side, window, stride;  // nothing: by the model's size
    model::DenseAttention attention = model::DenseAttention::kPlain;
    double scale = 40, image_prior = 0;
    std::string background;  // id or name of a class
    double prob_threshold = 0, area_threshold = 0;
    std::int64_t ignore_index = 255;  // -1: none
    bool reduce_zero_label = false;
    std::string mask_dir, overlay_dir, palette = "voc";
    const cli::Options* declared = nullptr;  // to tell what was given
};

cli::Tool segment_tool(SegmentOptions& options);
int segment(const SegmentOptions& options);

}  // namespace lip::cmd
