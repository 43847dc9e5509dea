#include "eval/pair_ranking.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <limits>

namespace lip::eval {
namespace {

using at::Tensor;

constexpr float kNone = -std::numeric_limits<float>::infinity();

// Appends hits of candidates from `first` on and keeps the best `top`.
void merge(std::vector<Hit>& best, std::vector<Hit> more, std::int64_t first, std::size_t top) {
    for (Hit& hit : more) {
        hit.candidate += first;
        best.push_back(hit);
    }
    std::stable_sort(best.begin(), best.end(),
                     [](const Hit& a, const Hit& b) { return a.score > b.score; });
    best.resize(std::min(best.size(), top));
    std::erase_if(best, [](const Hit& hit) { return hit.score == kNone; });
}

// Merges the rows of s [Q, N], whose columns are all candidates.
void merge_rows(std::vector<std::vector<Hit>>& best, const Tensor& s, std::int64_t top) {
    const Tensor rows = s.contiguous();
    for (std::int64_t i = 0; i < rows.size(0); ++i) {
        best.emplace_back();
        merge(best.back(),
              best_of(rows.const_data_ptr<float>() + i * rows.size(1), rows.size(1), top), 0,
              static_cast<std::size_t>(top));
    }
}

void append(std::vector<double>& to, const Tensor& values) {
    const Tensor exact = values.to(at::kDouble).contiguous();
    const double* begin = exact.const_data_ptr<double>();
    to.insert(to.end(), begin, begin + exact.numel());
}

// Which candidates are among the first N by the cosine of rows: the last of them, for each query.
class Shortlist {
public:
    Shortlist(const Tensor& queries, const Tensor& candidates, std::int64_t size)
        : candidates_(exact_rows(candidates)) {
        std::vector<float> scores;
        std::vector<std::int64_t> places;
        const std::int64_t n = candidates.size(0);
        const std::int64_t chunk = fitting_rows(n);
        for (std::int64_t begin = 0; begin < queries.size(0); begin += chunk) {
            const Tensor s = cosines(queries.slice(0, begin, begin + chunk));
            for (std::int64_t i = 0; i < s.size(0); ++i) {
                const Hit last = best_of(s.const_data_ptr<float>() + i * n, n, size).back();
                scores.push_back(last.score);
                places.push_back(last.candidate);
            }
        }
        score_ = at::tensor(scores, at::TensorOptions(at::kFloat));
        place_ = at::tensor(places, at::kLong);
    }

    // [q, N] fp32
    Tensor cosines(const Tensor& queries) const {
        return rounded_scores(exact_rows(queries).matmul(candidates_.t()));
    }
    // Of queries from `begin` on, all candidates: s [q, N] are their cosines.
    Tensor rows(const Tensor& s, std::int64_t begin) const {
        const auto own = [&](const Tensor& x) {
            return x.narrow(0, begin, s.size(0)).unsqueeze(1);
        };
        return among(s, own(score_), own(place_), at::arange(s.size(1), place_.options()));
    }
    // Of candidates from `begin` on, all queries: s [c, Q] are their cosines.
    Tensor columns(const Tensor& s, std::int64_t begin) const {
        const Tensor own = at::arange(begin, begin + s.size(0), place_.options()).unsqueeze(1);
        return among(s, score_, place_, own);
    }

private:
    static Tensor among(const Tensor& s, const Tensor& score, const Tensor& place,
                        const Tensor& candidate) {
        return (s > score).logical_or((s == score).logical_and(candidate <= place));
    }

    Tensor candidates_, score_, place_;
};

// Of each text, over the blocks of images: how many wrong ones are better than its own, or equal.
struct Columns {
    explicit Columns(std::int64_t texts)
        : better(at::zeros({texts}, at::kLong)),
          equal(at::zeros({texts}, at::kLong)),
          highest(at::full({texts}, kNone, at::TensorOptions(at::kFloat))) {}

    void add(const Tensor& s, const Tensor& own, const Tensor& wrong) {
        better.add_((s > own).logical_and(wrong).sum(0));
        equal.add_((s == own).logical_and(wrong).sum(0));
        highest = at::maximum(highest, s.amax(0));
    }
    Tensor ranks(Ties ties) const {
        return 1 + better + share_of_equal(ties) * equal.to(at::kDouble);
    }

    Tensor better, equal, highest;  // [T]
};

class AllPairs {
public:
    AllPairs(const Collection& all, const PairScores& scores, const PairSettings& settings)
        : all_(all),
          scores_(scores),
          settings_(settings),
          texts_(all),
          owners_(at::tensor(all.text_vectors().owners, at::kLong)),
          every_(std::ssize(all.texts)),
          listed_(std::ssize(all.texts)),
          has_text_(all.keys.size()) {
        for (const TextRow& text : all.texts)
            has_text_[static_cast<std::size_t>(text.image)] = true;
        if (settings.top > 0) result_.of_texts.found.top.resize(all.texts.size());
    }

    PairRankings run() {
        if (settings_.shortlist > 0) {
            for_images_.emplace(all_.image_rows, all_.text_rows, settings_.shortlist);
            for_texts_.emplace(all_.text_rows, all_.image_rows, settings_.shortlist);
            is_listed_ = at::zeros({std::ssize(all_.texts)}, at::kBool);
        }
        own_ = own_scores();
        for_each_block(all_, texts_.rows(), [&](std::int64_t first, const auto& images) {
            const Tensor s = rounded_scores(texts_.scores(scores_, images));
            const Tensor match =
                at::arange(first, first + s.size(0), at::kLong).unsqueeze(1) == owners_;
            Tensor cosines;
            if (for_images_)
                cosines = for_images_->cosines(all_.image_rows.narrow(0, first, s.size(0)));
            take_rows(s, match, cosines, first);
            take_columns(s, match, cosines, first);
        });
        finish_columns();
        if (for_images_) replace_missing();
        return std::move(result_);
    }

private:
    // The scores of texts with their own images [T].
    Tensor own_scores() const {
        Tensor own = at::empty({std::ssize(all_.texts)}, at::TensorOptions(at::kFloat));
        for_each_block(all_, /*texts=*/1, [&](std::int64_t first, const auto& images) {
            for (std::int64_t i = 0; i < images.keys.size(0); ++i) {
                const Tensor which = (owners_ == first + i).nonzero().squeeze(1);
                if (which.size(0) == 0) continue;
                const Tensor s = texts_.scores(
                    scores_, {images.keys.narrow(0, i, 1), images.values.narrow(0, i, 1)}, which);
                own.index_copy_(0, which, rounded_scores(s).squeeze(0));
            }
        });
        return own;
    }

    // `cosines` [B, T] are those of the vectors that depend on no text; undefined without a
    // shortlist.
    void take_rows(const Tensor& s, const Tensor& match, const Tensor& cosines,
                   std::int64_t first) {
        std::vector<std::int64_t> asking;
        for (std::int64_t i = 0; i < s.size(0); ++i)
            if (has_text_[static_cast<std::size_t>(first + i)]) asking.push_back(i);
        if (asking.empty()) return;
        const auto of_asking = [&](const Tensor& x) {
            return x.index_select(0, at::tensor(asking, at::kLong));
        };
        PairRanking& out = result_.of_images;
        Tensor own = of_asking(s), right = of_asking(match);
        if (for_images_) {
            append(out.all_pairs, ranks_of(own, right, settings_.ties));
            const Tensor listed = of_asking(for_images_->rows(cosines, first));
            const Tensor highest = own.amax(1);
            own = own.masked_fill(listed.logical_not(), kNone);
            right = right.logical_and(listed);
            append(out.kept, own.amax(1) == highest);
        }
        append(out.found.ranks, ranks_of(own, right, settings_.ties));
        if (settings_.top > 0) merge_rows(out.found.top, own, settings_.top);
    }

    void take_columns(const Tensor& s, const Tensor& match, const Tensor& cosines,
                      std::int64_t first) {
        const Tensor wrong = match.logical_not();
        every_.add(s, own_, wrong);
        Tensor shown = s;
        if (for_texts_) {
            const Tensor listed = for_texts_->columns(cosines, first);
            is_listed_.logical_or_(listed.logical_and(match).any(0));
            shown = s.masked_fill(listed.logical_not(), kNone);
            listed_.add(shown, own_, wrong);
        }
        if (settings_.top > 0)
            merge_columns(result_.of_texts.found.top, shown, first, settings_.top);
    }

    void finish_columns() {
        PairRanking& out = result_.of_texts;
        if (!for_texts_) return append(out.found.ranks, every_.ranks(settings_.ties));
        append(out.all_pairs, every_.ranks(settings_.ties));
        append(out.kept, every_.highest == listed_.highest);
        append(out.found.ranks,
               listed_.ranks(settings_.ties)
                   .masked_fill(is_listed_.logical_not(), std::numeric_limits<double>::infinity()));
    }

    // What is not in the shortlist comes behind it, in the order of the cosines of rows.
    void replace_missing() {
        const auto replace = [&](PairRanking& ranking, const Vectors& queries,
                                 const Vectors& candidates) {
            const std::vector<double> plain =
                rank(queries, candidates, {.ties = settings_.ties}).ranks;
            for (std::size_t q = 0; q < plain.size(); ++q)
                if (std::isinf(ranking.found.ranks[q]))
                    ranking.found.ranks[q] =
                        std::max(plain[q], static_cast<double>(settings_.shortlist) + 1);
        };
        replace(result_.of_images, all_.images_with_texts(), all_.text_vectors());
        replace(result_.of_texts, all_.text_vectors(), all_.image_vectors());
    }

    const Collection& all_;
    const PairScores& scores_;
    PairSettings settings_;
    PairTexts texts_;
    Tensor owners_;  // [T]
    Tensor own_;     // [T]
    Columns every_, listed_;
    Tensor is_listed_;  // [T]: the own image is in the shortlist
    std::vector<bool> has_text_;
    std::optional<Shortlist> for_images_, for_texts_;
    PairRankings result_;
};

}  // namespace

PairScores pair_scores_of(const Embedder& embedder) {
    return [&](const model::MixtureFeatures& images, const model::QueryFeatures& texts) {
        return embedder.pair_scores(images, texts);
    };
}

void merge_columns(std::vector<std::vector<Hit>>& best, const Tensor& s, std::int64_t first,
                   std::int64_t top) {
    const Tensor columns = s.t().contiguous();  // [T, B]
    const std::int64_t images = s.size(0);
    for (std::size_t t = 0; t < best.size(); ++t)
        merge(best[t],
              best_of(columns.const_data_ptr<float>() + static_cast<std::int64_t>(t) * images,
                      images, top),
              first, static_cast<std::size_t>(top));
}

void for_each_block(const Collection& all, std::int64_t texts,
                    const std::function<void(std::int64_t, const model::MixtureFeatures&)>& body) {
    const std::int64_t most = fitting_rows(texts);
    std::int64_t first = 0;
    for (const model::MixtureFeatures& block : all.mixture)
        for (std::int64_t begin = 0; begin < block.keys.size(0); begin += most) {
            const std::int64_t count = std::min(most, block.keys.size(0) - begin);
            const auto exact = [&](const Tensor& x) {
                return x.narrow(0, begin, count).to(at::kDouble);
            };
            body(first, model::MixtureFeatures{exact(block.keys), exact(block.values)});
            first += count;
        }
}

PairRankings rank_pairs(const Collection& all, const PairScores& scores,
                        const PairSettings& settings) {
    const at::NoGradGuard no_grad;
    return AllPairs(all, scores, settings).run();
}

}  // namespace lip::eval
