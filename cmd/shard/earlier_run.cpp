#include "cmd/shard/earlier_run.h"

#include "cli/error.h"
#include "cli/log.h"
#include "record/object.h"
#include "shard/list.h"
#include "shard/manifest.h"

namespace lip::cmd {

namespace fs = std::filesystem;

std::string settings_json(const ShardCommand& o) {
    std::string out = "{\"shard-samples\":" + std::to_string(o.shard_samples) +
                      ",\"shard-size\":" + std::to_string(o.shard_size) +
                      ",\"frame-size\":" + std::to_string(o.frame_size) +
                      ",\"level\":" + std::to_string(o.level) +
                      ",\"no-images\":" + (o.no_images ? "true" : "false") + ",\"image-check\":\"" +
                      o.image_check + "\",\"resize\":" + std::to_string(o.resize) +
                      ",\"quality\":" + std::to_string(o.quality);
    if (!o.images_from.empty()) {
        out += ",\"images-from\":";
        cli::append_json_string(out, o.images_from);
    }
    out += ",\"inputs\":[";
    for (const std::string& input : o.stream.inputs) {
        if (out.back() != '[') out += ',';
        cli::append_json_string(out, input);
    }
    return out + "]}";
}

std::string changed_settings(const std::string& before, const std::string& now) {
    const auto old = record::parse_object(before), current = record::parse_object(now);
    std::string out;
    const auto add = [&](const std::string& name, const std::string* was, const std::string* is) {
        if (was && is && *was == *is) return;
        out += (out.empty() ? "" : "; ") + name + (was ? " was " + *was : " was not given") +
               (is ? ", is " + *is : ", is not given");
    };
    if (!old || !current) return before;
    for (const auto& field : current->fields) add(field.name, old->find(field.name), &field.raw);
    for (const auto& field : old->fields)
        if (!current->find(field.name)) add(field.name, &field.raw, nullptr);
    return out;
}

std::vector<fs::path> old_set(const ShardCommand& o) {
    const fs::path manifest = o.common.output + ".manifest.jsonl";
    if (!fs::exists(manifest)) return {};
    if (!o.common.force)
        throw cli::DataError(manifest.string() +
                             ": exists already (-f replaces it, --resume continues)");
    std::vector<fs::path> files;
    for (const shard::ShardInfo& info : shard::read_manifest(manifest))
        files.push_back(manifest.parent_path() / info.name);
    files.push_back(manifest);
    std::vector<std::string> operands = o.stream.inputs;
    if (!o.images_from.empty()) operands.push_back(o.images_from);
    for (const std::string& operand : operands) {
        if (operand == "-") continue;
        const bool is_file = fs::is_regular_file(operand) && fs::path(operand) != manifest &&
                             !operand.ends_with(".manifest.jsonl");
        std::vector<std::string> inputs = {operand};
        try {
            if (!is_file) inputs = shard::expand_shards(operand);
        } catch (const cli::DataError&) {
            continue;  // a folder of images
        }
        for (const std::string& input : inputs)
            for (const fs::path& file : files) {
                std::error_code ignored;
                if (fs::equivalent(input, file, ignored))
                    throw cli::UsageError("-f would replace " + file.string() +
                                          ", which is also input: name another -o PREFIX");
            }
    }
    return files;
}

}  // namespace lip::cmd
