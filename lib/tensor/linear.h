// Products of layers, by the library whose kernels are fast on this processor.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace lip::tensor {

// Who multiplies matrices of float32 on the CPU. LibTorch asks MKL, which runs its AVX2 kernels on
// processors that are not Intel's; oneDNN lies in the same LibTorch and uses what there is.
enum class Products { kMkl, kOneDnn };

// Of this process: oneDNN on AMD's processors, else what LibTorch asks; or as LIP_PRODUCTS=mkl or
// onednn in the environment says. The same for all its products, so that equal runs are equal in
// every bit.
Products products();
// Throws UsageError for another word, or if this LibTorch has no oneDNN.
void check_products();
const char* name_of(Products products);  // MKL, oneDNN

// x Wᵀ + b with its gradients: x [.., in], W [out, in], b [out] or undefined -> [.., out]. What is
// not of float32 on the CPU, or in bf16 by autocast, goes to LibTorch.
at::Tensor linear(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias = {});

// A weight laid out as the products want it, which they do anew each time otherwise; as large as
// the weight itself. For x of a number of rows, and where no gradient is wanted.
struct PackedWeight {
    at::Tensor data = {};  // undefined: there is none
    std::int64_t rows = 0;
};
// There is none where linear() would ask anybody but MKL.
PackedWeight pack_weight(const at::Tensor& weight, std::int64_t rows);
// The same as linear() to the last bits; it takes the packed weight where that fits.
at::Tensor linear(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                  const PackedWeight& packed);

}  // namespace lip::tensor
