// What of checkpoint needs LibTorch.
#include "cli/module.h"
#include "cmd/checkpoint/checkpoint.h"

#include <stdexcept>
#include <utility>

using namespace lip::cmd;

LIP_MODULE(CheckpointOptions) {
    constexpr std::pair<const char*, int (*)(const CheckpointOptions&)> kCommands[] = {
        {"info", checkpoint_info},     {"verify", checkpoint_verify},
        {"import", checkpoint_import}, {"export", checkpoint_export},
        {"merge", checkpoint_merge},   {"average", checkpoint_average},
        {"diff", checkpoint_diff}};
    for (const auto& [name, run] : kCommands)
        if (name == command) return run(options);
    throw std::logic_error("no command " + command);
}
