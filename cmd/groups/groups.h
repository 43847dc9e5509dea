// Groups of options that mean the same in every tool that has them (lip(7)).
#pragma once

#include "cli/tool.h"
#include "eval/class_settings.h"
#include "eval/embedder_settings.h"
#include "eval/region_mode.h"
#include "eval/text_selection.h"
#include "eval/ties.h"
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
void add_captions(cli::Options& options, eval::TextSelection& selection);

// The texts of TEXT operands: a text, @FILE with a text a line (@- is standard input), @@x for the
// text "@x". Throws DataError: a file that cannot be read, a line that is too long, and unless
// `may_be_empty` a file without a text; and UsageError for a text that is empty.
std::vector<std::string> read_texts(const std::vector<std::string>& operands,
                                    bool may_be_empty = true);

// Group "model"; `threads` becomes that of `common`. `needed`: -m must be given.
void add_model(cli::Options& options, eval::EmbedderSettings& settings, const cli::Common& common,
               bool needed = true);

// The options of "model" but -m, for tools whose model is not there yet. `batch`: help of
// --batch-size.
void add_device(cli::Options& options, eval::EmbedderSettings& settings, std::string batch);

// Group "regions": whether and how boxes are worked on.
struct RegionSettings {
    bool regions = false;
    eval::RegionMode mode = eval::RegionMode::kAuto;
};
// `with_flag`: --regions, else only how.
void add_regions(cli::Options& options, RegionSettings& settings, bool with_flag);

// Group "classes".
void add_classes(cli::Options& options, eval::ClassSettings& settings);

// --ties: how wrong `candidates` with the score of the right one count.
void add_ties(cli::Options& options, eval::Ties& ties, const std::string& candidates);

// Group "results".
struct ResultSettings {
    std::string summary;  // file; "-": in place of the items
    std::int64_t top = 5;
    std::string dataset;
    std::int64_t bootstrap = 0;
};
void add_results(cli::Options& options, ResultSettings& settings, bool with_top);

}  // namespace lip::cmd
