#include "shard/folder.h"

#include "cli/error.h"
#include "cli/log.h"
#include "record/file.h"
#include "record/lines.h"
#include "record/object.h"
#include "shard/file.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>

namespace lip::shard {
namespace {

namespace fs = std::filesystem;

// What stands beside a picture, the extension without its dot.
constexpr std::array<std::string_view, 5> kBeside = {"json", "txt", "text", "caption", "cap"};
constexpr std::size_t kMostBeside = std::size_t{64} << 20;  // bytes of such a file

std::string ext_of(const fs::path& path) {
    const std::string ext = path.extension().string();
    return ext.empty() ? ext : ext.substr(1);
}

bool is_beside(std::string_view ext) {
    return std::ranges::any_of(kBeside,
                               [ext](std::string_view e) { return equal_ignoring_case(e, ext); });
}

// "links that lead nowhere: 3 passed over (a.jpg, ...)"
void say_some(const std::string& folder, const std::vector<std::string>& paths,
              const std::string& what) {
    if (paths.empty()) return;
    cli::warn(folder + ": " + what + ": " + std::to_string(paths.size()) + " passed over (" +
              paths.front() + (paths.size() > 1 ? ", ..." : "") + ")");
}

}  // namespace

PictureFolder::PictureFolder(const std::string& folder) : folder_(folder) {
    std::error_code error;
    fs::recursive_directory_iterator entry(folder, error);
    for (; !error && entry != fs::recursive_directory_iterator(); entry.increment(error)) {
        const std::string name = entry->path().filename().string();
        if (is_litter(name) || name.starts_with('.')) {
            hidden_ += !is_litter(name) && is_image_ext(ext_of(entry->path()));
            std::error_code ignored;
            if (entry->is_directory(ignored)) entry.disable_recursion_pending();
            continue;
        }
        note(*entry);
    }
    if (error) throw cli::DataError(folder + ": cannot list: " + error.message());
    for (auto* paths : {&pictures_, &metadata_, &tables_, &dangling_, &linked_})
        std::sort(paths->begin(), paths->end());
    for (std::uint32_t i = 0; i < metadata_.size(); ++i) read_metadata(i);
}

void PictureFolder::note(const fs::directory_entry& entry) {
    std::error_code error;
    const std::string path = entry.path().string(), ext = ext_of(entry.path());
    if (entry.is_directory(error)) {
        if (entry.is_symlink(error)) linked_.push_back(path);
    } else if (entry.is_symlink(error) && !entry.exists(error)) {
        if (is_image_ext(ext) || is_beside(ext)) dangling_.push_back(path);
    } else if (is_image_ext(ext)) {
        pictures_.push_back(path);
    } else if (equal_ignoring_case(entry.path().filename().string(), "metadata.jsonl")) {
        metadata_.push_back(path);
    } else if (is_beside(ext)) {
        beside_.insert(path);
    } else if (ext == "csv" || ext == "tsv" || ext == "parquet" || ext == "jsonl" ||
               ext == "ndjson") {
        tables_.push_back(path);
    } else if (ext == "tar" || ext == "tgz" || path.find(".tar.") != path.npos) {
        ++shards_;
    }
}

// Hugging Face's image folders: file_name is relative to the place of the file.
void PictureFolder::read_metadata(std::uint32_t file) {
    record::StreamSettings settings;
    settings.inputs = {metadata_[file]};
    record::LineReader reader(settings);
    const fs::path place = fs::path(metadata_[file]).parent_path();
    while (const auto block = reader.next_block())
        for (const record::Line& line : block->lines) {
            const auto object = record::parse_object(line.text);
            std::string name;
            const std::string* raw = object ? object->find("file_name") : nullptr;
            std::optional<cli::Reject> reject;
            if (!object)
                reject = object.reject();
            else if (!raw || !record::read_text(*raw, name) || name.empty())
                reject = cli::Reject{"bad-record", "the line has no \"file_name\""};
            if (reject) {
                bad_lines_.push_back({{metadata_[file], line.number, line.offset, false, {}},
                                      std::move(*reject),
                                      std::string(line.text.substr(0, record::kShownBytes))});
                continue;
            }
            lines_.insert_or_assign((place / name).lexically_normal().string(),
                                    Line{file, line.offset, line.text.size()});
        }
}

std::string PictureFolder::key(const std::string& picture) const {
    std::string_view below = picture;
    below.remove_prefix(folder_.size());
    while (below.starts_with('/')) below.remove_prefix(1);
    return std::string(below);
}

Sample PictureFolder::sample_of(const std::string& picture) const {
    Sample sample{key(picture), {}};
    const std::string stem = fs::path(picture).replace_extension().string();
    for (const std::string& base : {stem, picture})
        for (const std::string_view ext : kBeside)
            for (const bool is_upper : {false, true}) {
                std::string name(ext);
                if (is_upper) std::ranges::transform(name, name.begin(), ::toupper);
                const std::string path = base + "." + name;
                const bool is_new =
                    std::ranges::find(sample.members, ext, &Member::ext) == sample.members.end();
                if (is_new && beside_.contains(path))
                    sample.members.push_back(
                        {std::string(ext), record::read_file(path, kMostBeside)});
            }
    const auto line = lines_.find(fs::path(picture).lexically_normal().string());
    if (line == lines_.end()) return sample;
    std::string json(static_cast<std::size_t>(line->second.size), '\0');
    File::open(metadata_[line->second.file]).read_at(json.data(), json.size(), line->second.offset);
    auto object = record::parse_object(json);
    if (!object)
        throw cli::DataError(
            metadata_[line->second.file] +
            ": is not what it was a moment ago (if it is packed, unpack it first)");
    std::string text;
    const std::string* raw = object->find("text");
    if (raw && !object->find("caption") && record::read_text(*raw, text)) {
        std::erase_if(object->fields, [](const auto& field) { return field.name == "text"; });
        sample.members.insert(sample.members.begin(), {"text", text});
    }
    std::erase_if(object->fields, [](const auto& field) { return field.name == "file_name"; });
    std::string rest;
    object->append_json(rest);
    sample.members.insert(sample.members.begin(), {"json", std::move(rest)});
    return sample;
}

void PictureFolder::say_rest() const {
    say_some(folder_, dangling_, "links that lead nowhere");
    say_some(folder_, linked_, "links to other folders");
    say_some(folder_, tables_,
             "tables beside the pictures, which recaption-ingest reads when they are named");
    std::unordered_set<std::string> bases;
    for (const std::string& picture : pictures_) {
        bases.insert(picture);
        bases.insert(fs::path(picture).replace_extension().string());
    }
    std::vector<std::string> orphans;
    for (const std::string& path : beside_)
        if (!bases.contains(fs::path(path).replace_extension().string())) orphans.push_back(path);
    std::sort(orphans.begin(), orphans.end());
    say_some(folder_, orphans, "texts without a picture of their name");
    std::uint64_t missing = 0;
    std::unordered_set<std::string> paths;
    for (const std::string& picture : pictures_)
        paths.insert(fs::path(picture).lexically_normal().string());
    for (const auto& [path, line] : lines_) missing += !paths.contains(path);
    if (missing > 0)
        cli::warn(folder_ + ": lines of metadata.jsonl without their picture: " +
                  std::to_string(missing) + " passed over");
    if (shards_ > 0)
        cli::warn(folder_ + ": tars beside the pictures: " + std::to_string(shards_) +
                  " passed over (name them to read them)");
    if (hidden_ > 0)
        cli::warn(folder_ + ": pictures whose names begin with a dot: " + std::to_string(hidden_) +
                  " passed over");
}

}  // namespace lip::shard
