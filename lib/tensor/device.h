// Where tensors live and how they are computed.
#pragma once

#include "tensor/choice.h"

#include <ATen/core/Tensor.h>

#include <string>

namespace lip::tensor {

// auto is CUDA if this LibTorch has it and a device is there, else the CPU. The number of a CUDA
// device that is not named is that of the rank on this machine, modulo theirs. Throws DataError if
// the device is not there.
c10::Device resolve_device(const DeviceChoice& choice, int local_rank = 0);

// auto is bf16 on CUDA, on CPUs with AMX and on AMD's with AVX512-BF16, fp32 elsewhere, where bf16
// is slower.
at::ScalarType resolve_precision(Precision choice, c10::Device device);
const char* name_of(at::ScalarType precision);  // fp32 or bf16

// What every program with tensors calls first: intra-op threads, and malloc thresholds without
// which big tensors are returned to the system and faulted in again at every step (twice the time).
void configure_process(int threads, bool deterministic);

// Runs matrix products in bf16 for its lifetime (autocast), if asked to. Losses stay in fp32.
class Autocast {
public:
    Autocast(c10::Device device, at::ScalarType precision);
    ~Autocast();
    Autocast(const Autocast&) = delete;
    Autocast& operator=(const Autocast&) = delete;

private:
    c10::DeviceType type_;
    bool before_, cache_before_;
};

}  // namespace lip::tensor
