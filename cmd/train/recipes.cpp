#include "cmd/train/recipes.h"

#include "cli/error.h"
#include "record/data_path.h"

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <string_view>

namespace lip::cmd {
namespace {

struct Recipe {
    std::string_view name, summary;
};

// A recipe: one line here, one file share/recipes/NAME.toml.
constexpr Recipe kRecipes[] = {
    {"dreamlip-cc3m-b16", "CC3M, ViT-B-16"},
    {"dreamlip-cc3m-b32", "CC3M, ViT-B-32"},
    {"dreamlip-cc12m-b16", "CC12M, ViT-B-16"},
    {"dreamlip-cc12m-b32", "CC12M, ViT-B-32"},
    {"dreamlip-yfcc15m-b16", "YFCC15M, ViT-B-16"},
    {"dreamlip-yfcc15m-b32", "YFCC15M, ViT-B-32"},
    {"dreamlip-merged30m-b16", "the three together, ViT-B-16"},
    {"dreamlip-merged30m-b32", "the three together, ViT-B-32"},
    {"dreamlip-demo", "what make demo trains"},
    {"llip-b32", "the published settings, ViT-B-32"},
    {"llip-b16", "the same, ViT-B-16"},
    {"llip-l14", "the same, ViT-L-14"},
    {"llip-h14", "the same, ViT-H-14"},
    {"llip-g14", "the same, ViT-bigG-14"},
    {"llip-demo", "Llip in small, a million parameters, 100,000 images, some minutes on two cores"},
    {"cloc-b16", "the published settings, ViT-B-16"},
    {"cloc-l14", "the same, ViT-L-14 at 336 pixels"},
    {"cloc-h14", "the same, ViT-H-14 at 336 pixels"},
    {"cloc-demo", "CLOC in small, a million parameters, 48,000 images, some minutes on two cores"},
};

}  // namespace

std::string find_recipe(const std::string& name_or_file) {
    std::error_code failed;
    if (std::filesystem::exists(name_or_file, failed)) return name_or_file;
    const auto* const found =
        std::find_if(std::begin(kRecipes), std::end(kRecipes),
                     [&](const Recipe& recipe) { return recipe.name == name_or_file; });
    if (found != std::end(kRecipes)) return record::data_file("recipes/" + name_or_file + ".toml");
    std::string names;
    for (const Recipe& recipe : kRecipes)
        names.append(names.empty() ? "" : ", ").append(recipe.name);
    throw cli::UsageError("--config: '" + name_or_file +
                          "' is neither a file nor a recipe (recipes: " + names + ")");
}

std::string recipes_text() {
    std::string text =
        "--config takes a file or one of the names below: settings of published runs, each with a "
        "comment that says where it comes from. --data, --tokenizer and -o follow; options given "
        "beside win, and --print-config shows the outcome. Values that were never published are "
        "those of a later work on the same captions, and say so.";
    for (const Recipe& recipe : kRecipes)
        text.append("\n\n").append(recipe.name).append(": ").append(recipe.summary).append(".");
    return text;
}

}  // namespace lip::cmd
