#include "shard/caption_tars.h"

#include "record/json_rows.h"
#include "shard/tar_samples.h"

#include <algorithm>
#include <optional>

namespace lip::shard {
namespace {

using record::Column;
using record::Role;

constexpr TarFormat kFormats[] = {
    {"flair-wds", "webdataset tar, KEY.json with DreamLIP's names, each a list of sentences"},
    {"img2dataset",
     "img2dataset's tars: KEY.json with url and caption or DreamLIP's names, KEY.txt"},
    {"wds", "other webdataset tars: the raw caption in KEY.txt or KEY.json"},
};

// The bytes of a record source as the tar reader wants them.
class Bytes final : public ByteSource {
public:
    explicit Bytes(std::unique_ptr<record::ByteSource> source) : source_(std::move(source)) {}
    std::size_t read(char* to, std::size_t n) override { return source_->read(to, n); }
    bool would_wait() { return source_->would_wait(); }

private:
    std::unique_ptr<record::ByteSource> source_;
};

std::vector<Column> columns_of(const record::ColumnMap& map, const std::string& name) {
    const record::Release& dreamlip = *record::find_release("dreamlip-json");
    std::vector<std::string> names = {"key", "url", "width", "height"};
    for (const record::KnownColumn& column : dreamlip.columns) names.emplace_back(column.name);
    std::vector<Column> columns = record::assign_roles(names, &dreamlip, map, name, true);
    for (Column& column : columns) {
        if (column.name == "key") column.role = Role::kKey;
        if (column.name == "url") column.role = Role::kUrl;
        if (column.name == "width") column.role = Role::kWidth;
        if (column.name == "height") column.role = Role::kHeight;
    }
    return columns;
}

class CaptionTar final : public record::RowReader {
public:
    CaptionTar(std::unique_ptr<record::ByteSource> source, const record::ImportSettings& settings,
               const std::string& name)
        : bytes_(std::move(source)),
          samples_(bytes_, name),
          convert_(record::by_columns(columns_of(settings.map, name), settings, true)),
          settings_(settings) {
        Sample first;
        if (samples_.next(first)) first_ = std::move(first);
    }

    // The first sample's .json, or nothing.
    std::string first_json() const { return first_ ? member(*first_, "json") : ""; }

    bool next(record::Row& row) override {
        Sample sample;
        if (first_) {
            sample = std::move(*first_);
            first_.reset();
        } else if (!samples_.next(sample)) {
            return false;
        }
        row = {};
        row.line = ++number_;
        row.offset = samples_.offset();
        row.fields = {member(sample, "json"), member(sample, "txt"), sample.key};
        row.raw = row.fields[0];
        return true;
    }
    bool would_wait() override { return bytes_.would_wait(); }
    bool row_at(std::string_view, bool, record::Row&) const override { return false; }

    cli::Result<record::Record> record(const record::Row& row) const override {
        auto object = record::parse_object(row.fields[0].empty() ? "{}" : row.fields[0]);
        if (!object) return object.reject();
        // A sample of our own shards.
        if (object->find("captions")) return record::import_record(row.fields[0], settings_);
        std::string web;  // the caption that came with the image
        const std::string* raw = object->find("caption");
        if (!raw || !record::read_text(*raw, web)) {
            web = row.fields[1];
            while (web.ends_with('\n') || web.ends_with('\r')) web.pop_back();  // of the file
        }
        object->set_text("key", row.fields[2]);
        std::erase_if(object->fields, [](const auto& field) { return field.name == "caption"; });
        if (!object->find("raw_caption")) object->set_text("raw_caption", web);
        std::string json;
        object->append_json(json);
        return convert_(json);
    }

    std::string describe() const override {
        return "the raw caption from .txt or \"caption\", others from DreamLIP's names in .json";
    }

private:
    static std::string member(const Sample& sample, std::string_view ext) {
        for (const Member& one : sample.members)
            if (one.ext == ext) return one.bytes;
        return "";
    }

    Bytes bytes_;
    TarSamples samples_;
    record::Convert convert_;
    record::ImportSettings settings_;
    std::optional<Sample> first_;
    std::uint64_t number_ = 0;
};

}  // namespace

std::span<const TarFormat> tar_formats() {
    return kFormats;
}

bool is_tar(std::string_view head) {
    if (head.size() < 512) return false;
    if (head.substr(257, 5) == "ustar") return true;
    // Older archives: the sum of the header's bytes, its own field counted as spaces.
    unsigned sum = 0, written = 0;
    for (std::size_t i = 0; i < 512; ++i)
        sum += i >= 148 && i < 156 ? ' ' : static_cast<unsigned char>(head[i]);
    std::size_t at = 148;
    while (at < 156 && head[at] == ' ') ++at;
    for (; at < 156 && head[at] >= '0' && head[at] <= '7'; ++at)
        written = written * 8 + static_cast<unsigned>(head[at] - '0');
    return written > 0 && written == sum;
}

std::unique_ptr<record::RowReader> open_caption_tar(std::unique_ptr<record::ByteSource> source,
                                                    const record::ImportSettings& settings,
                                                    const std::string& name, std::string& format) {
    auto reader = std::make_unique<CaptionTar>(std::move(source), settings, name);
    if (format.empty()) {
        const auto object = record::parse_object(reader->first_json());
        bool has_lists = false, has_names = false;
        if (object)
            for (const record::KnownColumn& column : record::find_release("dreamlip-json")->columns)
                if (const std::string* raw = object->find(column.name)) {
                    has_names = true;
                    has_lists |= raw->starts_with('[');
                }
        const bool is_download = object && object->find("url") && object->find("status");
        format = has_lists ? "flair-wds" : has_names || is_download ? "img2dataset" : "wds";
    }
    return reader;
}

}  // namespace lip::shard
