#include "cmd/zeroshot/zeroshot.h"

#include "cli/error.h"
#include "cli/log.h"
#include "cmd/zeroshot/labels.h"
#include "eval/classes.h"
#include "eval/classification.h"
#include "eval/confusion.h"
#include "eval/image_batches.h"
#include "eval/region_embedder.h"
#include "eval/results.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace lip::cmd {
namespace {

// Probabilities of one image, as the model was trained: softmax over the classes, or a sigmoid for
// each.
struct Trained {
    double scale, bias;
    bool is_sigmoid;
};
std::vector<double> probabilities(std::span<const float> scores, const Trained& trained) {
    const auto [scale, bias, is_sigmoid] = trained;
    std::vector<double> out(scores.begin(), scores.end());
    if (is_sigmoid) {
        for (double& p : out) p = 1 / (1 + std::exp(-(scale * p + bias)));
        return out;
    }
    const double highest = *std::max_element(out.begin(), out.end());
    for (double& p : out) p = std::exp(scale * (p - highest));
    const double sum = std::accumulate(out.begin(), out.end(), 0.0);
    for (double& p : out) p /= sum;
    return out;
}

// Indices of the `top` best, equal ones in the order of the classes.
std::vector<std::int64_t> best(std::span<const float> scores, std::int64_t top) {
    std::vector<std::int64_t> order(scores.size());
    std::iota(order.begin(), order.end(), 0);
    const auto n = std::min(top, static_cast<std::int64_t>(order.size()));
    std::partial_sort(order.begin(), order.begin() + n, order.end(),
                      [&](std::int64_t a, std::int64_t b) {
                          const float x = scores[static_cast<std::size_t>(a)],
                                      y = scores[static_cast<std::size_t>(b)];
                          return x != y ? x > y : a < b;
                      });
    order.resize(static_cast<std::size_t>(n));
    return order;
}

// --template-average has no meaning for a model whose images have one vector.
void check_average(const ZeroshotOptions& o) {
    if (o.template_average == eval::TemplateAverage::kQuery) return;
    eval::require_text_conditioned(model::read_config(model::find_checkpoint(o.model.model)),
                                   o.model.model, "--template-average=score");
}

eval::EmbedderSettings checked_settings(const ZeroshotOptions& o) {
    check_average(o);
    return o.model;
}

class Zeroshot {
public:
    explicit Zeroshot(const ZeroshotOptions& options)
        : options_(options),
          results_({options.common.output, options.results.summary, options.common.force}),
          errors_(options.stream, options.common.force),
          stream_({options.stream, options.image_root, true}, errors_),
          classes_(options.classes.classes),
          templates_(eval::load_templates(options.classes.templates)),
          labels_(options.labels, classes_),
          embedder_(checked_settings(options)),
          trained_{embedder_.scale(), embedder_.bias(), embedder_.is_sigmoid()},
          weights_(eval::class_weights(embedder_, classes_, templates_, options.template_average)),
          metrics_(weights_.classes) {
        if (options.regions.regions)
            regions_.emplace(embedder_, options.regions.mode, options.model.batch_size);
        if (!options.confusion.empty())
            record::check_can_write(options.confusion, options.common.force);
    }

    int run() {
        const auto has_good_label =
            [&](const shard::ImageRecord& item) -> std::optional<cli::Reject> {
            if (regions_) return std::nullopt;  // each region for itself
            const auto truth = labels_.find(item);
            if (truth) return std::nullopt;
            return truth.reject();
        };
        eval::ImageBatches batches(
            embedder_, stream_, errors_, options_.model.batch_size, options_.common.thread_count(),
            regions_ ? eval::regions_in(regions_->mode()) : eval::RegionPixels::kNone,
            has_good_label);
        cli::Progress progress("images", "images");
        while (const auto batch = batches.next()) {
            if (regions_)
                classify_regions(*batch);
            else
                classify(*batch);
            results_.flush();
            progress.update(errors_.records());
        }
        progress.finish();
        const int code = errors_.finish();
        if (regions_) errors_.require_some(results_.items(), record::kNoRegions);
        if (!options_.confusion.empty()) write_confusion();
        results_.finish(summary());
        return code;
    }

private:
    void classify_regions(const eval::ImageBatch& batch) {
        const eval::RegionVectors regions = (*regions_)(batch);
        const at::Tensor scores =
            eval::class_scores(regions.vectors, weights_, options_.classes.synonyms)
                .contiguous();  // [R, C]
        const float* row = scores.const_data_ptr<float>();
        std::size_t last = batch.items.size();
        for (const auto& [i, r] : regions.places) {
            const record::Record& record = batch.items[i].record;
            const std::span<const float> own(row, static_cast<std::size_t>(weights_.classes));
            row += weights_.classes;
            std::optional<std::int64_t> truth;
            if (const record::Region& region = record.regions[r];
                region.label.empty() && region.text.empty()) {
                ++unlabelled_;
            } else {
                const auto found = classes_.find(region);
                if (!found) {
                    errors_.report(batch.items[i].place, found.reject());
                    continue;
                }
                truth = *found;
            }
            if (i != last) results_.count(record.key);
            last = i;
            std::string line = "{\"key\":";
            cli::append_json_string(line, record.key);
            record::append_region_place(line, record, r);
            append_predictions(line, own);
            if (truth) append_truth(line, {{*truth}, false}, own);
            results_.write(line + "}");
        }
    }

    void classify(const eval::ImageBatch& batch) {
        const at::Tensor scores = eval::class_scores(embedder_, embedder_.embed(batch.planes),
                                                     weights_, options_.classes.synonyms)
                                      .contiguous();  // [B, C]
        eval::require_finite(scores, options_.model.model,
                             ", for an image from " + batch.items.front().record.key + " on");
        const float* row = scores.const_data_ptr<float>();
        for (const shard::ImageRecord& item : batch.items) {
            report(item, {row, static_cast<std::size_t>(weights_.classes)});
            row += weights_.classes;
        }
    }

    void report(const shard::ImageRecord& item, std::span<const float> scores) {
        results_.count(item.record.key);
        std::string line = "{\"key\":";
        cli::append_json_string(line, item.record.key);
        append_predictions(line, scores);
        const std::optional<Truth> truth = *labels_.find(item);
        if (truth)
            append_truth(line, *truth, scores);
        else
            ++unlabelled_;
        results_.write(line + "}");
    }

    void append_predictions(std::string& line, std::span<const float> scores) const {
        if (!results_.has_items()) return;
        const std::vector<double> prob = probabilities(scores, trained_);
        line += ",\"predictions\":[";
        for (const std::int64_t c : best(scores, options_.results.top)) {
            if (line.back() != '[') line += ',';
            line += "{\"class\":";
            cli::append_json_string(line, classes_[c].id);
            line += ",\"name\":";
            cli::append_json_string(line, classes_[c].names.front());
            line += ",\"score\":";
            record::append_score(line, scores[static_cast<std::size_t>(c)]);
            line += ",\"prob\":";
            record::append_score(line, prob[static_cast<std::size_t>(c)]);
            line += '}';
        }
        line += ']';
    }

    void append_truth(std::string& line, const Truth& truth, std::span<const float> scores) {
        std::string names, ranks;
        for (const std::int64_t c : truth.classes) {
            if (!names.empty()) names += ',', ranks += ',';
            const double rank = eval::rank_of(scores, c, truth.classes, {options_.ties, twins_});
            cli::append_json_string(names, classes_[c].id);
            record::append_score(ranks, rank);
            if (truth.is_list) continue;
            metrics_.add(c, rank);
            if (!options_.confusion.empty())
                confusion_.add(c, rank <= 1 ? c : eval::predicted_class(scores, c));
        }
        if (truth.is_list) {
            metrics_.add_list(truth.classes, scores);
            names = "[" + names + "]";
            ranks = "[" + ranks + "]";
        }
        line += ",\"label\":" + names + ",\"rank\":" + ranks;
    }

    void write_confusion() const {
        std::vector<std::string> ids;
        for (const eval::Class& one : classes_.all()) ids.push_back(one.id);
        confusion_.write_csv(options_.confusion, ids, options_.common.force);
    }

    eval::Summary summary() const {
        eval::Summary s;
        s.dataset = eval::dataset_name(options_.results.dataset, options_.stream.inputs);
        s.model = embedder_.config().name;
        s.pretrained = options_.model.model;
        s.task = "zeroshot_classification";
        s.metrics = metrics_.metrics(options_.results.bootstrap);
        if (regions_) {
            s.task = "zeroshot_region_classification";
            for (eval::Metric& metric : s.metrics)
                if (metric.name == "mean_per_class_recall") metric.name = "mAcc";
            s.more.set("regions", std::to_string(metrics_.items()));
            s.note = ", " + std::to_string(metrics_.items()) + " regions";
            s.settings.set_text("region-mode", eval::name_of(regions_->mode()));
        }
        s.skipped = errors_.skipped();
        s.more.set("unlabelled", std::to_string(unlabelled_));
        if (unlabelled_ > 0) s.note += ", " + std::to_string(unlabelled_) + " unlabelled";
        s.settings.set_text("classes", options_.classes.classes);
        s.settings.set("class_count", std::to_string(classes_.size()));
        s.settings.set_text("templates", options_.classes.templates);
        s.settings.set("template_count", std::to_string(templates_.size()));
        if (embedder_.is_text_conditioned())
            s.settings.set_text("template-average", options_.average_word());
        s.settings.set_text("synonyms",
                            options_.classes.synonyms == eval::Synonyms::kMean ? "mean" : "max");
        s.settings.set_text("labels", options_.labels);
        s.settings.set_text("ties", eval::name_of(options_.ties));
        s.settings.set("bootstrap", std::to_string(options_.results.bootstrap));
        eval::set_machine(s.settings, embedder_.device(), embedder_.precision());
        if (options_.common.provenance) s.provenance = cli::provenance_json(options_.common);
        return s;
    }

    const ZeroshotOptions& options_;
    eval::Results results_;
    record::ErrorLog errors_;
    shard::ImageStream stream_;
    eval::Classes classes_;
    std::vector<std::int64_t> twins_ = classes_.twins();
    std::vector<std::string> templates_;
    Labels labels_;
    eval::Embedder embedder_;
    Trained trained_;
    eval::ClassWeights weights_;
    eval::Classification metrics_;
    std::optional<eval::RegionEmbedder> regions_;  // with --regions
    eval::Confusion confusion_;                    // empty unless asked for
    std::uint64_t unlabelled_ = 0;
};

// Opens what the run would open, but loads no weights.
int plan(const ZeroshotOptions& options) {
    const std::string& summary = options.results.summary;
    record::StreamSettings stream = options.stream;
    if (!stream.rejects.empty()) record::check_can_write(stream.rejects, options.common.force);
    stream.rejects.clear();
    record::check_can_write(options.common.output, options.common.force);
    if (!summary.empty()) record::check_can_write(summary, options.common.force);
    if (!options.confusion.empty())
        record::check_can_write(options.confusion, options.common.force);
    record::ErrorLog errors(stream, false);
    const shard::ImageStream images({stream, options.image_root, true}, errors);
    const eval::Classes classes(options.classes.classes);
    const auto templates = eval::load_templates(options.classes.templates);
    const Labels labels(options.labels, classes);
    const auto folder = model::find_checkpoint(options.model.model);
    const model::ModelConfig config = model::read_config(folder);
    check_average(options);
    cli::info("would load " + folder.string() + " (" + config.name + ", " +
              std::to_string(config.vision.image_size) + " px)");
    cli::info("would classify into " + std::to_string(classes.size()) + " classes with " +
              std::to_string(templates.size()) + " templates");
    cli::info("would write " +
              (options.common.output == "-" ? "standard output" : options.common.output) +
              (summary.empty()  ? ""
               : summary == "-" ? ", only the summary"
                                : " and " + summary) +
              (options.confusion.empty() ? "" : ", confusion: " + options.confusion));
    return cli::kDone;
}

}  // namespace

int zeroshot(const ZeroshotOptions& options) {
    if (options.regions.regions && options.labels != "record")
        throw cli::UsageError(
            "--labels: with --regions the ground truth is the label or text of each region (leave "
            "out --labels)");
    if (!options.regions.regions && options.regions.mode != eval::RegionMode::kAuto)
        throw cli::UsageError("--region-mode needs --regions");
    const std::string& confusion = options.confusion;
    if (!confusion.empty() &&
        (confusion == options.common.output || confusion == options.results.summary))
        throw cli::UsageError("--confusion names the same file as -o or --summary: " + confusion);
    if (options.common.dry_run) return plan(options);
    return Zeroshot(options).run();
}

}  // namespace lip::cmd
