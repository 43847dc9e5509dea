// Recall between images and their texts.
#pragma once

#include "cmd/retrieve/collection.h"
#include "cmd/retrieve/retrieve.h"
#include "eval/embedder.h"
#include "eval/results.h"

#include <string>
#include <vector>

namespace lip::cmd {

struct RecallFigures {
    std::vector<eval::Metric> metrics;
    std::string note;  // for the closing line: what a shortlist keeps
};

// Ranks all queries of the directions asked for, writes a line for each to `results`, and returns
// recall at k and median ranks. `embedder`: of a text-conditioned model, else null. Throws
// DataError if no image has a text.
RecallFigures measure_recall(const RetrieveOptions& options, const Collection& all,
                             const eval::Embedder* embedder, const std::vector<std::int64_t>& k,
                             eval::Results& results);

}  // namespace lip::cmd
