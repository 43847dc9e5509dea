// llip-bench IMAGES TEXTS D K HEADS CHUNK ROUNDS THREADS: seconds of Llip's loss of IMAGES with
// TEXTS, as many at least, with its gradients, CHUNK texts at a time (0: 2,048), beside its matrix
// products alone in the same blocks, in turn, the best of ROUNDS each; and the memory that the loss
// takes at its peak beyond the inputs, gradients included, and that of the gradients. Prints one
// JSON line.
#include "cli/log.h"
#include "loss/llip.h"
#include "memory.h"
#include "tensor/device.h"
#include "tensor/math.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace {

using namespace lip;
using at::Tensor;

struct Sizes {
    std::int64_t images, all_texts, d, k, heads, texts;
};

// The nine products of an image with all texts, into memory that is there.
class Products {
public:
    explicit Products(const Sizes& s) : s_(s), rows_(s.heads * s.k), width_(s.d / s.heads) {
        const auto random = [](at::IntArrayRef shape) { return at::randn(shape); };
        keys_ = random({s.heads, s.k, width_});
        output_ = random({s.heads, s.d, width_});
        q_ = random({s.heads, s.texts, width_});
        phi_ = random({s.heads, s.k, s.texts});
        z_ = random({s.texts, s.d});
        w_ = random({s.heads, s.k, s.d});
        doutput_ = random({s.heads, s.d, width_});
    }

    void run() {
        at::bmm_out(w_, keys_, output_.transpose(1, 2));
        const Tensor flat_phi = phi_.view({rows_, s_.texts}), w = w_.view({rows_, s_.d});
        for (std::int64_t begin = 0; begin < s_.all_texts; begin += s_.texts) {
            at::bmm_out(phi_, keys_, q_.transpose(1, 2));
            Tensor z = z_, dphi = flat_phi, dw = w;
            at::mm_out(z, flat_phi.t(), w);
            at::mm_out(dw, flat_phi, z_);
            at::mm_out(dphi, w, z_.t());
            at::bmm_out(keys_, phi_, q_);
            at::bmm_out(q_, phi_.transpose(1, 2), keys_);
        }
        at::bmm_out(keys_, w_, output_);
        at::bmm_out(doutput_, w_.transpose(1, 2), keys_);
        for (Tensor* x : {&keys_, &q_, &phi_, &z_, &w_}) x->fill_(0.5);  // or they run away
    }

private:
    Sizes s_;
    std::int64_t rows_, width_;
    Tensor keys_, output_, q_, phi_, z_, w_, doutput_;
};

double products_seconds(const Sizes& s) {
    Products products(s);
    const double start = cli::monotonic_s();
    for (std::int64_t image = 0; image < s.images; ++image) products.run();
    return cli::monotonic_s() - start;
}

struct Inputs {
    explicit Inputs(const Sizes& s) {
        const auto normal = [](at::IntArrayRef shape) {
            return at::randn(shape).requires_grad_(true);
        };
        q = normal({s.all_texts, s.d});
        keys = normal({s.images, s.k, s.d});
        values = normal({s.images, s.k, s.d});
        output = at::randn({s.d, s.d}).div_(20).requires_grad_(true);
        targets = tensor::unit(at::randn({s.all_texts, s.d})).requires_grad_(true);
        log_scale = at::scalar_tensor(2.3).requires_grad_(true);
        bias = at::scalar_tensor(-10.0).requires_grad_(true);
    }

    double loss_seconds(const loss::Llip& options) {
        for (Tensor* x : {&q, &keys, &values, &output, &targets, &log_scale, &bias})
            x->mutable_grad() = Tensor();
        const bench::PeakMemory memory;
        const double start = cli::monotonic_s();
        loss::llip_loss({q, keys, values, output, targets}, {}, log_scale, bias, options)
            .backward();
        const double seconds = cli::monotonic_s() - start;
        peak_mib = std::max(peak_mib, memory.mib());
        return seconds;
    }

    double gradients_mib() const {
        const auto numbers = 2 * (q.numel() + keys.numel()) + output.numel();
        return static_cast<double>(numbers * q.element_size()) / (1 << 20);
    }

    Tensor q, keys, values, output, targets, log_scale, bias;
    double peak_mib = 0;
};

}  // namespace

int main(int argc, char** argv) {
    if (argc != 9) {
        std::fprintf(stderr, "usage: llip-bench IMAGES TEXTS D K HEADS CHUNK ROUNDS THREADS\n");
        return 2;
    }
    const auto number = [&](int i) { return static_cast<std::int64_t>(std::atol(argv[i])); };
    Sizes s{number(1), number(2), number(3), number(4), number(5), number(6)};
    tensor::configure_process(std::atoi(argv[8]), false);
    if (s.texts == 0) s.texts = 2048;
    s.texts = std::min(s.texts, s.all_texts);
    const loss::Llip options{.heads = s.heads, .text_chunk = s.texts};
    Inputs inputs(s);
    double ours = 1e9, products = 1e9;
    for (std::int64_t round = 0; round < number(7); ++round) {
        ours = std::min(ours, inputs.loss_seconds(options));
        products = std::min(products, products_seconds(s));
    }
    std::printf(
        "{\"seconds\":%.4g,\"products_seconds\":%.4g,\"ratio\":%.3f,\"peak_mib\":%.0f,"
        "\"gradients_mib\":%.0f}\n",
        ours, products, ours / products, inputs.peak_mib, inputs.gradients_mib());
}
