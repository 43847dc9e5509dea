#include "model/config.h"

#include "cli/error.h"
#include "cli/values.h"
#include "record/file.h"

#include <filesystem>
#include <string_view>

namespace lip::model {
namespace {

struct Arch {
    std::string_view name;
    std::int64_t embed_dim, image_size, patch, layers, width, head_width;
    double mlp_ratio;
    std::int64_t text_width, text_heads, text_layers;
};
// open_clip's names and shapes; each also as NAME-quickgelu, as OpenAI's models are.
constexpr Arch kArchs[] = {
    {"ViT-S-32", 384, 224, 32, 12, 384, 64, 4, 384, 6, 12},
    {"ViT-S-16", 384, 224, 16, 12, 384, 64, 4, 384, 6, 12},
    {"ViT-S-32-alt", 256, 224, 32, 12, 384, 64, 4, 256, 4, 10},
    {"ViT-S-16-alt", 256, 224, 16, 12, 384, 64, 4, 256, 4, 10},
    {"ViT-M-32", 512, 224, 32, 12, 512, 64, 4, 512, 8, 12},
    {"ViT-M-16", 512, 224, 16, 12, 512, 64, 4, 512, 8, 12},
    {"ViT-B-32", 512, 224, 32, 12, 768, 64, 4, 512, 8, 12},
    {"ViT-B-32-256", 512, 256, 32, 12, 768, 64, 4, 512, 8, 12},
    {"ViT-B-16", 512, 224, 16, 12, 768, 64, 4, 512, 8, 12},
    {"ViT-B-16-plus-240", 640, 240, 16, 12, 896, 64, 4, 640, 10, 12},
    {"ViT-L-16", 768, 224, 16, 24, 1024, 64, 4, 768, 12, 12},
    {"ViT-L-14", 768, 224, 14, 24, 1024, 64, 4, 768, 12, 12},
    {"ViT-L-14-280", 768, 280, 14, 24, 1024, 64, 4, 768, 12, 12},
    {"ViT-L-14-336", 768, 336, 14, 24, 1024, 64, 4, 768, 12, 12},
    {"ViT-H-16", 1024, 224, 16, 32, 1280, 80, 4, 1024, 16, 24},
    {"ViT-H-14", 1024, 224, 14, 32, 1280, 80, 4, 1024, 16, 24},
    {"ViT-H-14-378", 1024, 378, 14, 32, 1280, 80, 4, 1024, 16, 24},
    {"ViT-g-14", 1024, 224, 14, 40, 1408, 88, 4.3637, 1024, 16, 24},
    {"ViT-bigG-14", 1280, 224, 14, 48, 1664, 104, 4.9231, 1280, 20, 32},
};

// The model of the demo: 48 px, 0.9 million parameters.
ModelConfig demo_config() {
    ModelConfig config;
    config.name = "demo";
    config.embed_dim = 128;
    VisionConfig& vision = config.vision;
    vision.image_size = 48;
    vision.patch_size = 8;
    vision.layers = 3;
    vision.width = 128;
    vision.head_width = 32;
    TextConfig& text = config.text;
    text.context_length = 32;
    text.vocab_size = 1000;
    text.layers = 2;
    text.width = 64;
    text.heads = 2;
    text.pool_type = "eos";
    return config;
}

}  // namespace

std::vector<std::string> arch_names() {
    std::vector<std::string> names = {"demo"};
    for (const Arch& arch : kArchs) names.emplace_back(arch.name);
    return names;
}

ModelConfig load_arch(const std::string& name) {
    if (name == "demo") return demo_config();
    constexpr std::string_view kQuick = "-quickgelu";
    const bool quick = name.ends_with(kQuick);
    const std::string_view plain =
        std::string_view(name).substr(0, name.size() - (quick ? kQuick.size() : 0));
    for (const Arch& arch : kArchs) {
        if (plain != arch.name) continue;
        ModelConfig config;
        config.name = name;
        config.embed_dim = arch.embed_dim;
        config.vision.image_size = arch.image_size;
        config.vision.layers = arch.layers;
        config.vision.width = arch.width;
        config.vision.head_width = arch.head_width;
        config.vision.mlp_ratio = arch.mlp_ratio;
        config.vision.patch_size = arch.patch;
        config.text.width = arch.text_width;
        config.text.heads = arch.text_heads;
        config.text.layers = arch.text_layers;
        if (quick) config.vision.activation = config.text.activation = Activation::kQuickGelu;
        return config;
    }
    if (std::filesystem::is_regular_file(name))
        return parse_config(record::read_file(name, 1 << 20), name);
    throw cli::UsageError("--arch: '" + name + "' is neither a file nor one of " +
                          cli::join(arch_names()));
}

namespace {

// Throws what is said of a configuration unless it is so.
struct Requirement {
    const std::string& where;
    void operator()(bool good, const std::string& what) const {
        if (!good) throw cli::DataError(where + ": " + what);
    }
};

bool sane(std::int64_t n, std::int64_t most) {
    return n >= 1 && n <= most;
}

void check_towers(const ModelConfig& c, const Requirement& require) {
    require(sane(c.embed_dim, 1 << 16), "embed_dim must be 1..65536");
    require(sane(c.vision.width, 1 << 16) && sane(c.vision.layers, 1024),
            "vision width or layers out of bounds");
    require(sane(c.vision.patch_size, 1 << 12) && sane(c.vision.image_size, 1 << 14),
            "image or patch size out of bounds");
    require(c.vision.image_size >= c.vision.patch_size, "image_size is less than patch_size");
    require(sane(c.vision.head_width, c.vision.width) && c.vision.width % c.vision.head_width == 0,
            "vision width must be a multiple of head_width");
    require(sane(c.text.width, 1 << 16) && sane(c.text.layers, 1024),
            "text width or layers out of bounds");
    require(sane(c.text.heads, c.text.width) && c.text.width % c.text.heads == 0,
            "text width must be a multiple of heads");
    require(sane(c.text.context_length, 1 << 14), "context_length out of bounds");
    require(sane(c.text.vocab_size, 1 << 24), "vocab_size out of bounds");
    require(c.vision.mlp_ratio > 0 && c.vision.mlp_ratio <= 64 && c.text.mlp_ratio > 0 &&
                c.text.mlp_ratio <= 64,
            "mlp_ratio out of bounds");
    require(
        c.vision.pool_type == "tok" || c.vision.pool_type == "avg" || c.vision.pool_type == "map",
        "vision pool_type must be tok, avg or map");
    require(c.vision.pool_type != "tok" || c.vision.class_token,
            "vision pool_type tok needs a class token");
    const VisionConfig& v = c.vision;
    require(!v.attentional_pool || (v.pool_type != "map" && v.projection && v.class_token),
            "attentional_pool needs a class token, a projection, and pool_type tok or avg");
    require(!v.attentional_pool ||
                (sane(v.attn_pooler_heads, c.embed_dim) && c.embed_dim % v.attn_pooler_heads == 0),
            "embed_dim must be a multiple of attn_pooler_heads");
    require(!v.attentional_pool || (sane(v.attn_pooler_queries, 1 << 14) &&
                                    (v.pool_type == "tok" || v.attn_pooler_queries > 1)),
            "attn_pooler_queries must be 1..16384, 2 at least with pool_type avg");
    require(c.vision.projection || c.vision.width == c.embed_dim,
            "without a projection embed_dim must be the vision width");
    const std::string& pool = c.text.pool_type;
    require(pool == "argmax" || pool == "eos" || pool == "first" || pool == "last",
            "text pool_type must be argmax, eos, first or last");
    require(c.vision.norm_eps > 0 && c.text.norm_eps > 0, "eps must be positive");
    require(sane(c.text.pad_id + 1, c.text.vocab_size), "pad_id is outside the vocabulary");
}

void check_methods(const ModelConfig& c, const Requirement& require) {
    const VisionConfig& v = c.vision;
    require(
        !c.has_mixture() || (!v.attentional_pool && v.pool_type != "map" && v.projection),
        "llip needs a plain vision tower: no attentional_pool, no pool_type map, and a projection");
    require(!c.has_mixture() || sane(c.llip.mixture_tokens, 1 << 12),
            "llip.mixture_tokens must be 1..4096");
    require(
        !c.has_mixture() || (sane(c.llip.heads, c.embed_dim) && c.embed_dim % c.llip.heads == 0),
        "embed_dim must be a multiple of llip.heads");
    require(!c.asks_patches() || !v.attentional_pool,
            "flair asks the patches, which do not leave a tower with attentional_pool");
    require(!c.asks_patches() || v.image_size % v.patch_size == 0,
            "flair needs an image_size that is a multiple of patch_size");
    require(
        !c.asks_patches() || (sane(c.flair.heads, c.embed_dim) && c.embed_dim % c.flair.heads == 0),
        "flair.heads is " + std::to_string(c.flair.heads) + ", which does not divide embed_dim, " +
            std::to_string(c.embed_dim));
    require(!c.asks_patches() || c.regions || c.flair.tcs_weight + c.flair.mps_weight > 0,
            "flair.tcs_weight and flair.mps_weight are both 0: there would be nothing to learn");
    require(
        c.method != "dreamlip" || c.regions ||
            c.dreamlip.global_weight + c.dreamlip.local_weight > 0,
        "dreamlip.global_weight and dreamlip.local_weight are both 0: there would be nothing to "
        "learn");
}

void check_preprocess(const ModelConfig& c, const Requirement& require) {
    require(c.preprocess.mean.size() == 3 && c.preprocess.std.size() == 3,
            "mean and std must have three numbers");
    for (const double s : c.preprocess.std) require(s > 0, "std must be positive");
    require(c.preprocess.interpolation == "bicubic" || c.preprocess.interpolation == "bilinear",
            "interpolation must be bicubic or bilinear");
    const std::string& mode = c.preprocess.resize_mode;
    require(mode == "shortest" || mode == "shortest_floor" || mode == "squash" || mode == "longest",
            "resize_mode must be shortest, shortest_floor, squash or longest");
}

void check_regions(const ModelConfig& c, const Requirement& require) {
    const VisionConfig& v = c.vision;
    require(v.image_size % v.patch_size == 0,
            "with regions image_size must be a multiple of patch_size");
    require(c.cloc.box_tokens == 1 || c.cloc.box_tokens == 2, "cloc.box_tokens must be 1 or 2");
    require(!c.cloc.has_layer() || v.width % (c.cloc.box_tokens == 1 ? 8 : 4) == 0,
            "the position encoding needs a vision width that is a multiple of 4 (8 with "
            "cloc.box_tokens=1)");
    require(sane(c.cloc.regions_per_image, 256), "cloc.regions_per_image must be 1..256");
    require(sane(c.cloc.context_length, c.text.context_length),
            "cloc.context_length must be at least 1 and at most that of the texts");
    require(!v.attentional_pool || c.cloc.tokens == "patch_raw",
            "attentional_pool does not normalise patches: cloc.tokens must be patch_raw");
    require(c.cloc.tokens != "with_cls" || (v.class_token && !c.has_mixture()),
            "cloc.tokens=with_cls needs a class token");
}

}  // namespace

void check(const ModelConfig& c, const std::string& where) {
    const Requirement require{where};
    check_towers(c, require);
    check_methods(c, require);
    check_preprocess(c, require);
    if (c.regions) check_regions(c, require);
}

}  // namespace lip::model
