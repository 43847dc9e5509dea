// train-bench ARCH BATCH K STEPS THREADS [fp32|bf16]: images a second of a training step (forward,
// backward, AdamW; median of the steps) on made-up pixels and texts of 8 to 32 tokens, and the
// share of the machine's matrix product speed it reaches. Prints one JSON line. Peer: train_peer.py
// with the same arguments.
#include "cli/log.h"
#include "made_up.h"
#include "tensor/device.h"
#include "train/methods.h"
#include "train/optimizer.h"
#include "train/step.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace {

using namespace lip;

// Best of a few 1536³ products, in floating point operations a second.
double gemm_speed() {
    const at::Tensor a = at::rand({1536, 1536}), b = at::rand({1536, 1536});
    double best = 0;
    for (int i = 0; i < 8; ++i) {
        const double start = cli::monotonic_s();
        const at::Tensor c = a.matmul(b);
        best = std::max(best, 2 * 1536.0 * 1536 * 1536 / (cli::monotonic_s() - start));
    }
    return best;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 6 && argc != 7) {
        std::fprintf(stderr, "usage: train-bench ARCH BATCH K STEPS THREADS [fp32|bf16]\n");
        return 2;
    }
    const std::int64_t batch_size = std::atol(argv[2]), slots = std::atol(argv[3]),
                       steps = std::atol(argv[4]);
    tensor::configure_process(std::atoi(argv[5]), false);
    model::ModelConfig config = model::load_arch(argv[1]);
    const train::Method& method = train::find_method(slots > 1 ? "dreamlip" : "clip");
    config.method = std::string(method.name);
    config.dreamlip.local_weight = 0;  // the peer has the multi-positive loss alone
    model::LanguageImageModel model(config, 1);
    train::AdamW optimizer(model.parameters.all(), {});

    const train::Batch batch = bench::made_up_batch(config, batch_size, slots);
    double text_flops = 0;
    for (const model::TokenIds& ids : batch.texts)
        text_flops += model.text_flops(static_cast<std::int64_t>(ids.size()));

    train::StepSettings settings;
    if (argc > 6 && std::string_view(argv[6]) == "bf16") settings.precision = at::kBFloat16;
    std::vector<double> seconds;
    for (std::int64_t step = -1; step < steps; ++step) {  // the first warms up
        const double start = cli::monotonic_s();
        optimizer.zero_grad();
        train::forward_backward(method, model, batch, settings);
        optimizer.clip_gradients(1);
        optimizer.step(1e-4);
        model.clamp_scale();
        if (step >= 0) seconds.push_back(cli::monotonic_s() - start);
    }
    std::ranges::nth_element(seconds, seconds.begin() + steps / 2);
    const double images_per_s =
        static_cast<double>(batch_size) / seconds[static_cast<std::size_t>(steps / 2)];
    const double flops_an_image =
        3 * (model.image_flops() + text_flops / static_cast<double>(batch_size));
    std::printf("{\"images_per_s\":%.4g,\"texts_per_s\":%.4g,\"gemm_share\":%.3f}\n", images_per_s,
                images_per_s * static_cast<double>(slots),
                images_per_s * flops_an_image / gemm_speed());
    return 0;
}
