// loss-bench N K D CHUNK SCALE ROUNDS THREADS: seconds of the multi-positive loss with its
// gradients, in blocks of CHUNK and as the formula stands with whole matrices in autograd, in turn,
// the best of ROUNDS each (the whole form is left out where its logits alone would take over 2
// GiB), and the memory that the blocks take at their peak beyond the features, gradients included.
// Prints one JSON line.
#include "cli/log.h"
#include "loss/multi_positive.h"
#include "memory.h"
#include "tensor/device.h"
#include "tensor/math.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <functional>

namespace {

using namespace lip;
using at::Tensor;

Tensor whole_matrices(const Tensor& v, const Tensor& t, const Tensor& log_scale) {
    const Tensor a = v.matmul(t.permute({1, 2, 0})) * log_scale.exp();  // [K, N, N]
    const Tensor own = a.diagonal(0, 1, 2);
    return ((a.logsumexp(2) - own) + (a.logsumexp(1) - own)).mean() / 2;
}

double seconds_of(const std::function<Tensor()>& loss, std::initializer_list<Tensor> leaves) {
    for (const Tensor& leaf : leaves) leaf.mutable_grad() = Tensor();
    const double start = cli::monotonic_s();
    loss().backward();
    return cli::monotonic_s() - start;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 8) {
        std::fprintf(stderr, "usage: loss-bench N K D CHUNK SCALE ROUNDS THREADS\n");
        return 2;
    }
    const std::int64_t n = std::atol(argv[1]), k = std::atol(argv[2]), d = std::atol(argv[3]),
                       rounds = std::atol(argv[6]);
    tensor::configure_process(std::atoi(argv[7]), false);
    loss::MultiPositive options;
    options.chunk = std::atol(argv[4]);
    const Tensor v = tensor::unit(at::randn({n, d})).requires_grad_(true);
    const Tensor t = tensor::unit(at::randn({n * k, d})).view({n, k, d}).requires_grad_(true);
    const Tensor log_scale = at::scalar_tensor(std::atof(argv[5])).log().requires_grad_(true);

    double ours = 1e9, whole = 1e9, peak = 0;
    const bool with_whole = 4 * n * n * k <= (std::int64_t{2} << 30);
    for (std::int64_t round = 0; round < rounds; ++round) {
        for (const Tensor& leaf : {v, t, log_scale}) leaf.mutable_grad() = Tensor();
        const bench::PeakMemory memory;
        ours = std::min(
            ours, seconds_of([&] { return loss::multi_positive(v, t, {}, log_scale, options); },
                             {v, t, log_scale}));
        peak = std::max(peak, memory.mib());
        if (with_whole)
            whole = std::min(whole, seconds_of([&] { return whole_matrices(v, t, log_scale); },
                                               {v, t, log_scale}));
    }
    std::printf("{\"seconds\":%.4g,\"peak_mib\":%.0f", ours, peak);
    if (with_whole) std::printf(",\"whole_seconds\":%.4g,\"ratio\":%.3f", whole, ours / whole);
    std::printf("}\n");
}
