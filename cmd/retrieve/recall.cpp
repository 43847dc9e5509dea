#include "cmd/retrieve/recall.h"

#include "cli/error.h"
#include "cli/log.h"
#include "eval/bootstrap.h"
#include "eval/pair_ranking.h"

#include <cmath>
#include <cstdio>
#include <numeric>

namespace lip::cmd {
namespace {

// "key":..., and which text of it.
void append_text_place(std::string& line, const Collection& all, const TextRow& text) {
    line += "\"key\":";
    cli::append_json_string(line, all.keys[static_cast<std::size_t>(text.image)]);
    line += ",\"caption\":";
    record::append_integer(line, text.caption);
    if (text.part < 0) return;
    line.append(",\"").append(text.part_name).append("\":");
    record::append_integer(line, text.part);
}

class Recall {
public:
    Recall(const RetrieveOptions& options, const Collection& all, const eval::Embedder* embedder,
           const std::vector<std::int64_t>& k, eval::Results& results)
        : o_(options), all_(all), embedder_(embedder), k_(k), results_(results) {}

    RecallFigures run() {
        if (!all_.keys.empty() && all_.texts.empty())
            throw cli::DataError("no image has a text that --sources and --texts select");
        for (const std::string& key : all_.keys) results_.count(key);
        const bool is_empty = all_.keys.empty();
        eval::PairRankings rankings;
        if (embedder_ && !is_empty)
            rankings = rank_pairs(all_, eval::pair_scores_of(*embedder_),
                                  {.ties = o_.ties, .top = top(), .shortlist = o_.shortlist});
        if (o_.direction != Direction::kTextToImage) {
            const eval::Vectors queries = all_.images_with_texts();
            if (!embedder_ || is_empty)
                rankings.of_images.found = rank(queries, all_.text_vectors(), settings());
            image_to_text(queries.owners, rankings.of_images);
        }
        if (o_.direction != Direction::kImageToText) {
            if (!embedder_ || is_empty)
                rankings.of_texts.found =
                    rank(all_.text_vectors(), all_.image_vectors(), settings());
            text_to_image(rankings.of_texts);
        }
        return std::move(figures_);
    }

private:
    std::int64_t top() const { return results_.has_items() ? o_.results.top : 0; }
    eval::RankSettings settings() const { return {.ties = o_.ties, .chunk = 0, .top = top()}; }

    void image_to_text(const std::vector<std::int64_t>& images, const eval::PairRanking& ranking) {
        for (std::size_t q = 0; q < ranking.found.top.size(); ++q) {
            std::string line = "{\"direction\":\"i2t\",\"key\":";
            cli::append_json_string(line, all_.keys[static_cast<std::size_t>(images[q])]);
            append_rank(line, ranking, q, [&](std::int64_t text) {
                append_text_place(line, all_, all_.texts[static_cast<std::size_t>(text)]);
            });
        }
        add_metrics("text_retrieval", ranking);
    }

    void text_to_image(const eval::PairRanking& ranking) {
        for (std::size_t q = 0; q < ranking.found.top.size(); ++q) {
            std::string line = "{\"direction\":\"t2i\",";
            append_text_place(line, all_, all_.texts[q]);
            append_rank(line, ranking, q, [&](std::int64_t image) {
                line += "\"key\":";
                cli::append_json_string(line, all_.keys[static_cast<std::size_t>(image)]);
            });
        }
        add_metrics("image_retrieval", ranking);
    }

    // Whole or half numbers; six digits would round those of large sets.
    static void append_rank_number(std::string& line, double rank) {
        record::append_integer(line, static_cast<std::int64_t>(rank));
        if (rank != std::floor(rank)) line += ".5";
    }

    template <class AppendCandidate>
    void append_rank(std::string& line, const eval::PairRanking& ranking, std::size_t q,
                     const AppendCandidate& append_candidate) {
        line += ",\"rank\":";
        append_rank_number(line, ranking.found.ranks[q]);
        if (!ranking.all_pairs.empty()) {
            line += ",\"rank_all_pairs\":";
            append_rank_number(line, ranking.all_pairs[q]);
        }
        line += ",\"top\":[";
        for (const eval::Hit& hit : ranking.found.top[q]) {
            if (line.back() != '[') line += ',';
            line += '{';
            append_candidate(hit.candidate);
            line += ",\"score\":";
            record::append_score(line, hit.score);
            line += '}';
        }
        results_.write(line + "]}");
    }

    void add_metrics(const std::string& task, const eval::PairRanking& ranking) {
        const auto values = [&](const eval::PairRanking& some) {
            std::vector<double> out;
            for (const std::int64_t k : k_) out.push_back(eval::recall_at(some.found.ranks, k));
            out.push_back(eval::median_rank(some.found.ranks));
            if (ranking.all_pairs.empty()) return out;
            for (std::size_t i = 0; i < k_.size(); ++i)
                out.push_back(eval::recall_at(some.all_pairs, k_[i]) - out[i]);
            out.push_back(std::accumulate(some.kept.begin(), some.kept.end(), 0.0) /
                          static_cast<double>(some.kept.size()));
            return out;
        };
        std::vector<eval::Interval> intervals;
        if (o_.results.bootstrap > 0)
            intervals =
                eval::bootstrap(ranking.found.ranks.size(), o_.results.bootstrap,
                                [&](std::span<const std::uint32_t> picks) {
                                    eval::PairRanking some;
                                    for (const std::uint32_t pick : picks) {
                                        some.found.ranks.push_back(ranking.found.ranks[pick]);
                                        if (ranking.all_pairs.empty()) continue;
                                        some.all_pairs.push_back(ranking.all_pairs[pick]);
                                        some.kept.push_back(ranking.kept[pick]);
                                    }
                                    return values(some);
                                });
        const std::vector<double> all = values(ranking);
        const std::vector<std::string> names = metric_names(!ranking.all_pairs.empty());
        for (std::size_t m = 0; m < all.size(); ++m) {
            eval::Metric metric;
            metric.name = task + names[m];
            metric.value = all[m];
            if (m < intervals.size()) metric.interval = intervals[m];
            figures_.metrics.push_back(std::move(metric));
        }
        if (ranking.all_pairs.empty()) return;
        char text[100];
        std::snprintf(text, sizeof text, "%s %.1f %% of the best %s",
                      figures_.note.empty() ? ", the shortlist keeps" : " and", 100 * all.back(),
                      task == "text_retrieval" ? "texts" : "images");
        figures_.note += text;
    }

    std::vector<std::string> metric_names(bool has_shortlist) const {
        std::vector<std::string> names;
        for (const std::int64_t k : k_) names.push_back("_recall@" + std::to_string(k));
        names.emplace_back("_median_rank");
        if (!has_shortlist) return names;
        for (const std::int64_t k : k_) names.push_back("_shortlist_loss@" + std::to_string(k));
        names.emplace_back("_shortlist_recall");
        return names;
    }

    const RetrieveOptions& o_;
    const Collection& all_;
    const eval::Embedder* embedder_;
    const std::vector<std::int64_t>& k_;
    eval::Results& results_;
    RecallFigures figures_;
};

}  // namespace

RecallFigures measure_recall(const RetrieveOptions& options, const Collection& all,
                             const eval::Embedder* embedder, const std::vector<std::int64_t>& k,
                             eval::Results& results) {
    return Recall(options, all, embedder, k, results).run();
}

}  // namespace lip::cmd
