#include "shard/caption_tars.h"

#include "record/columns.h"
#include "record/entities.h"
#include "shard/key_set.h"
#include "shard/picture_rows.h"
#include "shard/sample_record.h"
#include "shard/sample_row.h"
#include "shard/tar_samples.h"

#include <algorithm>
#include <optional>

namespace lip::shard {
namespace {

constexpr TarFormat kFormats[] = {
    {"flair-wds", "webdataset tar, KEY.json with DreamLIP's names, each a list of sentences"},
    {"img2dataset",
     "img2dataset's tars: KEY.json with url and caption or DreamLIP's names, KEY.txt"},
    {kPictureFolder,
     "a folder of pictures with KEY.txt, KEY.caption, KEY.json or metadata.jsonl beside them"},
    {record::kEntities,
     "a folder with Sentences/ID.txt and Annotations/ID.xml: captions and the boxes of their "
     "phrases"},
    {"wds", "other webdataset tars: the raw caption in KEY.txt or KEY.json"},
};

class CaptionTar final : public record::RowReader {
public:
    CaptionTar(std::unique_ptr<record::ByteSource> source, const record::ImportSettings& settings,
               const std::string& name)
        : bytes_(std::move(source)), samples_(*bytes_, name), convert_(settings, name) {
        samples_.leave_out_bad_members();
        Sample first;
        if (samples_.next(first)) first_ = std::move(first);
    }

    // The first sample's .json, or nothing.
    std::string_view first_json() const {
        return first_ ? member_bytes(*first_, "json") : std::string_view();
    }

    bool next(record::Row& row) override {
        if (next_fault(row)) return true;
        Sample sample;
        if (first_) {
            sample = std::move(*first_);
            first_.reset();
        } else if (!samples_.next(sample)) {
            return next_fault(row);
        }
        row = {};
        row.line = ++number_;
        row.offset = samples_.offset();
        row.raw = member_bytes(sample, "json");
        put_sample(std::move(sample), row, convert_);
        if (!keys_.insert(row.fields[0]))
            row.reject = cli::Reject{"duplicate-key",
                                     "the key occurred before in this tar: the members of a sample "
                                     "must be consecutive (tar --sort=name sorts by name)"};
        return true;
    }
    bool would_wait() override { return bytes_->would_wait(); }
    bool row_at(std::string_view, bool, record::Row&) const override { return false; }

    cli::Result<record::Record> record(const record::Row& row) const override {
        return convert_(sample_in(row));
    }

    std::string describe() const override {
        return "the raw caption from .txt or \"caption\", others from DreamLIP's names in .json";
    }

private:
    // A member that was left out, as a row of its own.
    bool next_fault(record::Row& row) {
        if (faults_.empty()) faults_ = samples_.faults();
        if (faults_.empty()) return false;
        row = {};
        row.line = std::max<std::uint64_t>(number_, 1);
        row.offset = samples_.offset();
        row.reject = cli::Reject{"bad-member", faults_.front()};
        row.is_part = true;
        faults_.erase(faults_.begin());
        return true;
    }

    std::unique_ptr<ByteSource> bytes_;
    TarSamples samples_;
    SampleConverter convert_;
    KeySet keys_;
    std::optional<Sample> first_;
    std::uint64_t number_ = 0;
    std::vector<std::string> faults_;
};

}  // namespace

std::span<const TarFormat> tar_formats() {
    return kFormats;
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
