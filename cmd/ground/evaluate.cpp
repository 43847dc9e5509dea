// --evaluate: boxes found for texts beside the true ones.
#include "cli/log.h"
#include "cmd/ground/image_search.h"
#include "eval/grounding_accuracy.h"
#include "eval/results.h"
#include "model/checkpoint.h"

namespace lip::cmd {
namespace {

detect::Phrases texts_of(const eval::Targets& targets) {
    detect::Phrases out;
    for (const eval::Target& target : targets.all) out.push_back(target.text);
    return out;
}

std::vector<detect::Box> boxes_of(const eval::Targets& targets) {
    std::vector<detect::Box> out;
    for (const eval::Target& target : targets.all) out.push_back(target.box);
    return out;
}

class Evaluation {
public:
    explicit Evaluation(const GroundOptions& options)
        : o_(options),
          results_({options.common.output, options.results.summary, options.common.force}),
          search_(options,
                  [](const record::Record& record) { return texts_of(eval::targets_of(record)); }) {
    }

    int run() {
        const int code = search_.run(
            [this](const record::Record& record, const GroundItem& item,
                   const detect::Grounding& found) {
                report(record, found);
                if (item.picture)
                    write_overlay(o_.overlay_dir, record.key, *item.picture, found.best,
                                  item.phrases, o_.common.force,
                                  boxes_of(eval::targets_of(record)));
            },
            [this] { results_.flush(); });
        search_.errors().require_some(regions_, record::kNoRegionTexts);
        results_.finish(summary());
        return code;
    }

private:
    void report(const record::Record& record, const detect::Grounding& found) {
        const eval::Targets targets = eval::targets_of(record);
        results_.count(record.key);
        ambiguous_ += targets.ambiguous;
        without_text_ += targets.without_text;
        if (targets.all.empty()) ++unlabelled_;
        eval::ImageScore score;
        for (std::size_t t = 0; t < targets.all.size(); ++t) {
            const eval::Target& target = targets.all[t];
            const detect::Box box = image::clipped(found.best[t].box);
            const double iou = image::iou(box, target.box);
            score.add(iou, o_.iou);
            std::string line = "{\"key\":";
            cli::append_json_string(line, record.key);
            line += ",\"region\":" + std::to_string(target.region) + ",\"text\":";
            cli::append_json_string(line, target.text);
            line += ",\"box\":";
            record::append_box(line, target.box);
            line += ",\"predicted\":";
            record::append_box(line, box);
            line += ",\"iou\":";
            record::append_score(line, iou);
            line += iou > o_.iou ? ",\"hit\":true}" : ",\"hit\":false}";
            results_.write(line);
        }
        regions_ += score.targets;
        // Without resampling a sum will do.
        if (o_.results.bootstrap > 0 || scores_.empty()) scores_.emplace_back();
        scores_.back().targets += score.targets;
        scores_.back().hits += score.hits;
        scores_.back().iou += score.iou;
    }

    eval::Summary summary() const {
        eval::Summary s;
        s.dataset = eval::dataset_name(o_.results.dataset, o_.stream.inputs);
        s.model = search_.grounder().model_name();
        s.pretrained = o_.grounder.embedder.model;
        s.task = "phrase_grounding";
        s.metrics = eval::accuracy(scores_, o_.iou, o_.results.bootstrap);
        s.skipped = search_.errors().skipped();
        s.more.set("regions", std::to_string(regions_));
        s.more.set("ambiguous", std::to_string(ambiguous_));
        s.more.set("without_text", std::to_string(without_text_));
        s.more.set("unlabelled", std::to_string(unlabelled_));
        s.note = ", " + std::to_string(regions_) + " regions";
        if (ambiguous_ > 0)
            s.note += ", " + std::to_string(ambiguous_) + " left out whose text has several";
        s.settings.set_text(
            "boxes-by", detect::resolve_boxes_by(model::find_checkpoint(o_.grounder.embedder.model),
                                                 o_.grounder.boxes_by));
        s.settings.set("image-size", std::to_string(search_.grounder().image_size()));
        for (const cli::Option& option : o_.declared->all())
            for (const char* name : {"attention", "iou", "bootstrap"})
                if (option.name == name) {
                    const std::string value = cli::join(option.get(), ",");
                    if (option.choices.empty())
                        s.settings.set(name, value);
                    else
                        s.settings.set_text(name, value);
                }
        eval::set_machine(s.settings, search_.grounder().device(), search_.grounder().precision());
        if (o_.common.provenance) s.provenance = cli::provenance_json(o_.common);
        return s;
    }

    const GroundOptions& o_;
    eval::Results results_;
    ImageSearch search_;
    std::vector<eval::ImageScore> scores_;  // of all images; without resampling one, their sum
    std::int64_t regions_ = 0, ambiguous_ = 0, without_text_ = 0, unlabelled_ = 0;
};

}  // namespace

int ground_evaluate(const GroundOptions& options) {
    return Evaluation(options).run();
}

}  // namespace lip::cmd
