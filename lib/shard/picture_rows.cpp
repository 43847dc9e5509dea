#include "shard/picture_rows.h"

#include "cli/error.h"
#include "cli/log.h"
#include "record/entities.h"
#include "record/lines.h"
#include "record/operands.h"
#include "shard/folder.h"
#include "shard/list.h"
#include "shard/sample_row.h"

#include <filesystem>
#include <optional>
#include <utility>

namespace lip::shard {
namespace {

namespace fs = std::filesystem;

class PictureRows final : public record::RowReader {
public:
    PictureRows(const std::string& folder, const record::ImportSettings& settings)
        : folder_(folder), convert_(settings, folder) {
        folder_.say_rest();
    }

    bool next(record::Row& row) override {
        if (bad_ < folder_.bad_lines().size()) {
            const PictureFolder::BadLine& bad = folder_.bad_lines()[bad_++];
            row = {};
            row.line = bad.place.line;
            row.offset = bad.place.offset;
            row.reject = cli::Reject{bad.reject.word, bad.place.file + ": " + bad.reject.message};
            row.raw = bad.raw;
            return true;
        }
        if (at_ == folder_.pictures().size()) return false;
        const std::string& picture = folder_.pictures()[at_++];
        row = {};
        row.line = at_;
        Sample sample = folder_.sample_of(picture);
        row.raw = member_bytes(sample, "json");
        put_sample(std::move(sample), row, convert_);
        row.fields.push_back(picture);
        return true;
    }
    bool would_wait() override { return false; }
    bool row_at(std::string_view, bool, record::Row&) const override { return false; }

    cli::Result<record::Record> record(const record::Row& row) const override {
        auto record = convert_(sample_in(row));
        if (!record) return record;
        record->image = row.fields.back();
        record->object.set_text("image", record->image);
        return record;
    }

    std::string describe() const override {
        return std::to_string(folder_.pictures().size()) +
               " pictures, captions from metadata.jsonl, .json, .txt or .caption beside them";
    }

private:
    PictureFolder folder_;
    SampleConverter convert_;
    std::uint64_t at_ = 0, bad_ = 0;
};

// What a folder without pictures is read as.
std::vector<std::string> files_of_folder(const std::string& folder) {
    std::vector<std::string> tables = record::tables_in(folder, /*records_only=*/false), shards;
    try {
        shards = expand_shards(folder);
    } catch (const cli::DataError&) {
        // none
    }
    if (shards.empty() && tables.empty())
        throw cli::DataError(folder +
                             ": the folder holds neither pictures nor tars nor tables (.jsonl, "
                             ".json, .csv, .tsv, .parquet)");
    if (!shards.empty() && !tables.empty())
        cli::info(folder + ": its tars are read (" + std::to_string(shards.size()) +
                  "), its tables are not (" + std::to_string(tables.size()) + ": " +
                  tables.front() + (tables.size() > 1 ? ", ..." : "") +
                  "); name them to read them");
    return shards.empty() ? tables : shards;
}

std::vector<std::string> files_of(const std::string& operand) {
    if (operand == "-") return {operand};
    std::error_code error;
    const auto status = fs::status(operand, error);
    if (fs::is_directory(status)) {
        if (record::is_entities_folder(operand) || !PictureFolder(operand).pictures().empty())
            return {operand};
        return files_of_folder(operand);
    }
    const bool is_manifest = record::is_manifest_name(operand) ||
                             (!fs::exists(status) && fs::exists(operand + ".manifest.jsonl"));
    if (is_manifest || (!fs::exists(status) && record::is_pattern(operand)))
        return expand_shards(operand);
    return {operand};
}

}  // namespace

std::vector<std::string> caption_inputs(const std::vector<std::string>& operands) {
    std::vector<std::string> inputs;
    for (const std::string& operand : operands)
        for (std::string& file : files_of(operand)) inputs.push_back(std::move(file));
    record::check_can_open(inputs);
    if (inputs.empty() || std::count(inputs.begin(), inputs.end(), "-") > 1)
        record::resolve_inputs(operands);
    if (inputs.empty()) inputs = {"-"};
    return inputs;
}

std::unique_ptr<record::RowReader> open_picture_folder(const std::string& folder,
                                                       const record::ImportSettings& settings) {
    return std::make_unique<PictureRows>(folder, settings);
}

}  // namespace lip::shard
