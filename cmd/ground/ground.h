#pragma once

#include "cli/tool.h"
#include "cmd/groups/groups.h"
#include "detect/grounder.h"
#include "image/image.h"
#include "record/record.h"

#include <cstdint>
#include <string>
#include <vector>

namespace lip::cmd {

// Settings of ground. The values here are the defaults.
struct GroundOptions {
    cli::Common common;
    record::StreamSettings stream;
    std::string image_root;
    ResultSettings results;
    std::vector<std::string> queries;
    std::vector<std::string> sources;  // of captions whose phrases count; empty: all
    detect::GrounderSettings grounder;
    detect::Selection selection;
    std::int64_t max_phrases = 20;  // of an image: CLOC's limit
    bool keep_regions = false;
    std::string tag = "ground";
    std::string overlay_dir;
    bool evaluate = false;
    double iou = 0.5;
    const cli::Options* declared = nullptr;  // to tell what was given
};

cli::Tool ground_tool(GroundOptions& options);
int ground(const GroundOptions& options);

// Parts of ground().
int ground_records(const GroundOptions& options);   // the records with their boxes
int ground_evaluate(const GroundOptions& options);  // how well they agree with the truth

// The phrases of a record's captions that are from `sources`, or `queries` where there are some: in
// order, each once, at most `most`, no blank ones.
detect::Phrases phrases_of(const record::Record& record, const std::vector<std::string>& queries,
                           const std::vector<std::string>& sources, std::int64_t most);

// Writes the picture, enlarged if it is small, with the outlines of the boxes, a colour for each
// phrase and white for the true ones, and a legend of the phrases found with their best scores, as
// FOLDER/KEY.png. Throws DataError.
void write_overlay(const std::string& folder, const std::string& key, const image::Image& small,
                   const std::vector<detect::Detection>& found, const detect::Phrases& phrases,
                   bool force, const std::vector<detect::Box>& truth = {});

}  // namespace lip::cmd
