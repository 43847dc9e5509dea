// cloc-bench ARCH BATCH M ROUNDS THREADS: what regions add to a training step of CLIP: seconds of
// CLIP's step (forward and backward), of the same with M boxes and M phrases an image, for each way
// of reading the Prompter, and of encoding the phrases alone, in turn, medians of ROUNDS. `share`
// is what the Prompter adds to the step, the phrases' encoding taken off.
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

double median(std::vector<double> values) {
    const auto middle = values.begin() + std::ssize(values) / 2;
    std::ranges::nth_element(values, middle);
    return *middle;
}

// A model and a batch for it; `pool` is empty for CLIP without regions.
struct Arm {
    Arm(const char* arch, const std::string& pool, std::int64_t images, std::int64_t regions)
        : method(train::find_method(pool.empty() ? "clip" : "cloc")), model(config(arch, pool), 1) {
        batch = bench::made_up_batch(model.config, images, 1);
        if (pool.empty()) return;
        const Tensor low = at::rand({images, regions, 2}) * 0.5;
        batch.regions.boxes = at::cat({low, low + 0.4}, -1);
        batch.regions.valid = at::ones({images, regions}, at::TensorOptions(at::kBool));
        batch.regions.phrases = bench::made_up_texts(model.config.text, images * regions, 4, 8);
    }

    model::ModelConfig config(const char* arch, const std::string& pool) const {
        model::ModelConfig c = model::load_arch(arch);
        c.method = std::string(method.name);
        c.regions = !pool.empty();
        if (c.regions) c.cloc.pool = pool;
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
    const char* pools[] = {"", "prompt_only", "gap_all", "roi"};
    std::vector<std::unique_ptr<Arm>> arms;
    for (const char* pool : pools)
        arms.push_back(std::make_unique<Arm>(argv[1], pool, images, regions));
    std::vector<double> seconds[std::size(pools)], phrases;
    for (std::int64_t round = -1; round < rounds; ++round) {  // the first warms up
        for (std::size_t i = 0; i < arms.size(); ++i) {
            const double spent = seconds_of([&] { arms[i]->step(); });
            if (round >= 0) seconds[i].push_back(spent);
        }
        const double spent = seconds_of([&] { arms[1]->encode_phrases(); });
        if (round >= 0) phrases.push_back(spent);
    }
    const double clip = median(seconds[0]), text = median(phrases);
    std::printf("{\"clip_s\":%.4g,\"phrases_s\":%.4g", clip, text);
    for (std::size_t i = 1; i < arms.size(); ++i) {
        const double all = median(seconds[i]);
        std::printf(",\"%s_s\":%.4g,\"%s_share\":%.4f", pools[i], all, pools[i],
                    (all - text - clip) / clip);
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
