// What this build computes with, for --version. Asks nothing of LibTorch, which need not be loaded.
#pragma once

#include <string>

namespace lip::tensor {

// "LibTorch 2.13.0, CPU AVX2, products by MKL, CUDA not built in".
std::string torch_description();
// "ranks over Gloo".
std::string ranks_description();

}  // namespace lip::tensor
