// The shape of a model: open_clip's JSON schema.
#pragma once

#include "image/image.h"

#include <cstdint>
#include <string>
#include <vector>

namespace lip::model {

enum class Activation { kGelu, kQuickGelu, kGeluTanh };

// Of an MLP; a ratio made by dividing two widths gives the first of them back.
inline std::int64_t hidden_width(double ratio, std::int64_t width) {
    return static_cast<std::int64_t>(ratio * static_cast<double>(width) + 1e-6);
}

struct VisionConfig {
    std::int64_t image_size = 224, patch_size = 16;
    std::int64_t layers = 12, width = 768, head_width = 64;
    double mlp_ratio = 4;
    std::string pool_type =
        "tok";  // tok: class token; avg: mean of the patches; map: SigLIP's head
    bool no_ln_pre = false;
    bool final_ln_after_pool = false;
    double norm_eps = 1e-5;
    Activation activation = Activation::kGelu;
    double ls_init_value = 0;  // of LayerScale; 0: there is none
    // open_clip's attention pooling: queries over all tokens come before ln_post, and pool_type
    // picks among what they find.
    bool attentional_pool = false;
    std::int64_t attn_pooler_queries = 256, attn_pooler_heads = 8;
    // SigLIP's towers have no class token, a bias on the patches and no projection.
    bool class_token = true, patch_bias = false, projection = true;

    std::int64_t heads() const { return width / head_width; }
    // Patches along a side; what is left of the image at its right and bottom is not looked at.
    std::int64_t grid() const { return image_size / patch_size; }
    std::int64_t hidden() const { return hidden_width(mlp_ratio, width); }
};

struct TextConfig {
    std::int64_t context_length = 77, vocab_size = 49408;
    std::int64_t layers = 12, width = 512, heads = 8;
    double mlp_ratio = 4;
    // argmax: highest id (CLIP's end token); eos: first eos_id; first; last: of context_length
    std::string pool_type = "argmax";
    std::int64_t eos_id = 2, pad_id = 0;
    bool no_causal_mask = false, proj_bias = false;
    double norm_eps = 1e-5;
    Activation activation = Activation::kGelu;
    std::string tokenizer = "sentencepiece";
    // In open_clip's files: it takes Hugging Face's class for it, and how it cleans texts before.
    bool has_hf_tokenizer = false;
    std::string clean = {};  // lower, whitespace or canonicalize

    std::int64_t hidden() const { return hidden_width(mlp_ratio, width); }
    // Every text has context_length tokens: what stands behind its end is attended to or read.
    bool is_padded() const { return no_causal_mask || pool_type == "last"; }
};

struct PreprocessConfig {
    std::vector<double> mean = {0.48145466, 0.4578275, 0.40821073};
    std::vector<double> std = {0.26862954, 0.26130258, 0.27577711};
    std::string interpolation = "bicubic";
    std::string resize_mode = "shortest";  // shortest, shortest_floor, squash, longest
    image::Rgb fill_color = {0, 0, 0};     // of what longest leaves free
};

// Losses of DreamLIP, the block "dreamlip" (doc/dreamlip.md). The first of each list is the
// default.
struct DreamlipConfig {
    std::string positives = "slots";  // slots, all, lse, sigmoid: form of the multi-positive loss
    bool mask_equal_texts = false;    // equal texts of other images are no negatives
    double global_weight = 1, local_weight = 1;
    double local_threshold = -1;          // least weight of a patch in a group; -1: 1 / patches
    std::string local_norm = "minmax";    // minmax, softmax: of a group's weights
    bool stop_grad_weights = false;       // they are constants to the gradient
    std::string local_direction = "t2g";  // t2g, g2t, both: texts look for groups, groups for texts
    std::string local_negatives = "image";  // image, batch: whose texts and groups
    double local_filter = 0;                // texts more alike than this are no negatives; 0: off
    std::string local_scale = "shared";     // shared, separate (learnt), fixed
    double fixed_local_scale = 0;

    bool has_own_scale() const { return local_weight != 0 && local_scale == "separate"; }
};

// The block "llip" (doc/llip.md): an image is mixture tokens, mixed anew for every text.
struct LlipConfig {
    std::int64_t mixture_tokens = 64;  // behind the patches, in place of a class token
    std::int64_t heads = 8;            // of the mixing; divides embed_dim
    double temperature = 5;            // large: all tokens alike, small: the best one
    bool learn_temperature = false;
    std::string scale = "tau";  // tau, tau_sqrt (also divided by the root of a head's width)
    bool layer_norm = false;    // norms of what queries, keys and values are made from
    bool bias = false;          // of queries and values (of keys it would cancel)
    bool class_token = false;   // one more token in the tower, which nothing reads
    // What queries are made from: the text's feature, its projection, or that at unit length.
    std::string query = "pre_projection";  // pre_projection, projected, projected_unit
    // What mixes the tokens: the text; or, the steps that lead there, one learned query for all
    // texts, the mean, the first token alone.
    std::string mixing = "text";  // text, learned, average, first

    bool has_keys() const { return mixing == "text" || mixing == "learned"; }
};

// The block "flair" (doc/flair.md): texts ask the patches of an image. The first of a list is the
// default.
struct FlairConfig {
    std::int64_t heads = 8;           // of the pooling; divides embed_dim
    std::string negatives = "drawn";  // drawn, all: texts of each other image
    // Of the loss over text-conditioned vectors, and of that over the images' own.
    double tcs_weight = 0.5, mps_weight = 0.5;
};

// Regions: CLOC's Prompter and losses, the block "cloc" (doc/cloc.md). The first of each list is
// the default.
struct ClocConfig {
    // What a region's vector is made from: patches behind the last norm, or as the last block
    // leaves them, or with the class token in front.
    std::string tokens = "patch_ln";  // patch_ln, patch_raw, with_cls
    // A transformer layer of which only the prompt's rows are read, or all; or no layer: the mean
    // of bilinear samples within the box (RoIAlign).
    std::string pool = "prompt_only";  // prompt_only, gap_all, roi
    std::int64_t box_tokens = 2;       // a token for each corner, or 1 for both
    std::string pe = "sinus";          // sinus, sinus_2pi, fourier: encoding of places
    bool patch_pe = true;              // also added to the image's tokens
    // Boxes attend to the patches under them first (roi: log of RoIAlign's weights is added to the
    // scores), or find them by themselves.
    std::string box_prior = "none";       // none, roi
    std::string head_in = "pooled";       // pooled, projected: what the box head reads
    std::string box_out = "sigmoid";      // sigmoid, linear
    std::string prompter = "shared";      // shared, separate: layers of boxes and phrases
    std::string region_scale = "shared";  // shared, own: temperature of the regions' contrast
    double filter = 0.9;                  // phrases more alike are no negatives; -1: off
    bool filter_centred = false;          // compared after the mean of all phrases is taken off
    std::string region_mean = "valid";    // valid, fixed: losses per region, or per place for one
    double weight = 1;            // of both losses, times the share of images that have regions
    double grounding_weight = 1;  // of phrase to box; 0: no box head
    std::int64_t regions_per_image = 4;  // drawn for a step
    std::int64_t context_length = 16;    // of phrases, in tokens

    bool has_layer() const { return pool != "roi"; }
    bool has_grounding() const { return has_layer() && grounding_weight != 0; }
};

// Low-rank additions to the matrices of a tower's blocks (Hu et al. 2021, section 4.1): in place of
// W x they compute W x + (alpha / rank) B (A x). The block "lora".
struct LoraConfig {
    std::int64_t rank = 0;  // 0: there are none
    double alpha = 0;
    bool vision = true, text = true;  // the towers that have them

    bool any() const { return rank > 0; }
    double scale() const { return rank > 0 ? alpha / static_cast<double>(rank) : 0; }
};

struct ModelConfig {
    std::string name;  // of the architecture, for people
    std::int64_t embed_dim = 512;
    VisionConfig vision;
    TextConfig text;
    PreprocessConfig preprocess;
    double init_logit_scale = 2.6592600369327783;  // ln(1/0.07)
    bool has_logit_bias = false;                   // sigmoid losses
    double init_logit_bias = -10;
    std::string method = "clip";  // what it was trained by: clip, siglip, dreamlip, llip, ...
    DreamlipConfig dreamlip;      // of that method
    LlipConfig llip;              // of that method
    FlairConfig flair;            // of that method
    bool regions = false;         // cloc, and any method with --regions
    ClocConfig cloc;              // with regions
    LoraConfig lora;              // of a model that is being fine-tuned

    bool has_mixture() const { return method == "llip"; }
    bool asks_patches() const { return method == "flair"; }
    bool has_readout() const { return has_mixture() || asks_patches(); }
    // An image has another vector for every text.
    bool is_text_conditioned() const {
        return asks_patches() || (has_mixture() && llip.mixing == "text");
    }
};

// Reads {"model_cfg": {...}, "preprocess_cfg": {...}} or a bare model_cfg. Throws DataError naming
// `where` and the key: unknown keys that change the model are refused, not ignored.
ModelConfig parse_config(const std::string& json, const std::string& where);
std::string to_json(const ModelConfig& config);

// Sets one key of a method's block: "dreamlip.local_weight=0.1". Throws UsageError for what is no
// key or no value of it.
void apply_setting(ModelConfig& config, const std::string& setting);

// A name of the table (ViT-B-16, ViT-S-16, demo, ...) or a JSON file. Throws UsageError for an
// unknown name, listing the known ones.
ModelConfig load_arch(const std::string& name_or_file);
std::vector<std::string> arch_names();

// Throws DataError unless sizes are positive, divide each other and stay in bounds.
void check(const ModelConfig& config, const std::string& where);

}  // namespace lip::model
