#include "detect/grounder.h"

#include "cli/error.h"
#include "model/checkpoint.h"
#include "tensor/device.h"

#include <map>

namespace lip::detect {

std::string resolve_boxes_by(const std::filesystem::path& checkpoint, const std::string& wanted) {
    const bool is_detector = model::is_detector(checkpoint);
    const auto lacks = [&](const std::string& what) {
        throw cli::DataError(checkpoint.string() + ": " + what);
    };
    if (is_detector) {
        if (wanted != "auto" && wanted != "owlv2")
            lacks("is an OWLv2 detector, which does not support --boxes-by=" + wanted +
                  " (--boxes-by=owlv2)");
        return "owlv2";
    }
    const model::ModelConfig config = model::read_config(checkpoint);
    if (wanted == "owlv2")
        lacks("is not an OWLv2 detector: its method is " + config.method + " (--boxes-by=patches)");
    const bool has_head = config.regions && config.cloc.has_grounding();
    if (has_head && wanted != "patches") return "head";
    if (wanted == "head")
        lacks("has no box head: its method is " + config.method + " (--boxes-by=patches)");
    return "patches";
}

std::unique_ptr<Grounder> make_grounder(const GrounderSettings& settings) {
    const eval::EmbedderSettings& model = settings.embedder;
    tensor::configure_process(model.threads, model.deterministic);
    const std::string by = resolve_boxes_by(model::find_checkpoint(model.model), settings.boxes_by);
    return by == "owlv2"  ? make_owlv2_grounder(settings)
           : by == "head" ? make_head_grounder(settings)
                          : make_patch_grounder(settings);
}

DistinctPhrases distinct(std::span<const Phrases> phrases) {
    DistinctPhrases out;
    std::map<std::string, std::int64_t> number_of;
    for (const Phrases& list : phrases) {
        std::vector<std::int64_t>& numbers = out.numbers.emplace_back();
        for (const std::string& text : list) {
            const auto [at, is_new] = number_of.emplace(text, std::ssize(out.texts));
            if (is_new) out.texts.push_back(text);
            numbers.push_back(at->second);
        }
    }
    return out;
}

}  // namespace lip::detect
