#include "cmd/retrieve/search.h"

#include "cli/error.h"
#include "cli/log.h"
#include "eval/pair_search.h"
#include "record/file.h"

#include <ATen/ATen.h>

namespace lip::cmd {
namespace {

constexpr std::size_t kLargestImage = std::size_t{1} << 30;

eval::EmbeddedImages embed_images(const std::vector<std::string>& files,
                                  const eval::Embedder& embedder) {
    std::vector<at::Tensor> vectors, keys, values;
    for (const std::string& file : files) {
        auto planes = embedder.prepare(record::read_file(file, kLargestImage));
        if (!planes) throw cli::DataError(file + ": " + planes.reject().message);
        const eval::EmbeddedImages image = embedder.embed({&*planes, 1});
        vectors.push_back(image.vectors);
        if (!image.mixture.keys.defined()) continue;
        keys.push_back(image.mixture.keys);
        values.push_back(image.mixture.values);
    }
    if (keys.empty()) return {at::cat(vectors), {}};
    return {at::cat(vectors), {at::cat(keys), at::cat(values)}};
}

}  // namespace

model::QueryFeatures embed_queries(const std::vector<std::string>& texts,
                                   const eval::Embedder& embedder) {
    std::int64_t cut = 0;
    model::QueryFeatures queries = embedder.queries(texts, &cut);
    if (cut > 0)
        cli::warn(std::to_string(cut) + " queries were truncated to " +
                  std::to_string(embedder.config().text.context_length) + " tokens");
    return queries;
}

Searcher::Searcher(const RetrieveOptions& options, const eval::Embedder& embedder)
    : options_(options),
      embedder_(embedder),
      names_(options.query.empty() ? options.query_image
                                   : read_texts(options.query, /*may_be_empty=*/false)) {
    if (options.query.empty()) {
        images_ = embed_images(names_, embedder);
        rows_ = images_.vectors;
        return;
    }
    texts_ = embed_queries(names_, embedder);
    rows_ = texts_.target;
}

// Vectors from files are compared as they stand.
std::vector<std::vector<eval::Hit>> Searcher::best(const Collection& all) const {
    const bool for_images = !options_.query.empty();
    if (embedder_.is_text_conditioned() && !options_.has_embeddings()) {
        const eval::PairScores scores = eval::pair_scores_of(embedder_);
        const eval::PairSettings settings{.top = options_.results.top,
                                          .shortlist = options_.shortlist};
        return for_images ? eval::best_images(texts_, all, scores, settings)
                          : eval::best_texts(images_, all, scores, settings);
    }
    const eval::Vectors candidates = for_images ? all.image_vectors() : all.text_vectors();
    if (candidates.rows.size(1) != rows_.size(1))
        throw cli::DataError((for_images ? options_.image_embeddings : options_.text_embeddings) +
                             ": vectors of " + std::to_string(candidates.rows.size(1)) +
                             " numbers, but those of the model have " +
                             std::to_string(rows_.size(1)) + " [bad-embedding]");
    const std::vector<std::int64_t> nothing(names_.size(), -1);  // no hit is the right one
    return rank({rows_, nothing}, candidates,
                {.ties = options_.ties, .chunk = 0, .top = options_.results.top})
        .top;
}

void Searcher::search(const Collection& all, eval::Results& results) const {
    const std::vector<std::vector<eval::Hit>> hits = best(all);
    for (std::size_t q = 0; q < names_.size(); ++q) {
        results.count(names_[q]);
        for (std::size_t i = 0; i < hits[q].size(); ++i)
            results.write(line_of(all, q, i, hits[q][i]));
    }
}

std::string Searcher::line_of(const Collection& all, std::size_t query, std::size_t place,
                              const eval::Hit& hit) const {
    const auto row = static_cast<std::size_t>(hit.candidate);
    const TextRow* text = options_.query.empty() ? &all.texts[row] : nullptr;
    std::string line = "{\"query\":";
    cli::append_json_string(line, names_[query]);
    line += ",\"rank\":" + std::to_string(place + 1) + ",\"key\":";
    cli::append_json_string(line, all.keys[text ? static_cast<std::size_t>(text->image) : row]);
    line += ",\"score\":";
    record::append_score(line, hit.score);
    if (!text) return line + "}";
    line += ",\"caption\":";
    record::append_integer(line, text->caption);
    if (text->part >= 0) {
        line.append(",\"").append(text->part_name).append("\":");
        record::append_integer(line, text->part);
    }
    line += ",\"text\":";
    cli::append_json_string(line, text->text);
    return line + "}";
}

}  // namespace lip::cmd
