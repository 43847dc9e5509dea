#include "tensor/parallel.h"

#include <ATen/Parallel.h>
#include <ATen/ThreadLocalState.h>

namespace lip::tensor {
namespace {

struct RestoreThreads {
    int count = at::get_num_threads();
    ~RestoreThreads() { at::set_num_threads(count); }
};

}  // namespace

void for_each_piece(c10::Device device, std::int64_t count,
                    const std::function<void(std::int64_t)>& body) {
    if (!device.is_cpu()) {
        for (std::int64_t i = 0; i < count; ++i) body(i);
        return;
    }
    const at::ThreadLocalState state;
    const RestoreThreads restore;
    at::parallel_for(0, count, /*grain_size=*/1, [&](std::int64_t begin, std::int64_t end) {
        const at::ThreadLocalStateGuard guard(state);
        at::set_num_threads(
            1);  // of this thread; else MKL opens a team of its own in every product
        for (std::int64_t i = begin; i < end; ++i) body(i);
    });
}

}  // namespace lip::tensor
