// What a user says of device and arithmetic; without LibTorch, so that options can hold it.
#pragma once

#include "cli/error.h"

#include <charconv>
#include <optional>
#include <string>
#include <string_view>

namespace lip::tensor {

// auto: CUDA where there is a device, else the CPU.
struct DeviceChoice {
    enum class Type { kAuto, kCpu, kCuda } type = Type::kAuto;
    std::optional<int> index;  // of a CUDA device; nothing: that of the rank on this machine
};

inline std::string to_text(const DeviceChoice& choice) {
    using Type = DeviceChoice::Type;
    if (choice.type == Type::kAuto) return "auto";
    if (choice.type == Type::kCpu) return "cpu";
    return choice.index ? "cuda:" + std::to_string(*choice.index) : "cuda";
}

// Throws UsageError.
inline void from_text(std::string_view text, DeviceChoice& choice) {
    using Type = DeviceChoice::Type;
    choice = {text == "auto" ? Type::kAuto : text == "cpu" ? Type::kCpu : Type::kCuda, {}};
    int index = -1;
    if (text.starts_with("cuda:"))
        std::from_chars(text.data() + 5, text.data() + text.size(), index);
    if (index >= 0) choice.index = index;
    if (to_text(choice) != text)
        throw cli::UsageError("'" + std::string(text) + "' is none of auto, cpu, cuda, cuda:N");
}

// auto: bf16 where the device is faster with it.
enum class Precision { kAuto, kFp32, kBf16 };

}  // namespace lip::tensor
