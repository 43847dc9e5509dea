// Which classes are taken for which.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace lip::eval {

// The class that a model answers: the best one, but where the true class shares its score with
// others, the first of those; so that a hit is an item of rank 1 (eval/classification.h). Requires
// truth within scores.
std::int64_t predicted_class(std::span<const float> scores, std::int64_t truth);

// Counts of true and predicted classes. Memory: 16 bytes an item. One thread at a time.
class Confusion {
public:
    void add(std::int64_t truth, std::int64_t predicted) { pairs_.emplace_back(truth, predicted); }
    std::size_t items() const { return pairs_.size(); }

    // Writes a CSV file: a header with "truth" and the ids of the predicted classes, then a row for
    // each true class, in the order of the classes. Requires that all pairs lie within `ids`.
    // Throws DataError if the file exists and may not be replaced, or cannot be written.
    void write_csv(const std::string& path, const std::vector<std::string>& ids, bool force) const;

private:
    std::vector<std::pair<std::int64_t, std::int64_t>> pairs_;
};

}  // namespace lip::eval
