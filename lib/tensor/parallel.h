// Work cut into pieces that run side by side on the CPU.
#pragma once

#include <c10/core/Device.h>

#include <cstdint>
#include <functional>

namespace lip::tensor {

// Calls body(0) .. body(count - 1). On the CPU by all threads of at::get_num_threads(), each piece
// on one thread with the tensor operations in it done by that thread alone, so that a piece's
// result does not depend on the number of threads; elsewhere one after the other. Pieces see the
// caller's gradient mode. Rethrows what a piece throws.
void for_each_piece(c10::Device device, std::int64_t count,
                    const std::function<void(std::int64_t)>& body);

}  // namespace lip::tensor
