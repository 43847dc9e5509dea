// Command line of make-scenes.
#pragma once

#include "scenes/generate.h"

#include <string>

namespace lip::demo {

struct Options {
    SceneSet set;
    bool help = false;
};

// Throws UsageError for an unknown option, a bad value, an operand, or no --out.
Options parse_options(int argc, char** argv);

// What --help prints.
std::string help_text();

}  // namespace lip::demo
