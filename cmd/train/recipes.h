// Settings of published runs that come with the tools: share/recipes/NAME.toml, described in
// man/train.md.
#pragma once

#include <string>

namespace lip::cmd {

// What --config says: a file, or else the name of a recipe. Throws UsageError if it is neither.
std::string find_recipe(const std::string& name_or_file);

}  // namespace lip::cmd
