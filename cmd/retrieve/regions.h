// Recall between boxes and their phrases.
#pragma once

#include "cmd/retrieve/retrieve.h"

namespace lip::cmd {

// A region finds its phrase among all phrases of the input, a phrase its region. Throws UsageError
// for options that have no meaning for regions.
int retrieve_regions(const RetrieveOptions& options, const std::vector<std::int64_t>& k);

}  // namespace lip::cmd
