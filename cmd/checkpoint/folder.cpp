#include "cli/error.h"
#include "cmd/checkpoint/checkpoint.h"
#include "record/output_folder.h"

namespace lip::cmd {
namespace {

// What import, average and export write. A folder of anything else, such as a run or what it needs
// for going on, is never replaced.
constexpr std::string_view kOurs[] = {
    "config.json",           "model.safetensors",           "checksums.xxh64", "provenance.json",
    "open_clip_config.json", "open_clip_model.safetensors", "tokenizer.model", "tokenizer.json",
    "tokenizer_config.json", "preprocessor_config.json"};

}  // namespace

void check_can_write_folder(const cli::Common& common) {
    if (common.output == "-") throw cli::UsageError("the output is a folder: name it with -o DIR");
    record::check_can_write_folder(common.output, common.force, kOurs);
}

void write_folder(const cli::Common& common,
                  const std::function<void(const std::filesystem::path&)>& fill) {
    record::OutputFolder folder(common.output, common.force, kOurs);
    fill(folder.path());
    folder.close();
}

}  // namespace lip::cmd
