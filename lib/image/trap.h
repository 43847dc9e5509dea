// The way out of libjpeg and libpng, whose error callbacks must not return. Private to the room.
//
// The only jump is from a callback of the C library back into run_trapped(), over frames of the
// library and of the step. The step holds nothing that needs a destructor, so no C++ object is
// skipped: all buffers and handles belong to the caller.
#pragma once

#include <array>
#include <csetjmp>
#include <cstddef>
#include <type_traits>

namespace lip::image {

struct Trap {
    std::jmp_buf back{};
    std::array<char, 256> message{};  // what the library complained about
};

// Runs step(); false if it ended in spring_trap(). Steps must not nest on one trap.
template <class Step>
[[nodiscard]] bool run_trapped(Trap& trap, const Step& step) {
    static_assert(std::is_trivially_destructible_v<Step>);
    if (setjmp(trap.back) != 0) return false;  // NOLINT(cert-err52-cpp): see above
    step();
    return true;
}

[[noreturn]] inline void spring_trap(Trap& trap, const char* message) {
    std::size_t n = 0;
    while (n + 1 < trap.message.size() && message[n] != '\0') {
        trap.message[n] = message[n];
        ++n;
    }
    trap.message[n] = '\0';
    std::longjmp(trap.back, 1);  // NOLINT(cert-err52-cpp): see above
}

}  // namespace lip::image
