#include "cmd/train/recipes.h"

#include "cli/error.h"
#include "cli/values.h"
#include "record/data_path.h"

#include <algorithm>
#include <filesystem>

namespace lip::cmd {

std::string find_recipe(const std::string& name_or_file) {
    std::error_code failed;
    if (std::filesystem::exists(name_or_file, failed)) return name_or_file;
    const std::vector<std::string> names = record::data_names("recipes");
    if (std::ranges::find(names, name_or_file) != names.end())
        return record::data_file("recipes/" + name_or_file + ".toml");
    const std::string meant = cli::meant_name(names, name_or_file);
    throw cli::UsageError(
        "--config: '" + name_or_file + "' is neither a file nor a recipe (" +
        (meant.empty() ? "recipes: " + cli::join(names) : "did you mean " + meant + "?") + ")");
}

}  // namespace lip::cmd
