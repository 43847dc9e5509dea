// zeroshot-bench IMAGES CLASSES K ROUNDS THREADS: seconds an image of zero-shot classification,
// with random weights, in turn: a Llip ViT-B/16 of 196 patches and K mixture tokens, every class
// mixing the image; the same model used with the vector that depends on no text; and a CLIP
// ViT-B/16 of 256 patches (257 tokens, with K = 64 the others have 260). Prints one JSON line:
// medians, and the medians of the ratios of a round.
#include "cli/log.h"
#include "loss/llip.h"
#include "model/language_image_model.h"
#include "tensor/device.h"
#include "tensor/math.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <vector>

namespace {

using namespace lip;
using at::Tensor;

constexpr std::int64_t kBatch = 8;

double median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
}

model::ModelConfig llip_config(const std::string& tokens) {
    model::ModelConfig config = model::load_arch("ViT-B-16");
    config.method = "llip";
    model::apply_setting(config, "llip.mixture_tokens=" + tokens);
    return config;
}

model::ModelConfig clip_config() {
    model::ModelConfig config = model::load_arch("ViT-B-16");
    config.vision.image_size = 256;
    return config;
}

// Seconds an image; `score` gets pixels of a batch.
double seconds(std::int64_t images, std::int64_t size,
               const std::function<Tensor(const Tensor&)>& score) {
    const Tensor pixels = at::randint(0, 256, {kBatch, 3, size, size}, at::kByte);
    const double start = cli::monotonic_s();
    for (std::int64_t i = 0; i < images; i += kBatch) score(pixels);
    return (cli::monotonic_s() - start) / static_cast<double>(images);
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 6) {
        std::fprintf(stderr, "usage: zeroshot-bench IMAGES CLASSES K ROUNDS THREADS\n");
        return 2;
    }
    const auto number = [&](int i) { return static_cast<std::int64_t>(std::atol(argv[i])); };
    tensor::configure_process(std::atoi(argv[5]), false);
    const at::NoGradGuard no_grad;
    const std::int64_t images = (number(1) + kBatch - 1) / kBatch * kBatch, classes = number(2);
    const model::LanguageImageModel llip(llip_config(argv[3]), 1), clip(clip_config(), 1);
    const std::int64_t d = llip.config.embed_dim;
    const Tensor queries = at::randn({classes, d}) / llip.config.llip.temperature,
                 targets = tensor::unit(at::randn({classes, d}));
    const auto by_class = [&](const Tensor& pixels) {
        const model::MixtureFeatures x = llip.embed_mixture(pixels);
        return loss::llip_scores({queries, x.keys, x.values, llip.readout->output(), targets},
                                 {.heads = llip.config.llip.heads, .tau = 1});
    };
    std::vector<double> mixed, uniform, plain, to_uniform, to_plain;
    for (std::int64_t round = 0; round < number(4); ++round) {
        mixed.push_back(seconds(images, 224, by_class));
        uniform.push_back(seconds(images, 224, [&](const Tensor& pixels) {
            return llip.embed_images(pixels).matmul(targets.t());
        }));
        plain.push_back(seconds(images, 256, [&](const Tensor& pixels) {
            return clip.embed_images(pixels).matmul(targets.t());
        }));
        to_uniform.push_back(mixed.back() / uniform.back());
        to_plain.push_back(mixed.back() / plain.back());
    }
    std::printf(
        "{\"llip_s\":%.4f,\"uniform_s\":%.4f,\"clip_s\":%.4f,\"of_uniform\":%.3f,"
        "\"of_clip\":%.3f}\n",
        median(mixed), median(uniform), median(plain), median(to_uniform), median(to_plain));
}
