// What of ground needs LibTorch.
#include "cli/module.h"
#include "cmd/ground/ground.h"

using namespace lip::cmd;

LIP_MODULE(GroundOptions) {
    return ground(options);
}
