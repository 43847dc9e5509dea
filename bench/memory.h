// What a benchmark holds in memory.
#pragma once

#include <cstdlib>
#include <fstream>
#include <string>

namespace lip::bench {

// A line of /proc/self/status in MiB: VmRSS, or VmHWM, its peak since the last reset.
inline double memory_mib(const std::string& name) {
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);)
        if (line.starts_with(name + ":")) return std::atof(line.c_str() + name.size() + 1) / 1024;
    return 0;
}

inline void reset_peak() {
    std::ofstream("/proc/self/clear_refs") << "5";
}

}  // namespace lip::bench
