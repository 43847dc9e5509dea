#include "tensor/device.h"

#include "cli/error.h"
#include "tensor/linear.h"
#include "tensor/processor.h"

#include <ATen/ATen.h>
#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/autocast_mode.h>
#include <ATen/detail/CUDAHooksInterface.h>

#include <malloc.h>
#include <unistd.h>

#include <climits>
#include <cstdlib>
#include <future>
#include <thread>
#include <utility>

namespace lip::tensor {
namespace {

int cuda_devices() {
    return at::globalContext().hasCUDA() ? at::detail::getCUDAHooks().deviceCount() : 0;
}

// OpenMP threads of GNU's library wait for work by spinning for about a millisecond, which starves
// the loader and whoever shares the machine (measured: a third of the speed on two busy cores). The
// library spins 1,000 turns only when it has made more threads than there are processors. So a team
// of one too many is made once, by a thread that sleeps from then on and keeps the team.
void make_idle_threads_sleep() {
    if (std::getenv("OMP_WAIT_POLICY") || std::getenv("GOMP_SPINCOUNT"))
        return;  // the user's choice
    static bool done = false;
    if (std::exchange(done, true)) return;
    std::promise<void> made;
    std::thread([&made] {
        const int count = static_cast<int>(std::thread::hardware_concurrency()) + 1;
        at::set_num_threads(count);
        at::parallel_for(0, count, 1, [](std::int64_t, std::int64_t) {});
        made.set_value();
        for (;;) ::pause();
    }).detach();
    made.get_future().wait();
}

}  // namespace

c10::Device resolve_device(const DeviceChoice& choice, int local_rank) {
    using Type = DeviceChoice::Type;
    const int devices = cuda_devices();
    if (choice.type == Type::kCpu || (choice.type == Type::kAuto && devices == 0))
        return c10::Device(c10::kCPU);
    const std::string option = "--device " + to_text(choice);
    if (devices == 0)
        throw cli::DataError(
            option + (LIP_HAS_CUDA ? ": no CUDA device is found (nvidia-smi lists them)"
                                   : ": this LibTorch lacks CUDA; build with LIBTORCH=/path "
                                     "of one that has it"));
    const int index = choice.index.value_or(local_rank % devices);
    if (index >= devices)
        throw cli::DataError(option + ": there are only " + std::to_string(devices) +
                             " CUDA devices");
    return c10::Device(c10::kCUDA, static_cast<c10::DeviceIndex>(index));
}

at::ScalarType resolve_precision(Precision choice, c10::Device device) {
    if (choice == Precision::kFp32) return at::kFloat;
    if (choice == Precision::kBf16) return at::kBFloat16;
    const bool fast = device.is_cuda() || (device.is_cpu() && has_fast_bf16());
    return fast ? at::kBFloat16 : at::kFloat;
}

const char* name_of(at::ScalarType precision) {
    return precision == at::kBFloat16 ? "bf16" : "fp32";
}

void configure_process(int threads, bool deterministic) {
    // No mmap of its own for a big tensor (glibc caps that threshold at 32 MiB, so it is switched
    // off), and nothing goes back to the system between steps.
    mallopt(M_MMAP_MAX, 0);
    mallopt(M_TRIM_THRESHOLD, INT_MAX);
    mallopt(M_TOP_PAD, 64 << 20);
    check_products();
    make_idle_threads_sleep();
    at::set_num_threads(threads);
    at::globalContext().setDeterministicAlgorithms(deterministic, /*warn_only=*/false);
}

Autocast::Autocast(c10::Device device, at::ScalarType precision)
    : type_(device.type()),
      before_(at::autocast::is_autocast_enabled(device.type())),
      cache_before_(at::autocast::is_autocast_cache_enabled()) {
    const bool on = precision == at::kBFloat16;
    // The cache of cast weights is one for all threads, and whoever leaves first empties it: the
    // gradients of the others would be added up in bf16 or in fp32, as it happens.
    if (device.is_cpu()) at::autocast::set_autocast_cache_enabled(false);
    if (on) at::autocast::set_autocast_dtype(type_, precision);
    at::autocast::set_autocast_enabled(type_, on);
    at::autocast::increment_nesting();
}

Autocast::~Autocast() {
    if (at::autocast::decrement_nesting() == 0) at::autocast::clear_cache();
    at::autocast::set_autocast_enabled(type_, before_);
    at::autocast::set_autocast_cache_enabled(cache_before_);
}

}  // namespace lip::tensor
