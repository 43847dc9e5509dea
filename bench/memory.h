// What a benchmark holds in memory.
#pragma once

#include <malloc.h>

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

// What the process takes at its peak beyond what it held when this was made.
class PeakMemory {
public:
    PeakMemory() {
        malloc_trim(0);  // or what was freed before would hide what is taken now
        std::ofstream("/proc/self/clear_refs") << "5";
        before_ = memory_mib("VmRSS");
    }
    double mib() const { return memory_mib("VmHWM") - before_; }

private:
    double before_ = 0;
};

}  // namespace lip::bench
