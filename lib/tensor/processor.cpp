#include "tensor/processor.h"

#include <cpuid.h>

#include <cstdlib>
#include <string_view>

namespace lip::tensor {

bool is_amd() {
#if defined(__x86_64__)
    unsigned most = 0, words[3] = {};
    if (!__get_cpuid(0, &most, &words[0], &words[2], &words[1])) return false;
    return std::string_view(reinterpret_cast<const char*>(words), sizeof words) == "AuthenticAMD";
#else
    return false;
#endif
}

// AMX-BF16 (leaf 7, EDX bit 22), or AVX512-BF16 (leaf 7.1, EAX bit 5) on AMD's processors: Intel's
// have had it at half the speed of fp32 (measured: 169 and 320 GFLOP/s) since AMX is beside it.
bool has_fast_bf16() {
#if defined(__x86_64__)
    unsigned a = 0, b = 0, c = 0, d = 0;
    if (__get_cpuid_count(7, 0, &a, &b, &c, &d) && (d >> 22 & 1)) return true;
    return is_amd() && __get_cpuid_count(7, 1, &a, &b, &c, &d) && (a >> 5 & 1);
#else
    return false;
#endif
}

const char* vector_instructions() {
    const char* named = std::getenv("ATEN_CPU_CAPABILITY");  // LibTorch obeys it
    const std::string_view word = named ? named : "";
    if (word == "default") return "DEFAULT";
#if defined(__x86_64__)
    __builtin_cpu_init();
    const bool has_512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
                         __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq");
    if (has_512 && word != "avx2") return "AVX512";
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return "AVX2";
#endif
    return "DEFAULT";
}

}  // namespace lip::tensor
