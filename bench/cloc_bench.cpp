// cloc-bench ARCH BATCH M ROUNDS THREADS: what regions add to a training step of CLIP: seconds of
// CLIP's step (forward and backward), of the same with M boxes and M phrases an image, for each way
// of reading the Prompter, and of encoding the phrases alone, in turn, the best of ROUNDS. CLIP
// alone carries nothing but the class token through its last block; all_tokens_s is a step that
// carries all, by pooling their average. `added` is what boxes and phrases add, the encoding of
// phrases taken off: to CLIP's step, and to the one with all tokens.
//
// cloc-bench --loss R D ROUNDS THREADS: seconds of the region loss with its gradients, in tiles and
// as the formula stands with whole matrices in autograd (left out where one of them takes over 512
// MiB), in turn, the best of ROUNDS each; and the memory that the tiles take at their peak beyond
// the features, gradients included.
//
// Both print one JSON line.
#include "cli/log.h"
#include "loss/region.h"
#include "made_up.h"
#include "memory.h"
#include "tensor/device.h"
#include "tensor/math.h"
#include "train/methods.h"
#include "train/step.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <memory>

namespace {

using namespace lip;
using at::Tensor;

double seconds_of(const std::function<void()>& work) {
    const double start = cli::monotonic_s();
    work();
    return cli::monotonic_s() - start;
}

// What is measured: CLIP's step with the vision tower's own pooling or another, or with regions.
struct Kind {
    const char* name;
    const char* vision_pool;  // null: the architecture's own
    const char* region_pool;  // null: no regions
};
constexpr Kind kKinds[] = {{"clip", nullptr, nullptr},
                           {"all_tokens", "avg", nullptr},
                           {"prompt_only", nullptr, "prompt_only"},
                           {"gap_all", nullptr, "gap_all"},
                           {"roi", nullptr, "roi"}};

// A model and a batch for it.
struct Arm {
    Arm(const char* arch, const Kind& kind, std::int64_t images, std::int64_t regions)
        : method(train::find_method(kind.region_pool ? "cloc" : "clip")),
          model(config(arch, kind), 1) {
        batch = bench::made_up_batch(model.config, images, 1);
        if (!kind.region_pool) return;
        const Tensor low = at::rand({images, regions, 2}) * 0.5;
        batch.regions.boxes = at::cat({low, low + 0.4}, -1);
        batch.regions.valid = at::ones({images, regions}, at::TensorOptions(at::kBool));
        batch.regions.phrases = bench::made_up_texts(model.config.text, images * regions, 4, 8);
    }

    model::ModelConfig config(const char* arch, const Kind& kind) const {
        model::ModelConfig c = model::load_arch(arch);
        c.method = std::string(method.name);
        c.regions = kind.region_pool != nullptr;
        if (kind.vision_pool) c.vision.pool_type = kind.vision_pool;
        if (kind.region_pool) c.cloc.pool = kind.region_pool;
        return c;
    }
    void step() const {
        for (const auto& [name, parameter] : model.parameters.all())
            parameter.mutable_grad() = Tensor();
        train::forward_backward(method, model, batch, {});
    }
    void encode_phrases() const {
        model.text.pooled(model::pack_texts(batch.regions.phrases, model.config.text))
            .sum()
            .backward();
    }

    const train::Method& method;
    model::LanguageImageModel model;
    train::Batch batch;
};

int measure_steps(char** argv) {
    const std::int64_t images = std::atol(argv[2]), regions = std::atol(argv[3]),
                       rounds = std::atol(argv[4]);
    tensor::configure_process(std::atoi(argv[5]), false);
    std::vector<std::unique_ptr<Arm>> arms;
    for (const Kind& kind : kKinds)
        arms.push_back(std::make_unique<Arm>(argv[1], kind, images, regions));
    std::vector<double> seconds(arms.size(), 1e9);
    double phrases = 1e9;
    for (std::int64_t round = 0; round < rounds; ++round) {
        for (std::size_t i = 0; i < arms.size(); ++i)
            seconds[i] = std::min(seconds[i], seconds_of([&] { arms[i]->step(); }));
        phrases = std::min(phrases, seconds_of([&] { arms.back()->encode_phrases(); }));
    }
    std::printf("{\"phrases_s\":%.4g", phrases);
    for (std::size_t i = 0; i < arms.size(); ++i) {
        std::printf(",\"%s_s\":%.4g", kKinds[i].name, seconds[i]);
        if (!kKinds[i].region_pool) continue;
        const double rest = seconds[i] - phrases;
        std::printf(",\"%s_added\":[%.4f,%.4f]", kKinds[i].name, rest / seconds[0] - 1,
                    rest / seconds[1] - 1);
    }
    std::printf("}\n");
    return 0;
}

Tensor whole_matrices(const Tensor& z, const Tensor& t, const Tensor& log_scale, double filter) {
    const Tensor own = at::eye(z.size(0), at::TensorOptions(at::kBool));
    const Tensor alike =
        t.detach().matmul(t.detach().t()).gt(filter).logical_and(own.logical_not());
    const Tensor s = z.matmul(t.t()) * log_scale.exp();  // [R, R]
    const Tensor kept = s.masked_fill(alike, -INFINITY);
    return (kept.logsumexp(1) + kept.logsumexp(0) - 2 * s.diagonal()).mean() / 2;
}

int measure_loss(char** argv) {
    const std::int64_t count = std::atol(argv[2]), width = std::atol(argv[3]),
                       rounds = std::atol(argv[4]);
    tensor::configure_process(std::atoi(argv[5]), false);
    const Tensor z = tensor::unit(at::randn({count, width})).requires_grad_(true);
    const Tensor t = tensor::unit(at::randn({count, width})).requires_grad_(true);
    const Tensor log_scale = at::scalar_tensor(20.0).log().requires_grad_(true);
    const auto seconds = [&](const std::function<Tensor()>& loss) {
        for (const Tensor& leaf : {z, t, log_scale}) leaf.mutable_grad() = Tensor();
        return seconds_of([&] { loss().backward(); });
    };
    const bool with_whole = 4 * count * count <= (std::int64_t{512} << 20);
    double ours = 1e9, whole = 1e9, peak = 0;
    for (std::int64_t round = 0; round < rounds; ++round) {
        for (const Tensor& leaf : {z, t, log_scale}) leaf.mutable_grad() = Tensor();
        const bench::PeakMemory memory;
        ours =
            std::min(ours, seconds([&] { return loss::region_contrast(z, t, {}, log_scale, {}); }));
        peak = std::max(peak, memory.mib());
        if (with_whole)
            whole = std::min(whole, seconds([&] { return whole_matrices(z, t, log_scale, 0.9); }));
    }
    std::printf("{\"seconds\":%.4g,\"peak_mib\":%.0f,\"gradients_mib\":%.0f", ours, peak,
                static_cast<double>(8 * count * width) / (1 << 20));
    if (with_whole) std::printf(",\"whole_seconds\":%.4g,\"ratio\":%.3f", whole, ours / whole);
    std::printf("}\n");
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc == 6)
        return std::strcmp(argv[1], "--loss") == 0 ? measure_loss(argv) : measure_steps(argv);
    std::fprintf(stderr,
                 "usage: cloc-bench ARCH BATCH M ROUNDS THREADS\n"
                 "       cloc-bench --loss R D ROUNDS THREADS\n");
    return 2;
}
