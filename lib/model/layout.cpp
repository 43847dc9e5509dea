#include "model/layout.h"

#include "cli/error.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string_view>

namespace lip::model {
namespace {

using at::Tensor;
using tensor::NamedTensors;

// How a tensor of theirs becomes one of ours, or which of its thirds (q, k, v).
enum class As { kSame, kTransposed, kFlat, kScalar, kNumber, kOne, kQ, kK, kV, kKv };

// '#' stands for the number of a layer.
struct Rule {
    std::string_view theirs, ours;
    As as = As::kSame;
};

constexpr Rule kTimmSiglip[] = {
    {"visual.trunk.pos_embed", "visual.positional_embedding", As::kFlat},
    {"visual.trunk.patch_embed.proj.*", "visual.conv1.*"},
    {"visual.trunk.blocks.#.norm1.*", "visual.transformer.resblocks.#.ln_1.*"},
    {"visual.trunk.blocks.#.attn.qkv.*", "visual.transformer.resblocks.#.attn.in_proj_*"},
    {"visual.trunk.blocks.#.attn.proj.*", "visual.transformer.resblocks.#.attn.out_proj.*"},
    {"visual.trunk.blocks.#.norm2.*", "visual.transformer.resblocks.#.ln_2.*"},
    {"visual.trunk.blocks.#.mlp.fc1.*", "visual.transformer.resblocks.#.mlp.c_fc.*"},
    {"visual.trunk.blocks.#.mlp.fc2.*", "visual.transformer.resblocks.#.mlp.c_proj.*"},
    {"visual.trunk.norm.*", "visual.ln_post.*"},
    {"visual.trunk.attn_pool.latent", "visual.map_pool.query", As::kOne},
    {"visual.trunk.attn_pool.q.*", "visual.map_pool.attn.in_proj_*", As::kQ},
    {"visual.trunk.attn_pool.kv.*", "visual.map_pool.attn.in_proj_*", As::kKv},
    {"visual.trunk.attn_pool.proj.*", "visual.map_pool.attn.out_proj.*"},
    {"visual.trunk.attn_pool.norm.*", "visual.map_pool.ln.*"},
    {"visual.trunk.attn_pool.mlp.fc1.*", "visual.map_pool.mlp.c_fc.*"},
    {"visual.trunk.attn_pool.mlp.fc2.*", "visual.map_pool.mlp.c_proj.*"},
    {"text.*", "*"},
    {"logit_scale", "logit_scale", As::kScalar},
    {"logit_bias", "logit_bias", As::kScalar},
};

// The blocks of both towers and both models.
#define LIP_HF_BLOCKS(theirs, ours)                                                \
    {theirs ".layers.#.self_attn.q_proj.*", ours ".#.attn.in_proj_*", As::kQ},     \
        {theirs ".layers.#.self_attn.k_proj.*", ours ".#.attn.in_proj_*", As::kK}, \
        {theirs ".layers.#.self_attn.v_proj.*", ours ".#.attn.in_proj_*", As::kV}, \
        {theirs ".layers.#.self_attn.out_proj.*", ours ".#.attn.out_proj.*"},      \
        {theirs ".layers.#.layer_norm1.*", ours ".#.ln_1.*"},                      \
        {theirs ".layers.#.layer_norm2.*", ours ".#.ln_2.*"},                      \
        {theirs ".layers.#.mlp.fc1.*", ours ".#.mlp.c_fc.*"}, {                    \
        theirs ".layers.#.mlp.fc2.*", ours ".#.mlp.c_proj.*"                       \
    }

constexpr Rule kHfClip[] = {
    {"text_model.embeddings.token_embedding.weight", "token_embedding.weight"},
    {"text_model.embeddings.position_embedding.weight", "positional_embedding"},
    LIP_HF_BLOCKS("text_model.encoder", "transformer.resblocks"),
    {"text_model.final_layer_norm.*", "ln_final.*"},
    {"text_projection.weight", "text_projection", As::kTransposed},
    {"vision_model.embeddings.class_embedding", "visual.class_embedding"},
    {"vision_model.embeddings.patch_embedding.weight", "visual.conv1.weight"},
    {"vision_model.embeddings.position_embedding.weight", "visual.positional_embedding"},
    {"vision_model.pre_layrnorm.*", "visual.ln_pre.*"},
    LIP_HF_BLOCKS("vision_model.encoder", "visual.transformer.resblocks"),
    {"vision_model.post_layernorm.*", "visual.ln_post.*"},
    {"visual_projection.weight", "visual.proj", As::kTransposed},
    {"logit_scale", "logit_scale", As::kScalar},
};

constexpr Rule kHfSiglip[] = {
    {"text_model.embeddings.token_embedding.weight", "token_embedding.weight"},
    {"text_model.embeddings.position_embedding.weight", "positional_embedding"},
    LIP_HF_BLOCKS("text_model.encoder", "transformer.resblocks"),
    {"text_model.final_layer_norm.*", "ln_final.*"},
    {"text_model.head.*", "text_projection.*"},
    {"vision_model.embeddings.patch_embedding.*", "visual.conv1.*"},
    {"vision_model.embeddings.position_embedding.weight", "visual.positional_embedding"},
    LIP_HF_BLOCKS("vision_model.encoder", "visual.transformer.resblocks"),
    {"vision_model.post_layernorm.*", "visual.ln_post.*"},
    {"vision_model.head.probe", "visual.map_pool.query", As::kOne},
    {"vision_model.head.attention.*", "visual.map_pool.attn.*"},
    {"vision_model.head.layernorm.*", "visual.map_pool.ln.*"},
    {"vision_model.head.mlp.fc1.*", "visual.map_pool.mlp.c_fc.*"},
    {"vision_model.head.mlp.fc2.*", "visual.map_pool.mlp.c_proj.*"},
    {"logit_scale", "logit_scale", As::kNumber},
    {"logit_bias", "logit_bias", As::kNumber},
};

constexpr Rule kHfOwlv2[] = {
    {"owlv2.text_model.embeddings.token_embedding.weight", "token_embedding.weight"},
    {"owlv2.text_model.embeddings.position_embedding.weight", "positional_embedding"},
    LIP_HF_BLOCKS("owlv2.text_model.encoder", "transformer.resblocks"),
    {"owlv2.text_model.final_layer_norm.*", "ln_final.*"},
    {"owlv2.text_projection.weight", "text_projection", As::kTransposed},
    {"owlv2.vision_model.embeddings.class_embedding", "visual.class_embedding"},
    {"owlv2.vision_model.embeddings.patch_embedding.weight", "visual.conv1.weight"},
    {"owlv2.vision_model.embeddings.position_embedding.weight", "visual.positional_embedding"},
    {"owlv2.vision_model.pre_layernorm.*", "visual.ln_pre.*"},
    LIP_HF_BLOCKS("owlv2.vision_model.encoder", "visual.transformer.resblocks"),
    {"owlv2.vision_model.post_layernorm.*", "visual.ln_post.*"},
    {"layer_norm.*", "layer_norm.*"},
    {"class_head.*", "class_head.*"},
    {"box_head.*", "box_head.*"},
    {"objectness_head.*", "objectness_head.*"},
};
#undef LIP_HF_BLOCKS

constexpr Rule kOpenClip[] = {
    {"text.*", "*"},
    {"logit_scale", "logit_scale", As::kScalar},
    {"logit_bias", "logit_bias", As::kScalar},
    {"*", "*"},
};

std::span<const Rule> rules_of(Layout layout) {
    switch (layout) {
        case Layout::kTimmSiglip:
            return kTimmSiglip;
        case Layout::kHfClip:
            return kHfClip;
        case Layout::kHfSiglip:
            return kHfSiglip;
        case Layout::kHfOwlv2:
            return kHfOwlv2;
        case Layout::kOpenClip:
            break;
    }
    return kOpenClip;
}

// `name` with the layer and the rest that `from` finds in it put into `to`; nothing if it does not
// fit.
std::optional<std::string> rename(std::string_view name, std::string_view from,
                                  std::string_view to) {
    std::string layer, rest;
    const std::size_t sharp = from.find('#');
    if (sharp != std::string_view::npos) {
        if (!name.starts_with(from.substr(0, sharp))) return std::nullopt;
        name.remove_prefix(sharp);
        from.remove_prefix(sharp + 1);
        while (!name.empty() && name[0] >= '0' && name[0] <= '9') {
            layer += name[0];
            name.remove_prefix(1);
        }
        if (layer.empty()) return std::nullopt;
    }
    if (from.ends_with('*')) {
        from.remove_suffix(1);
        if (!name.starts_with(from)) return std::nullopt;
        rest = name.substr(from.size());
    } else if (name != from) {
        return std::nullopt;
    }
    std::string out(to);
    if (const std::size_t at = out.find('#'); at != std::string::npos) out.replace(at, 1, layer);
    if (const std::size_t at = out.find('*'); at != std::string::npos) out.replace(at, 1, rest);
    return out;
}

// Which thirds of a joint q, k, v a piece is: first and end; {0, 0} for a whole tensor.
std::pair<int, int> thirds(As as) {
    switch (as) {
        case As::kQ:
            return {0, 1};
        case As::kK:
            return {1, 2};
        case As::kV:
            return {2, 3};
        case As::kKv:
            return {1, 3};
        default:
            return {0, 0};
    }
}

Tensor to_ours(const Tensor& theirs, As as) {
    if (as == As::kTransposed && theirs.dim() == 2) return theirs.t().contiguous();
    if (as == As::kFlat && theirs.dim() == 3) return theirs.flatten(0, 1);
    if (as == As::kOne) return theirs.flatten();
    if (as == As::kScalar || as == As::kNumber) return theirs.reshape({});
    return theirs;
}

Tensor to_theirs(const Tensor& ours, As as) {
    if (as == As::kTransposed) return ours.t().contiguous();
    if (as == As::kFlat) return ours.unsqueeze(0);
    if (as == As::kOne) return ours.view({1, 1, -1});
    if (as == As::kNumber) return ours.view({1});
    if (const auto [first, end] = thirds(as); end > 0) {
        const std::int64_t third = ours.size(0) / 3;
        return ours.slice(0, first * third, end * third).contiguous();
    }
    return ours;
}

// Neither weights nor anything that a configuration does not say.
bool is_buffer(std::string_view name) {
    return name.ends_with("position_ids") || name.ends_with("attn_mask") ||
           name == "input_resolution" || name == "context_length" || name == "vocab_size";
}

}  // namespace

bool is_ours_alone(const std::string& name) {
    return name == "local_logit_scale" || name == "region_logit_scale" ||
           name == "visual.mixture_tokens" || name.starts_with("readout.") ||
           name.starts_with("prompter.") || name.starts_with("box_head.");
}

namespace {

std::optional<Layout> layout_of(const NamedTensors& tensors) {
    const auto has = [&](std::string_view name) {
        return std::ranges::any_of(tensors, [&](const auto& entry) { return entry.first == name; });
    };
    if (has("visual.trunk.attn_pool.latent")) return Layout::kTimmSiglip;
    if (has("visual.conv1.weight")) return Layout::kOpenClip;
    if (has("vision_model.head.probe")) return Layout::kHfSiglip;
    if (has("vision_model.embeddings.patch_embedding.weight")) return Layout::kHfClip;
    if (has("owlv2.vision_model.embeddings.patch_embedding.weight")) return Layout::kHfOwlv2;
    return std::nullopt;
}

// Without the parts of a name that wrappers add.
std::string unwrapped(std::string_view name) {
    std::string out;
    for (std::size_t begin = 0; begin <= name.size();) {
        const std::size_t dot = std::min(name.find('.', begin), name.size());
        const std::string_view part = name.substr(begin, dot - begin);
        if (part != "module" && part != "_orig_mod")
            out.append(out.empty() ? "" : ".").append(part);
        begin = dot + 1;
    }
    return out;
}

// The first part of all names with its dot; empty if they differ there.
std::string common_part(const NamedTensors& tensors) {
    if (tensors.empty()) return {};
    const std::string& first = tensors.front().first;
    const std::string part = first.substr(0, first.find('.') + 1);
    const bool is_common = std::ranges::all_of(tensors, [&](const auto& entry) {
        return entry.first.starts_with(part) && entry.first.size() > part.size();
    });
    return is_common ? part : std::string();
}

}  // namespace

NamedTensors without_wrappers(NamedTensors tensors, const std::string& where) {
    for (auto& entry : tensors) entry.first = unwrapped(entry.first);
    NamedTensors plain = tensors;
    for (std::string part; !layout_of(plain) && !(part = common_part(plain)).empty();)
        for (auto& entry : plain) entry.first.erase(0, part.size());
    if (layout_of(plain)) tensors = std::move(plain);
    std::set<std::string_view> names;
    for (const auto& [name, value] : tensors)
        if (!names.insert(name).second)
            throw cli::DataError(where + ": " + name +
                                 " stands there twice, once behind module. or _orig_mod.");
    return tensors;
}

Layout find_layout(const NamedTensors& tensors, const std::string& where) {
    const auto found = layout_of(tensors);
    if (found && *found != Layout::kHfOwlv2) return *found;
    const bool is_resnet = std::ranges::any_of(
        tensors, [](const auto& entry) { return entry.first.starts_with("visual.layer1.0."); });
    if (is_resnet)
        throw cli::DataError(where + ": the image tower is a ResNet, which is not supported");
    throw cli::DataError(where +
                         ": the names of the weights are neither open_clip's nor those of "
                         "Hugging Face's CLIPModel or SiglipModel" +
                         (tensors.empty() ? "" : " (the first is " + tensors[0].first + ")"));
}

NamedTensors from_layout(const NamedTensors& tensors, Layout layout, const std::string& where) {
    NamedTensors ours;
    std::map<std::string, std::vector<std::pair<int, Tensor>>> pieces;  // by our name
    for (const auto& [name, given] : tensors) {
        if (is_buffer(name)) continue;
        const Tensor value = given.to(at::kFloat);
        std::optional<std::string> renamed;
        As as = As::kSame;
        for (const Rule& rule : rules_of(layout)) {
            as = rule.as;
            if ((renamed = rename(name, rule.theirs, rule.ours))) break;
        }
        if (!renamed)
            ours.emplace_back(name, value);
        else if (const int first = thirds(as).first; thirds(as).second > 0)
            pieces[*renamed].emplace_back(first, value);
        else
            ours.emplace_back(*renamed, to_ours(value, as));
    }
    for (auto& [name, parts] : pieces) {
        std::ranges::sort(parts, {}, [](const auto& part) { return part.first; });
        std::vector<Tensor> rows;
        std::int64_t count = 0;
        for (const auto& [first, value] : parts) {
            rows.push_back(value);
            count += value.dim() > 0 ? value.size(0) : 0;
        }
        const Tensor joint = at::cat(rows);
        if (parts.size() < 2 || count % 3 != 0)
            throw cli::DataError(where + ": query, key or value of " + name + " is missing");
        ours.emplace_back(name, joint);
    }
    return ours;
}

NamedTensors to_layout(const NamedTensors& tensors, Layout layout, std::vector<std::string>& left,
                       bool keep_ours) {
    NamedTensors theirs;
    for (const auto& [name, value] : tensors) {
        // A detector's box_head has a place among its own names.
        if (layout != Layout::kHfOwlv2 && is_ours_alone(name)) {
            if (keep_ours)
                theirs.emplace_back(name, value.detach());
            else
                left.push_back(name);
            continue;
        }
        bool found = false;
        for (const Rule& rule : rules_of(layout)) {
            // open_clip's plain models have no "text." in front.
            if (layout == Layout::kOpenClip && rule.theirs == "text.*") continue;
            // The text tower's rule takes every name: vision has rules of its own.
            if (rule.ours == "*" && rule.theirs == "text.*" &&
                (name.starts_with("visual.") || name.starts_with("logit_")))
                continue;
            const auto renamed = rename(name, rule.ours, rule.theirs);
            if (!renamed) continue;
            theirs.emplace_back(*renamed, to_theirs(value.detach(), rule.as));
            found = true;
            if (thirds(rule.as).second == 0) break;
        }
        if (!found) left.push_back(name);
    }
    return theirs;
}

}  // namespace lip::model
