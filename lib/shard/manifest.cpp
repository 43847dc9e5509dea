#include "shard/manifest.h"

#include "cli/error.h"
#include "shard/file.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <iterator>
#include <string_view>

namespace lip::shard {
namespace {

constexpr std::uint64_t kMaxManifestBytes = std::uint64_t{1} << 30;

std::string read_whole(const std::filesystem::path& path) {
    const File file = File::open(path);
    const std::uint64_t size = file.size();
    if (size > kMaxManifestBytes) throw cli::DataError(path.string() + ": manifest over 1 GiB");
    std::string text(static_cast<std::size_t>(size), '\0');
    file.read_at(text.data(), text.size(), 0);
    return text;
}

std::string string_field(const nlohmann::json& line, const char* name) {
    const auto field = line.find(name);
    return field != line.end() && field->is_string() ? field->get<std::string>() : std::string();
}

std::uint64_t count_field(const nlohmann::json& line, const char* name) {
    const auto field = line.find(name);
    return field != line.end() && field->is_number_unsigned() ? field->get<std::uint64_t>() : 0;
}

ShardInfo parse_line(std::string_view text, const std::string& where) {
    const nlohmann::json line =
        nlohmann::json::parse(text, /*callback=*/nullptr, /*allow_exceptions=*/false);
    if (!line.is_object() || string_field(line, "shard").empty()) {
        throw cli::DataError(where +
                             ": not a line of a manifest: expected an object with \"shard\"");
    }
    return {string_field(line, "shard"), count_field(line, "samples"), count_field(line, "bytes"),
            count_field(line, "frames"), string_field(line, "xxh64"),  string_field(line, "first"),
            string_field(line, "last")};
}

}  // namespace

std::string manifest_line(const ShardInfo& info) {
    const nlohmann::ordered_json line = {
        {"shard", info.name},    {"samples", info.samples}, {"bytes", info.bytes},
        {"frames", info.frames}, {"xxh64", info.xxh64},     {"first", info.first},
        {"last", info.last},
    };
    try {
        return line.dump() + "\n";
    } catch (const nlohmann::json::type_error&) {
        throw cli::DataError(info.name +
                             ": its name or a key is not valid UTF-8, which JSON needs");
    }
}

std::vector<ShardInfo> read_manifest(const std::filesystem::path& path) {
    const std::string text = read_whole(path);
    std::vector<ShardInfo> infos;
    for (std::size_t at = 0, line = 1; at < text.size(); ++line) {
        const std::size_t end = text.find('\n', at);
        const std::string where = path.string() + ":" + std::to_string(line);
        if (end == std::string::npos) {
            throw cli::DataError(where +
                                 ": the last line has no newline: the manifest is truncated");
        }
        infos.push_back(parse_line(std::string_view(text).substr(at, end - at), where));
        at = end + 1;
    }
    return infos;
}

std::vector<ShardInfo> manifests_in(const std::filesystem::path& folder) {
    std::vector<ShardInfo> all;
    for (const auto& entry : std::filesystem::directory_iterator(folder))
        if (entry.path().string().ends_with(".manifest.jsonl"))
            std::ranges::move(read_manifest(entry.path()), std::back_inserter(all));
    return all;
}

}  // namespace lip::shard
