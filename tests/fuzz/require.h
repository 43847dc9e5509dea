// What a fuzz target calls when a promise of a header is broken.
#pragma once

#include <cstdio>
#include <cstdlib>

inline void require(bool holds, const char* promise) {
    if (holds) return;
    std::fprintf(stderr, "broken promise: %s\n", promise);
    std::abort();
}
