// The processor that this process runs on.
#pragma once

namespace lip::tensor {

bool is_amd();
// bf16 in hardware, and faster than fp32.
bool has_fast_bf16();
// What LibTorch's kernels use of it: AVX512, AVX2 or DEFAULT.
const char* vector_instructions();

}  // namespace lip::tensor
