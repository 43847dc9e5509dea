// What of train needs LibTorch.
#include "cli/module.h"
#include "cmd/train/train.h"

using namespace lip::cmd;

LIP_MODULE(TrainOptions) {
    return run_train(options);
}
