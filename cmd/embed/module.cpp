// What of embed needs LibTorch.
#include "cli/module.h"
#include "cmd/embed/embed.h"

using namespace lip::cmd;

LIP_MODULE(EmbedOptions) {
    return embed(options);
}
