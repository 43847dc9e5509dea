#include "cmd/embed/mixing_summary.h"

#include "eval/results.h"
#include "record/file.h"
#include "record/object.h"

#include <string>

namespace lip::cmd {
namespace {

std::string number(double value) {
    std::string text;
    record::append_score(text, value);
    return text;
}

std::string list(const std::vector<double>& values) {
    std::string text = "[";
    for (const double value : values) text += (text.size() > 1 ? "," : "") + number(value);
    return text + "]";
}

std::string json(const record::Object& object) {
    std::string text;
    object.append_json(text);
    return text;
}

}  // namespace

void write_mixing_summary(const EmbedOptions& options, const eval::Embedder& embedder,
                          const eval::MixingFigures& figures, std::size_t images, std::size_t texts,
                          std::uint64_t skipped) {
    record::Object metrics, settings, all;
    metrics.set("mixing_entropy", number(figures.entropy()));
    metrics.set("text_distance", number(figures.distance()));
    metrics.set("effective_rank", number(figures.effective_rank()));
    eval::set_machine(settings, embedder.device(), embedder.precision());
    all.set_text("dataset", eval::dataset_name("", options.stream.inputs));
    all.set_text("model", embedder.config().name);
    all.set_text("pretrained", options.model.model);
    all.set("metrics", json(metrics));
    all.set("count", std::to_string(images));
    all.set("texts", std::to_string(texts));
    all.set("skipped", std::to_string(skipped));
    all.set("singular_values", list(figures.singular_values()));
    all.set("settings", json(settings));
    if (options.common.provenance) all.set("provenance", cli::provenance_json(options.common));
    record::write_file(options.mixing_summary, json(all) + "\n", options.common.force);
}

}  // namespace lip::cmd
