// How well predicted classes agree with the truth.
#pragma once

#include "eval/results.h"
#include "eval/retrieval.h"

#include <cstdint>
#include <span>
#include <vector>

namespace lip::eval {

// How wrong classes with an equal score count.
struct RankRule {
    Ties ties = Ties::kPessimistic;
    // Classes::twins(): of two classes with the same names the first is the one that is meant.
    std::span<const std::int64_t> twins = {};
};

// Rank of class `truth` among all scores: 1 + classes with a higher score + wrong ones with an
// equal score, as far as `rule` counts them; without it all, so that a model whose scores are all
// equal gets nothing. Classes in `also_true` are not wrong. Requires truth within scores.
double rank_of(std::span<const float> scores, std::int64_t truth,
               std::span<const std::int64_t> also_true = {}, const RankRule& rule = {});

// Gathers items and gives the metrics. An item has one true class, or a list of them. Memory: a few
// bytes for an item with one, all scores for an item with a list. One thread at a time.
class Classification {
public:
    explicit Classification(std::int64_t classes) : classes_(classes) {}

    void add(std::int64_t truth, double rank) { ranked_.push_back({truth, rank}); }
    void add_list(std::span<const std::int64_t> truths, std::span<const float> scores);

    std::size_t items() const { return ranked_.size() + listed(); }

    // acc1, acc5, mean_per_class_recall where items have one class: shares of rank 1, of ranks to
    // 5, and the mean over the classes that occur of their shares of rank 1. mAP where they have
    // lists: the mean, over the classes that occur, of the average precision; equal scores count
    // the wrong items first. With `resamples` > 0 with intervals.
    std::vector<Metric> metrics(std::int64_t resamples) const;

private:
    struct Ranked {
        std::int64_t truth;
        double rank;
    };
    std::size_t listed() const { return truths_.size() / static_cast<std::size_t>(classes_); }
    std::vector<Metric> single_metrics(std::int64_t resamples) const;
    Metric list_metric(std::int64_t resamples) const;

    std::int64_t classes_;
    std::vector<Ranked> ranked_;
    std::vector<float> scores_;  // of items with lists, [items, classes]
    std::vector<bool> truths_;
};

}  // namespace lip::eval
