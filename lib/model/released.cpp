#include "model/released.h"

#include "cli/error.h"
#include "model/positions.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

namespace lip::model {
namespace {

using at::Tensor;
using tensor::NamedTensors;

// The tensor of a name, taken away.
std::optional<Tensor> take(NamedTensors& all, std::string_view name) {
    const auto found = std::ranges::find(all, name, &NamedTensors::value_type::first);
    if (found == all.end()) return std::nullopt;
    Tensor value = found->second;
    all.erase(found);
    return value;
}

Tensor* find(NamedTensors& all, std::string_view name) {
    const auto found = std::ranges::find(all, name, &NamedTensors::value_type::first);
    return found == all.end() ? nullptr : &found->second;
}

Tensor joined(const Tensor& first, const Tensor& rest) {
    return at::cat({first.slice(0, 0, kKeptPositions), rest.slice(0, kKeptPositions)});
}

bool are_tables(const Tensor& first, const Tensor& rest) {
    return first.dim() == 2 && first.sizes() == rest.sizes() && first.size(0) > kKeptPositions;
}

void join_long_clip(ForeignModel& foreign) {
    constexpr std::string_view kRest = "positional_embedding_res";
    Tensor* first = find(foreign.tensors, "positional_embedding");
    const Tensor* rest = find(foreign.tensors, kRest);
    if (!first || !rest || !are_tables(*first, *rest)) return;
    *first = joined(*first, *rest);
    take(foreign.tensors, kRest);
    foreign.notes.emplace_back("Long-CLIP's two tables of text positions are joined at 20");
}

bool fit_fg_clip(ForeignModel& foreign, bool long_text) {
    NamedTensors& all = foreign.tensors;
    const std::string tables = "text_model.embeddings.position_embedding_";
    Tensor* positions = find(all, "positional_embedding");
    Tensor* projection = find(all, "text_projection");
    const Tensor* kept = find(all, tables + "ori.weight");
    const Tensor* rest = find(all, tables + "res.weight");
    const Tensor* of_long = find(all, "text_filip_projection.weight");
    if (!positions || !projection || !kept || !rest || !of_long || !are_tables(*kept, *rest))
        return false;
    if (long_text) {
        *positions = joined(*kept, *rest);
        *projection = of_long->t().contiguous();
    }
    foreign.config.text.context_length = positions->size(0);
    foreign.notes.push_back(
        "FG-CLIP for texts of at most " + std::to_string(positions->size(0)) +
        (long_text ? " tokens" : " tokens (--long-text: its tables for longer ones)"));
    for (const std::string& name :
         {tables + "ori.weight", tables + "res.weight", std::string("text_filip_projection.weight"),
          std::string("logit_scale_finegraind"), std::string("logit_scale_hardneg")})
        take(all, name);
    if (foreign.config.preprocess.resize_mode == "shortest_floor") {
        foreign.config.preprocess.resize_mode = "squash";
        foreign.notes.emplace_back("FG-CLIP's images are resized to squares, without a crop");
    }
    return true;
}

void fit_flair(ForeignModel& foreign) {
    NamedTensors& all = foreign.tensors;
    if (!find(all, "image_post.proj") || !find(all, "text_post.proj")) return;
    all.emplace_back("visual.proj", *take(all, "image_post.proj"));
    all.emplace_back("text_projection", *take(all, "text_post.proj"));
    const Tensor* joint = find(all, "visual_proj.attn.in_proj_weight");
    const Tensor* joint_bias = find(all, "visual_proj.attn.in_proj_bias");
    const bool asks = joint && joint_bias && joint->dim() == 2 && joint_bias->dim() == 1 &&
                      joint->size(0) == 3 * joint->size(1) && joint_bias->size(0) == joint->size(0);
    if (!asks) {
        foreign.notes.emplace_back(
            "FLAIR without visual_proj, by which texts ask the patches: vectors are its global "
            "ones");
        return;
    }
    const char* parts[] = {"query", "key", "value"};
    const auto weights = take(all, "visual_proj.attn.in_proj_weight")->chunk(3);
    const auto biases = take(all, "visual_proj.attn.in_proj_bias")->chunk(3);
    for (std::size_t i = 0; i < weights.size(); ++i) {
        const std::string name = std::string("readout.") + parts[i];
        all.emplace_back(name + ".weight", weights[i].contiguous());
        all.emplace_back(name + ".bias", biases[i].contiguous());
    }
    for (const auto& [theirs, ours] : {std::pair{"attn.out_proj", "output"},
                                       {"ln_q", "ln_text"},
                                       {"ln_k", "ln_key"},
                                       {"ln_v", "ln_value"}})
        for (const char* kind : {".weight", ".bias"})
            if (auto value = take(all, std::string("visual_proj.") + theirs + kind))
                all.emplace_back(std::string("readout.") + ours + kind, std::move(*value));
    foreign.config.method = "flair";
    foreign.config.has_logit_bias = find(all, "logit_bias") != nullptr;
    foreign.notes.emplace_back("FLAIR: texts ask the patches by visual_proj, with 8 heads");
}

// Heads that only training uses, by the beginning of their names.
struct TrainingPart {
    std::string_view prefix, model;
};
constexpr TrainingPart kTrainingParts[] = {
    {"visual.attn_cross_pool.", "COSMOS"}, {"text_attn_cross_pool.", "COSMOS"},
    {"image_token_mapping.", "COSMOS"},    {"text_token_mapping.", "COSMOS"},
    {"distill_logit_scale", "COSMOS"},     {"multi_classifier.", "DreamLIP"},
    {"visual.proj2", "DreamLIP"},
};

void drop_training_parts(ForeignModel& foreign) {
    std::string_view model;
    const auto is_of_training = [&](const auto& entry) {
        const auto* part = std::ranges::find_if(kTrainingParts, [&](const TrainingPart& p) {
            return std::string_view(entry.first).starts_with(p.prefix);
        });
        if (part == std::end(kTrainingParts)) return false;
        model = part->model;
        return true;
    };
    const std::size_t dropped = std::erase_if(foreign.tensors, is_of_training);
    if (dropped == 0) return;
    foreign.notes.push_back(std::string(model) + ": " + std::to_string(dropped) +
                            " tensors that only its training uses are left out");
}

}  // namespace

void fit_released(ForeignModel& foreign, bool long_text) {
    join_long_clip(foreign);
    const bool is_fg_clip = fit_fg_clip(foreign, long_text);
    if (long_text && !is_fg_clip)
        throw cli::UsageError(
            "--long-text: SRC is not FG-CLIP, which has two tables of text "
            "positions");
    fit_flair(foreign);
    drop_training_parts(foreign);
}

}  // namespace lip::model
