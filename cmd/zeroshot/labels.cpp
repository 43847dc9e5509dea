#include "cmd/zeroshot/labels.h"

#include "cli/error.h"
#include "record/csv.h"
#include "record/lines.h"

#include <algorithm>
#include <filesystem>

namespace lip::cmd {
namespace {

bool is_csv(const std::string& path) {
    return path.ends_with(".csv") || path.ends_with(".csv.gz") || path.ends_with(".csv.zst");
}

}  // namespace

Labels::Labels(const std::string& from, const eval::Classes& classes)
    : from_(from == "record"   ? From::kRecord
            : from == "folder" ? From::kFolder
                               : From::kFile),
      classes_(classes) {
    if (from_ != From::kFile) return;
    if (is_csv(from))
        read_csv(from);
    else
        read_lines(from);
    if (by_key_.empty()) throw cli::DataError(from + ": no labels in the file");
}

void Labels::add(const std::string& where, const std::string& key, const std::string& label) {
    if (!by_key_.emplace(key, label).second)
        throw cli::DataError(where + ": the " + (by_image_ ? "image" : "key") + " '" + key +
                             "' occurs twice");
}

void Labels::read_lines(const std::string& path) {
    record::StreamSettings settings;
    settings.inputs = {path};
    record::LineReader reader(settings);
    while (const auto block = reader.next_block())
        for (const record::Line& line : block->lines) {
            const std::string where = path + ":" + std::to_string(line.number);
            const std::size_t tab = line.text.find('\t');
            if (tab == line.text.npos || tab == 0 || tab + 1 == line.text.size())
                throw cli::DataError(where + ": expected a key, a TAB and a label");
            add(where, std::string(line.text.substr(0, tab)),
                std::string(line.text.substr(tab + 1)));
        }
}

void Labels::read_csv(const std::string& path) {
    record::CsvReader reader(record::open_bytes(path), {','});
    record::CsvRow row;
    std::optional<std::size_t> key, label;
    const auto column = [&](std::string_view name) -> std::optional<std::size_t> {
        const auto found = std::find(row.fields.begin(), row.fields.end(), name);
        if (found == row.fields.end()) return std::nullopt;
        return static_cast<std::size_t>(found - row.fields.begin());
    };
    while (reader.next(row)) {
        const std::string where = path + ":" + std::to_string(row.line);
        if (!row.problem.empty()) throw cli::DataError(where + ": " + row.problem);
        if (label) {
            if (row.fields[*key].empty() || row.fields[*label].empty())
                throw cli::DataError(where + ": the key or the label is empty");
            add(where, row.fields[*key], row.fields[*label]);
            continue;
        }
        key = column("key");
        by_image_ = !key;
        if (!key) key = column("image");
        label = column("label");
        if (!key || !label)
            throw cli::DataError(where +
                                 ": the header needs a column label, and a column key or image");
    }
}

cli::Result<std::optional<Truth>> Labels::one(const std::string& label) const {
    const auto found = classes_.find(label);
    if (!found) return found.reject();
    return std::optional<Truth>({{*found}, false});
}

cli::Result<std::optional<Truth>> Labels::find(const shard::ImageRecord& item) const {
    const record::Record& record = item.record;
    if (from_ == From::kFile) {
        const auto label = by_key_.find(by_image_ ? record.image : record.key);
        if (label == by_key_.end()) return std::optional<Truth>();
        return one(label->second);
    }
    if (from_ == From::kFolder) {
        const std::filesystem::path path = record.image.empty() ? record.key : record.image;
        const std::string folder = path.parent_path().filename().string();
        if (folder.empty())
            return cli::Reject{"unknown-label", "the path '" + path.string() + "' has no folder"};
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
