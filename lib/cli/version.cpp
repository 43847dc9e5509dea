#include "cli/tool.h"

namespace lip::cli {

const char* version() {
    return LIP_VERSION;
}
const char* build_id() {
    return LIP_BUILD_ID;
}

}  // namespace lip::cli
