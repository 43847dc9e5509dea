// What of segment needs LibTorch.
#include "cli/module.h"
#include "cmd/segment/segment.h"

using namespace lip::cmd;

LIP_MODULE(SegmentOptions) {
    return segment(options);
}
