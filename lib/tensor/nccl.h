// NCCL: exchange between CUDA devices without a way through the memory of the host.
#pragma once

#include <c10/util/intrusive_ptr.h>

#include <chrono>

namespace c10d {
class Backend;
class Store;
}  // namespace c10d

namespace lip::tensor {

// Was this made with a LibTorch that has NCCL, and with its headers?
bool has_nccl();

// The ranks that meet in `store`, each with a CUDA device of its own. Requires has_nccl().
c10::intrusive_ptr<c10d::Backend> make_nccl(const c10::intrusive_ptr<c10d::Store>& store, int rank,
                                            int size, std::chrono::seconds timeout);

}  // namespace lip::tensor
