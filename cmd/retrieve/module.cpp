// What of retrieve needs LibTorch.
#include "cli/module.h"
#include "cmd/retrieve/retrieve.h"

using namespace lip::cmd;

LIP_MODULE(RetrieveOptions) {
    return retrieve(options);
}
