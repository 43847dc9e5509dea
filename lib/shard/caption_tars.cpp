#include "shard/caption_tars.h"

#include "record/columns.h"
#include "shard/key_set.h"
#include "shard/sample_record.h"
#include "shard/tar_samples.h"

#include <algorithm>
#include <optional>

namespace lip::shard {
namespace {

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

class CaptionTar final : public record::RowReader {
public:
    CaptionTar(std::unique_ptr<record::ByteSource> source, const record::ImportSettings& settings,
               const std::string& name)
        : bytes_(std::move(source)), samples_(bytes_, name), convert_(settings, name) {
        Sample first;
        if (samples_.next(first)) first_ = std::move(first);
    }

    // The first sample's .json, or nothing.
    std::string_view first_json() const {
        return first_ ? member_bytes(*first_, "json") : std::string_view();
    }

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
        row.fields = {std::string(member_bytes(sample, "json")),
                      std::string(member_bytes(sample, "txt")), sample.key};
        row.raw = row.fields[0];
        if (!keys_.insert(sample.key))
            row.reject = cli::Reject{"duplicate-key",
                                     "the key occurred before in this tar: the members of a sample "
                                     "must be consecutive (tar --sort=name sorts by name)"};
        return true;
    }
    bool would_wait() override { return bytes_.would_wait(); }
    bool row_at(std::string_view, bool, record::Row&) const override { return false; }

    cli::Result<record::Record> record(const record::Row& row) const override {
        return convert_(row.fields[0], row.fields[1], row.fields[2]);
    }

    std::string describe() const override {
        return "the raw caption from .txt or \"caption\", others from DreamLIP's names in .json";
    }

private:
    Bytes bytes_;
    TarSamples samples_;
    SampleConverter convert_;
    KeySet keys_;
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
