#include "tensor/description.h"

#include "tensor/processor.h"

#include <torch/version.h>

#include <cstdlib>
#include <string_view>

namespace lip::tensor {

namespace {

// As tensor/linear chooses.
bool is_onednn() {
    const char* named = std::getenv("LIP_PRODUCTS");
    return named && *named ? std::string_view(named) == "onednn" : is_amd();
}

}  // namespace

std::string torch_description() {
    return std::string("LibTorch ") + TORCH_VERSION + ", CPU " + vector_instructions() +
           ", products by " + (is_onednn() ? "oneDNN" : "MKL") +
           (LIP_HAS_CUDA ? ", CUDA built in" : ", CUDA not built in");
}

std::string ranks_description() {
    if (!LIP_HAS_GLOO) return "no ranks (built without Gloo)";
    return LIP_HAS_NCCL ? "ranks over Gloo and NCCL" : "ranks over Gloo";
}

}  // namespace lip::tensor
