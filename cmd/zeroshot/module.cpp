// What of zeroshot needs LibTorch.
#include "cli/module.h"
#include "cmd/zeroshot/zeroshot.h"

using namespace lip::cmd;

LIP_MODULE(ZeroshotOptions) {
    return zeroshot(options);
}
