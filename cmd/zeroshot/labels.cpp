#include "cmd/zeroshot/labels.h"

#include "cli/error.h"
#include "record/lines.h"

#include <filesystem>

namespace lip::cmd {

Labels::Labels(const std::string& from, const eval::Classes& classes)
    : from_(from == "record"   ? From::kRecord
            : from == "folder" ? From::kFolder
                               : From::kFile),
      classes_(classes) {
    if (from_ != From::kFile) return;
    record::StreamSettings settings;
    settings.inputs = {from};
    record::LineReader reader(settings);
    while (const auto block = reader.next_block())
        for (const record::Line& line : block->lines) {
            const std::string where = from + ":" + std::to_string(line.number);
            const std::size_t tab = line.text.find('\t');
            if (tab == line.text.npos || tab == 0 || tab + 1 == line.text.size())
                throw cli::DataError(where + ": expected a key, a TAB and a label");
            const std::string key(line.text.substr(0, tab));
            if (!by_key_.emplace(key, line.text.substr(tab + 1)).second)
                throw cli::DataError(where + ": the key '" + key + "' stands twice");
        }
    if (by_key_.empty()) throw cli::DataError(from + ": no labels in the file");
}

cli::Result<std::optional<Truth>> Labels::one(const std::string& label) const {
    const auto found = classes_.find(label);
    if (!found) return found.reject();
    return std::optional<Truth>({{*found}, false});
}

cli::Result<std::optional<Truth>> Labels::find(const shard::ImageRecord& item) const {
    const record::Record& record = item.record;
    if (from_ == From::kFile) {
        const auto label = by_key_.find(record.key);
        if (label == by_key_.end()) return std::optional<Truth>();
        return one(label->second);
    }
    if (from_ == From::kFolder) {
        const std::filesystem::path path = record.image.empty() ? record.key : record.image;
        const std::string folder = path.parent_path().filename().string();
        if (folder.empty())
            return cli::Reject{"unknown-label", "the path '" + path.string() + "' names no folder"};
        return one(folder);
    }
    const std::string* raw = record.object.find("label");
    if (!raw || *raw == "null") return std::optional<Truth>();
    if (raw->front() != '[') return one(record.labels.front());
    Truth truth{{}, true};
    for (const std::string& label : record.labels) {
        const auto found = classes_.find(label);
        if (!found) return found.reject();
        truth.classes.push_back(*found);
    }
    return std::optional(std::move(truth));
}

}  // namespace lip::cmd
