#include "train/method_facts.h"

#include "cli/error.h"

#include <string>

namespace lip::train {

const MethodFacts& method_facts(std::string_view name) {
    for (const MethodFacts& facts : kMethodFacts)
        if (facts.name == name) return facts;
    throw cli::UsageError("--method: '" + std::string(name) + "' is unknown");
}

}  // namespace lip::train
