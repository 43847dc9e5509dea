#include "tensor/nccl.h"

#include <torch/csrc/distributed/c10d/Backend.hpp>
#include <torch/csrc/distributed/c10d/Store.hpp>

#if LIP_HAS_NCCL
#define USE_C10D_NCCL  // else the header is empty
#include <torch/csrc/distributed/c10d/ProcessGroupNCCL.hpp>
#else
#include "cli/error.h"
#endif

namespace lip::tensor {

#if LIP_HAS_NCCL

bool has_nccl() {
    return true;
}

c10::intrusive_ptr<c10d::Backend> make_nccl(const c10::intrusive_ptr<c10d::Store>& store, int rank,
                                            int size, std::chrono::seconds timeout) {
    const auto options = c10d::ProcessGroupNCCL::Options::create();
    options->timeout = timeout;
    return c10::make_intrusive<c10d::ProcessGroupNCCL>(store, rank, size, options);
}

#else

bool has_nccl() {
    return false;
}

c10::intrusive_ptr<c10d::Backend> make_nccl(const c10::intrusive_ptr<c10d::Store>&, int, int,
                                            std::chrono::seconds) {
    throw cli::DataError("this build has no NCCL");
}

#endif

}  // namespace lip::tensor
