#include "cmd/retrieve/regions.h"

#include "cli/error.h"
#include "cli/log.h"
#include "cmd/retrieve/search.h"
#include "eval/bootstrap.h"
#include "eval/region_embedder.h"
#include "eval/results.h"

#include <ATen/ATen.h>

#include <cmath>
#include <unordered_map>

namespace lip::cmd {
namespace {

// All regions of the input that have a phrase; in a search the others, too.
struct Regions {
    std::vector<std::string> places;  // "key":...,"region":...,"box":...
    std::vector<std::string> texts;
    std::vector<std::int64_t> own, string;  // owners: the region itself; its phrase
    at::Tensor vectors, phrases;            // [R, D]
};

class RegionRecall {
public:
    RegionRecall(const RetrieveOptions& options, const std::vector<std::int64_t>& k)
        : o_(options),
          k_(k),
          results_({options.common.output, options.results.summary, options.common.force}),
          errors_(options.stream, options.common.force),
          stream_({options.stream, options.image_root, true}, errors_),
          embedder_(options.model),
          of_regions_(embedder_, options.regions.mode, options.model.batch_size) {}

    int run() {
        read();
        errors_.require_some(all_.texts.size(),
                             o_.is_search() ? record::kNoRegions : record::kNoRegionTexts);
        if (o_.is_search()) {
            search();
        } else if (!all_.texts.empty()) {
            all_.phrases = embedder_.texts(all_.texts, &cut_);
            if (o_.direction != Direction::kTextToImage) measure("r2t", all_.vectors, all_.phrases);
            if (o_.direction != Direction::kImageToText) measure("t2r", all_.phrases, all_.vectors);
        }
        const int code = errors_.finish();
        eval::Summary said;
        if (o_.is_search()) {
            said.unit = "query";
            said.units = "queries";
            said.note = ", " + std::to_string(all_.places.size()) + " regions";
        } else {
            said = summary();
        }
        results_.finish(said);
        return code;
    }

private:
    void read() {
        eval::ImageBatches batches(embedder_, stream_, errors_, o_.model.batch_size,
                                   o_.common.thread_count(), eval::regions_in(of_regions_.mode()));
        cli::Progress progress("images", "images");
        std::unordered_map<std::string, std::int64_t> numbers;
        std::vector<at::Tensor> vectors;
        while (const auto batch = batches.next()) {
            if (!o_.is_search())
                for (const auto& item : batch->items) results_.count(item.record.key);
            const eval::RegionVectors regions = of_regions_(*batch);
            for (std::size_t n = 0; n < regions.places.size(); ++n) {
                const auto& [i, r] = regions.places[n];
                const record::Record& record = batch->items[i].record;
                const std::string& text = record.regions[r].text;
                if (text.empty() && !o_.is_search()) {
                    ++without_text_;
                    continue;
                }
                std::string place = "\"key\":";
                cli::append_json_string(place, record.key);
                record::append_region_place(place, record, r);
                all_.own.push_back(std::ssize(all_.places));
                all_.string.push_back(numbers.try_emplace(text, std::ssize(numbers)).first->second);
                all_.places.push_back(std::move(place));
                all_.texts.push_back(text);
                vectors.push_back(regions.vectors[static_cast<std::int64_t>(n)]);
            }
            progress.update(errors_.records());
        }
        progress.finish();
        if (!vectors.empty()) all_.vectors = at::stack(vectors);
    }

    // One line a hit, best first, query by query.
    void search() {
        const std::vector<std::string> queries = read_texts(o_.query, /*may_be_empty=*/false);
        const at::Tensor rows = embed_queries(queries, embedder_).target;
        eval::Ranking found;
        if (!all_.places.empty())
            found = eval::rank({rows, std::vector<std::int64_t>(queries.size(), -1)},
                               {all_.vectors, all_.own}, {.top = o_.results.top});
        for (std::size_t q = 0; q < queries.size(); ++q) {
            results_.count(queries[q]);
            for (std::size_t i = 0; q < found.top.size() && i < found.top[q].size(); ++i) {
                const eval::Hit& hit = found.top[q][i];
                std::string line = "{\"query\":";
                cli::append_json_string(line, queries[q]);
                line += ",\"rank\":" + std::to_string(i + 1) + ",";
                append_region(line, static_cast<std::size_t>(hit.candidate));
                line += ",\"score\":";
                record::append_score(line, hit.score);
                results_.write(line + "}");
            }
        }
    }

    void measure(const std::string& direction, const at::Tensor& queries,
                 const at::Tensor& candidates) {
        const std::int64_t top = results_.has_items() ? o_.results.top : 0;
        const eval::Ranking own =
            eval::rank({queries, all_.own}, {candidates, all_.own}, {.ties = o_.ties, .top = top});
        const eval::Ranking equal =
            eval::rank({queries, all_.string}, {candidates, all_.string}, {.ties = o_.ties});
        if (results_.has_items())
            for (std::size_t q = 0; q < own.ranks.size(); ++q)
                write(direction, q, own, equal.ranks[q]);
        const auto values = [&](std::span<const double> ranks, std::span<const double> strings) {
            std::vector<double> out;
            for (const std::int64_t k : k_) out.push_back(eval::recall_at(ranks, k));
            for (const std::int64_t k : k_) out.push_back(eval::recall_at(strings, k));
            out.push_back(eval::median_rank(ranks));
            return out;
        };
        std::vector<eval::Interval> intervals;
        if (o_.results.bootstrap > 0)
            intervals = eval::bootstrap(own.ranks.size(), o_.results.bootstrap,
                                        [&](std::span<const std::uint32_t> picks) {
                                            std::vector<double> ranks, strings;
                                            for (const std::uint32_t pick : picks) {
                                                ranks.push_back(own.ranks[pick]);
                                                strings.push_back(equal.ranks[pick]);
                                            }
                                            return values(ranks, strings);
                                        });
        std::vector<std::string> names;
        for (const char* kind : {"_recall@", "_string_recall@"})
            for (const std::int64_t k : k_) names.push_back(direction + kind + std::to_string(k));
        names.push_back(direction + "_median_rank");
        const std::vector<double> all = values(own.ranks, equal.ranks);
        for (std::size_t m = 0; m < all.size(); ++m) {
            eval::Metric metric;
            metric.name = names[m];
            metric.value = all[m];
            if (m < intervals.size()) metric.interval = intervals[m];
            metrics_.push_back(std::move(metric));
        }
    }

    void append_region(std::string& line, std::size_t i) const {
        line += all_.places[i] + ",\"text\":";
        cli::append_json_string(line, all_.texts[i]);
    }

    void write(const std::string& direction, std::size_t q, const eval::Ranking& ranking,
               double string_rank) {
        std::string line = "{\"direction\":\"" + direction + "\",";
        append_region(line, q);
        line += ",\"rank\":";
        record::append_score(line, ranking.ranks[q]);
        line += ",\"string_rank\":";
        record::append_score(line, string_rank);
        line += ",\"top\":[";
        for (const eval::Hit& hit : ranking.top[q]) {
            line += line.back() == '[' ? "{" : ",{";
            append_region(line, static_cast<std::size_t>(hit.candidate));
            line += ",\"score\":";
            record::append_score(line, hit.score);
            line += '}';
        }
        results_.write(line + "]}");
    }

    eval::Summary summary() const {
        eval::Summary s;
        s.dataset = eval::dataset_name(o_.results.dataset, o_.stream.inputs);
        s.model = embedder_.config().name;
        s.pretrained = o_.model.model;
        s.task = "region_retrieval";
        s.metrics = metrics_;
        s.skipped = errors_.skipped();
        s.more.set("regions", std::to_string(all_.texts.size()));
        s.note = ", " + std::to_string(all_.texts.size()) + " regions";
        s.more.set("without_text", std::to_string(without_text_));
        s.more.set("cut_texts", std::to_string(cut_));
        for (const char* name : {"k", "direction", "ties"})
            for (const cli::Option& option : o_.declared->all())
                if (option.name == name) s.settings.set_text(name, cli::join(option.get(), ","));
        s.settings.set_text("region-mode", eval::name_of(of_regions_.mode()));
        s.settings.set("bootstrap", std::to_string(o_.results.bootstrap));
        eval::set_machine(s.settings, embedder_.device(), embedder_.precision());
        if (o_.common.provenance) s.provenance = cli::provenance_json(o_.common);
        return s;
    }

    const RetrieveOptions& o_;
    std::vector<std::int64_t> k_;
    eval::Results results_;
    record::ErrorLog errors_;
    shard::ImageStream stream_;
    eval::Embedder embedder_;
    eval::RegionEmbedder of_regions_;
    Regions all_;
    std::vector<eval::Metric> metrics_;
    std::int64_t cut_ = 0, without_text_ = 0;
};

}  // namespace

int retrieve_regions(const RetrieveOptions& options, const std::vector<std::int64_t>& k) {
    return RegionRecall(options, k).run();
}

}  // namespace lip::cmd
