#include "shard/image_inputs.h"

#include "cli/error.h"
#include "record/file.h"
#include "record/lines.h"
#include "record/operands.h"
#include "shard/list.h"

#include <algorithm>
#include <filesystem>
#include <utility>

namespace lip::shard {

namespace fs = std::filesystem;

InputKind kind_of(const record::OpenInput& input) {
    switch (input.kind.content) {
        case record::Content::kTar:
            return InputKind::kShard;
        case record::Content::kPicture:
            return InputKind::kImage;
        case record::Content::kEmpty:
        case record::Content::kText:
            return InputKind::kRecords;
        default:
            throw cli::DataError(input.name + ": " + input.kind.message());
    }
}

namespace {

// A pipe cannot be looked at and read again: what it brings is seen when it is read.
InputKind kind_of_file(const std::string& path) {
    return fs::is_regular_file(path) ? kind_of(record::open_input(path)) : InputKind::kUnknown;
}

// A bare picture: its path as given, without what leads to the root or out of a folder.
std::string file_key(const std::string& path) {
    std::string key = fs::path(path).lexically_normal().string();
    std::size_t begin = 0;
    for (const std::string_view lead : {"/", "../"})
        while (key.compare(begin, lead.size(), lead) == 0) begin += lead.size();
    return key.substr(begin);
}

// Keys begin below a folder; below what they share where there are several.
void add_pictures(Inputs& inputs) {
    fs::path shared;
    for (const auto& folder : inputs.folders) {
        const fs::path path = fs::absolute(folder->folder()).lexically_normal() / "";
        if (shared.empty()) shared = path;
        while (!path.string().starts_with(shared.string()))
            shared = shared.parent_path().parent_path() / "";
    }
    for (Input& input : inputs.list) {
        if (!input.folder) continue;
        const fs::path own = fs::absolute(input.folder->folder()).lexically_normal() / "";
        input.key = own.string().substr(shared.string().size()) + input.folder->key(input.path);
    }
}

void add_folder(const std::string& operand, Inputs& inputs) {
    auto folder = std::make_unique<PictureFolder>(operand);
    if (!folder->pictures().empty()) {
        folder->say_rest();
        for (const std::string& path : folder->pictures())
            inputs.list.push_back({InputKind::kImage, path, {}, folder.get()});
        inputs.folders.push_back(std::move(folder));
        return;
    }
    std::vector<std::string> files;
    try {
        files = expand_shards(operand);
    } catch (const cli::DataError&) {
        throw cli::DataError(operand + ": the folder holds neither images nor shards");
    }
    for (std::string& path : files) inputs.list.push_back({InputKind::kShard, std::move(path)});
}

void add_operand(const std::string& operand, Inputs& inputs) {
    if (operand == "-") {
        inputs.list.push_back({InputKind::kUnknown, operand});
    } else if (fs::is_directory(operand)) {
        add_folder(operand, inputs);
    } else if (record::is_manifest_name(operand)) {
        for (std::string& path : expand_shards(operand))
            inputs.list.push_back({InputKind::kShard, std::move(path)});
    } else if (!fs::exists(operand)) {  // a pattern, or the PREFIX of shards
        for (const std::string& path : expand_shards(operand)) add_operand(path, inputs);
    } else {
        inputs.list.push_back({kind_of_file(operand), operand, file_key(operand)});
    }
}

}  // namespace

Inputs find_inputs(const record::StreamSettings& settings) {
    Inputs inputs;
    if (std::count(settings.inputs.begin(), settings.inputs.end(), "-") > 1)
        record::resolve_inputs(settings.inputs);
    if (settings.inputs.empty()) record::resolve_inputs({});  // refuses a terminal
    if (settings.inputs.empty()) add_operand("-", inputs);
    for (const std::string& operand : settings.inputs) add_operand(operand, inputs);
    add_pictures(inputs);
    return inputs;
}

}  // namespace lip::shard
