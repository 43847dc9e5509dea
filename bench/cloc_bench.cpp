// cloc-bench ARCH BATCH M ROUNDS THREADS [PRECISION]: what regions add to a training step (forward,
// backward, AdamW): medians of the seconds of CLIP's step, of the same with M boxes and M phrases
// an image, for each way of reading the Prompter, and of encoding the phrases alone, in turn. CLIP
// alone carries nothing but the class token through its last block; all_tokens_s is a step that
// carries all, by pooling their average. `added` is what boxes and phrases add, the encoding of
// phrases taken off: to CLIP's step, and to the one with all tokens. Each is the median of the
// rounds, the quartiles around it in `added_quartiles`. PRECISION is fp32 (default), bf16 or auto.
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
#include "train/optimizer.h"
#include "train/step.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <memory>
#include <vector>

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
    Arm(const char* arch, const Kind& kind, std::int64_t images, std::int64_t regions,
        at::ScalarType kept_precision)
        : method(train::find_method(kind.region_pool ? "cloc" : "clip")),
          model(config(arch, kind), 1),
          optimizer(model.parameters.all(), {}),
          precision(kept_precision) {
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
    void step() {
        optimizer.zero_grad();
        train::forward_backward(method, model, batch, {.precision = precision});
        optimizer.clip_gradients(1);
        optimizer.step(1e-4);
        model.clamp_scale();
    }
    void encode_phrases() const {
        const tensor::Autocast autocast(model.device(), precision);
        model.text.pooled(model::pack_texts(batch.regions.phrases, model.config.text))
            .sum()
            .backward();
    }

    const train::Method& method;
    model::LanguageImageModel model;
    train::AdamW optimizer;
    at::ScalarType precision;
    train::Batch batch;
};

// The value that a share of the others is below.
double quantile(std::vector<double> values, double share) {
    std::ranges::sort(values);
    return values[static_cast<std::size_t>(share * static_cast<double>(values.size() - 1) + 0.5)];
}

int measure_steps(int argc, char** argv) {
    const std::int64_t images = std::atol(argv[2]), regions = std::atol(argv[3]),
                       rounds = std::max(std::atol(argv[4]), 1L);
    tensor::configure_process(std::atoi(argv[5]), false);
    const at::ScalarType precision =
        argc > 6 && std::string_view(argv[6]) == "bf16" ? at::kBFloat16 : at::kFloat;
    std::vector<std::unique_ptr<Arm>> arms;
    for (const Kind& kind : kKinds)
        arms.push_back(std::make_unique<Arm>(argv[1], kind, images, regions, precision));
    std::vector<std::vector<double>> seconds(arms.size());
    std::vector<double> phrases;
    for (std::int64_t round = -1; round < rounds; ++round) {  // the first warms up
        for (std::size_t i = 0; i < arms.size(); ++i) {
            const double passed = seconds_of([&] { arms[i]->step(); });
            if (round >= 0) seconds[i].push_back(passed);
        }
        const double passed = seconds_of([&] { arms.back()->encode_phrases(); });
        if (round >= 0) phrases.push_back(passed);
    }
    std::printf("{\"precision\":\"%s\",\"phrases_s\":%.4g", tensor::name_of(precision),
                quantile(phrases, 0.5));
    for (std::size_t i = 0; i < arms.size(); ++i) {
        std::printf(",\"%s_s\":%.4g", kKinds[i].name, quantile(seconds[i], 0.5));
        if (!kKinds[i].region_pool) continue;
        std::vector<double> added[2];
        for (std::size_t round = 0; round < phrases.size(); ++round)
            for (std::size_t base = 0; base < 2; ++base)
                added[base].push_back((seconds[i][round] - phrases[round]) / seconds[base][round] -
                                      1);
        std::printf(",\"%s_added\":[%.4f,%.4f],\"%s_added_quartiles\":[[%.4f,%.4f],[%.4f,%.4f]]",
                    kKinds[i].name, quantile(added[0], 0.5), quantile(added[1], 0.5),
                    kKinds[i].name, quantile(added[0], 0.25), quantile(added[0], 0.75),
                    quantile(added[1], 0.25), quantile(added[1], 0.75));
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
    if (argc == 6 && std::strcmp(argv[1], "--loss") == 0) return measure_loss(argv);
    if (argc == 6 || argc == 7) return measure_steps(argc, argv);
    std::fprintf(stderr,
                 "usage: cloc-bench ARCH BATCH M ROUNDS THREADS [PRECISION]\n"
                 "       cloc-bench --loss R D ROUNDS THREADS\n");
    return 2;
}
