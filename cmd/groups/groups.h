// Groups of options that mean the same in every tool that has them (lip(7)).
#pragma once

#include "cli/tool.h"
#include "eval/region_mode.h"
#include "record/errors.h"

#include <string>
#include <vector>

namespace lip::cmd {

// Groups "records": how bad input is treated. `formats`: the values of --input-format; none leaves
// the option out.
void add_records(cli::Options& options, record::StreamSettings& settings,
                 const std::vector<std::string>& formats);

// Group "images": where relative paths start.
void add_images(cli::Options& options, std::string& image_root);

// Group "captions": which texts count.
struct CaptionSettings {
    std::vector<std::string> sources;  // SOURCE or SOURCE:FORM; empty: all
    std::string texts = "captions";    // captions, sentences, phrases
    std::int64_t texts_per_image = 0;  // 0: all
    std::string long_text = "cut";     // cut, mean
};
void add_captions(cli::Options& options, CaptionSettings& settings);

// The texts of TEXT operands: a text, @FILE with a text a line (@- is standard input), @@x for the
// text "@x". Throws DataError: a file that cannot be read, a line that is too long, and unless
// `may_be_empty` a file without a text.
std::vector<std::string> read_texts(const std::vector<std::string>& operands,
                                    bool may_be_empty = true);

// Group "model".
struct ModelSettings {
    std::string model;
    std::string device = "auto";
    std::string precision = "auto";
    std::int64_t batch_size = 64;
    bool deterministic = false;
};
void add_model(cli::Options& options, ModelSettings& settings, bool with_model = true);

// Group "regions": whether and how boxes are worked on.
struct RegionSettings {
    bool regions = false;
    eval::RegionMode mode = eval::RegionMode::kAuto;
};
// `with_flag`: --regions, else only how.
void add_regions(cli::Options& options, RegionSettings& settings, bool with_flag);

// Group "classes".
struct ClassSettings {
    std::string classes;
    std::string templates = "photo";
    std::string synonyms = "max";
};
void add_classes(cli::Options& options, ClassSettings& settings);

// Group "results".
struct ResultSettings {
    std::string summary;  // file; "-": in place of the items
    std::int64_t top = 5;
    std::string dataset;
    std::int64_t bootstrap = 0;
};
void add_results(cli::Options& options, ResultSettings& settings, bool with_top);

}  // namespace lip::cmd
