// The Parquet module: rows of a Parquet file as JSON, through Arrow.
//
// Memory: some hundred rows and, of each column, the page that is being read. Pages are read as
// they are needed; neither a file nor a row group is ever held.
#include "record/parquet/pictures.h"
#include "record/parquet/status.h"
#include "record/parquet/table.h"
#include "record/parquet/values.h"

#include "cli/log.h"

#include <arrow/api.h>
#include <arrow/io/file.h>
#include <parquet/arrow/reader.h>
#include <parquet/arrow/schema.h>
#include <parquet/file_reader.h>
#include <parquet/statistics.h>

#include <algorithm>
#include <memory>

namespace lip::record::parquet {
namespace {

constexpr std::int64_t kReadAhead = 256 << 10;  // bytes of a column
constexpr std::int64_t kBatchBytes = 2 << 20;   // aim of a batch
constexpr std::int64_t kMostRows = 512;         // of a batch

using Fields = std::vector<::parquet::arrow::SchemaField>;

// What a column is made of: the leaves that have a place in JSON, and those that are bytes.
struct Leaves {
    std::vector<int> values, bytes;
    std::string no_place;  // the type of a value that has none: the column is left out

    void add(const ::parquet::arrow::SchemaField& field) {
        const arrow::DataType& type = *field.field->type();
        const Fit fit = fit_of(type);
        if (fit == Fit::kNone) no_place = type.ToString();
        if (field.is_leaf()) (fit == Fit::kBytes ? bytes : values).push_back(field.column_index);
        for (const ::parquet::arrow::SchemaField& child : field.children) add(child);
    }
};

// An image as Hugging Face's libraries write it: the path of the file stands for it.
bool is_image_file(const ::parquet::arrow::SchemaField& field) {
    const auto named = [&](const char* name, Fit fit) {
        return std::ranges::any_of(field.children, [&](const auto& child) {
            return child.field->name() == name && fit_of(*child.field->type()) == fit;
        });
    };
    return field.field->type()->id() == arrow::Type::STRUCT && field.children.size() == 2 &&
           named("bytes", Fit::kBytes) && named("path", Fit::kValue);
}

class File final : public Table {
public:
    explicit File(const std::string& path) {
        ::parquet::ReaderProperties properties(arrow::system_memory_pool());
        properties.enable_buffered_stream();
        properties.set_buffer_size(kReadAhead);
        properties.set_page_checksum_verification(true);
        ::parquet::ArrowReaderProperties settings(/*use_threads=*/false);
        settings.set_pre_buffer(false);  // it would hold whole row groups
        ::parquet::arrow::FileReaderBuilder builder;
        check(builder.Open(check(arrow::io::ReadableFile::Open(path, arrow::system_memory_pool())),
                           properties));
        builder.memory_pool(arrow::system_memory_pool());
        reader_ = check(builder.properties(settings)->Build());
        for (const ::parquet::arrow::SchemaField& field : reader_->manifest().schema_fields) {
            Leaves leaves;
            leaves.add(field);
            if (!leaves.no_place.empty()) leaves.values.clear();
            columns_.push_back({field.field->name(), leaves.values.empty(), leaves.no_place});
            leaves_.push_back(std::move(leaves));
            is_image_.push_back(is_image_file(field));
        }
    }

    const std::vector<Column>& columns() const override { return columns_; }

    void read_bytes(const std::vector<std::string>& names) override {
        for (std::size_t i = 0; i < columns_.size(); ++i)
            if (columns_[i].is_bytes && columns_[i].no_place.empty() &&
                std::ranges::find(names, columns_[i].name) != names.end())
                leaves_[i].values = leaves_[i].bytes;
    }

    bool next(std::string& json) override {
        if (!read_on(/*of_pictures=*/false)) return false;
        json = '{';
        for (int i = 0; i < batch_->num_columns(); ++i) {
            if (i) json += ',';
            json += names_[static_cast<std::size_t>(i)];
            append_column(json, *batch_->column(i), is_path_[static_cast<std::size_t>(i)]);
        }
        json += '}';
        ++at_;
        return true;
    }

    bool may_have_pictures() const override {
        for (std::size_t i = 0; i < columns_.size(); ++i)
            if (is_image_[i] || columns_[i].is_bytes) return true;
        return false;
    }

    bool next_pictures(std::vector<Picture>& pictures) override {
        pictures.clear();
        if (!read_on(/*of_pictures=*/true)) return false;
        for (int i = 0; i < batch_->num_columns(); ++i) {
            const arrow::Array& column = *batch_->column(i);
            const std::string_view bytes = picture_bytes(column, at_);
            const bool is_one = is_path_[static_cast<std::size_t>(i)] ? !bytes.empty()
                                                                      : !picture_ext(bytes).empty();
            if (is_one) pictures.push_back({picture_name(column, at_), std::string(bytes)});
        }
        ++at_;
        return true;
    }

private:
    // To the next row that is at hand.
    bool read_on(bool of_pictures) {
        while (!batch_ || at_ == batch_->num_rows()) {
            if (!batches_) start(of_pictures);
            check(batches_->ReadNext(&batch_));
            at_ = 0;
            if (!batch_) return false;
        }
        return true;
    }

    void append_column(std::string& json, const arrow::Array& column, bool is_image) const {
        const bool is_picture = is_image || !picture_ext(picture_bytes(column, at_)).empty();
        if (!is_picture) return append_value(json, column, at_);
        const std::string name = picture_name(column, at_);
        if (name.empty())
            json += "null";
        else
            cli::append_json_string(json, name);
    }

    // Is there a picture without a path? Only then are the bytes read for its name.
    bool needs_bytes(std::size_t column) const {
        const auto file = reader_->parquet_reader()->metadata();
        for (int i = 0; i < file->num_row_groups(); ++i)
            for (const int leaf : leaves_[column].values) {
                const auto chunk = file->RowGroup(i)->ColumnChunk(leaf);
                const auto seen = chunk->statistics();
                if (!seen || !seen->HasNullCount() || seen->null_count() > 0 ||
                    !seen->HasMinMax() || seen->EncodeMin().empty())
                    return true;
            }
        return false;
    }

    std::vector<int> leaves_of(std::size_t column, bool of_pictures) const {
        std::vector<int> leaves = leaves_[column].values;
        const bool is_picture = is_image_[column] || columns_[column].is_bytes;
        if (of_pictures && !is_picture) return {};
        if (of_pictures ? is_picture : is_image_[column] && needs_bytes(column))
            for (const int leaf : leaves_[column].bytes)
                if (std::ranges::find(leaves, leaf) == leaves.end()) leaves.push_back(leaf);
        std::ranges::sort(leaves);
        return leaves;
    }

    void start(bool of_pictures) {
        std::vector<int> leaves, groups;
        for (std::size_t i = 0; i < columns_.size(); ++i) {
            const std::vector<int> of_column = leaves_of(i, of_pictures);
            if (of_column.empty()) continue;
            leaves.insert(leaves.end(), of_column.begin(), of_column.end());
            std::string name;
            cli::append_json_string(name, columns_[i].name);
            names_.push_back(name + ":");
            is_path_.push_back(is_image_[i]);
        }
        const auto file = reader_->parquet_reader()->metadata();
        std::int64_t widest = 1;
        for (int i = 0; i < reader_->num_row_groups(); ++i) {
            groups.push_back(i);
            const auto group = file->RowGroup(i);
            std::int64_t bytes = 0;
            for (const int leaf : leaves)
                bytes += group->ColumnChunk(leaf)->total_uncompressed_size();
            widest = std::max(widest, bytes / std::max<std::int64_t>(group->num_rows(), 1));
        }
        reader_->set_batch_size(std::clamp<std::int64_t>(kBatchBytes / widest, 1, kMostRows));
        batches_ = check(reader_->GetRecordBatchReader(groups, leaves));
    }

    std::unique_ptr<::parquet::arrow::FileReader> reader_;
    std::vector<Column> columns_;
    std::vector<Leaves> leaves_;
    std::vector<bool> is_image_;
    // Of the columns that are read.
    std::vector<std::string> names_;
    std::vector<bool> is_path_;
    std::shared_ptr<arrow::RecordBatchReader> batches_;
    std::shared_ptr<arrow::RecordBatch> batch_;
    std::int64_t at_ = 0;
};

}  // namespace
}  // namespace lip::record::parquet

extern "C" {

[[gnu::visibility("default")]] int lip_parquet_interface() {
    return lip::record::parquet::kInterface;
}

[[gnu::visibility("default")]] lip::record::parquet::Table* lip_parquet_open(const char* path,
                                                                             std::string& problem) {
    try {
        return new lip::record::parquet::File(path);
    } catch (const std::exception& error) {
        problem = error.what();
        return nullptr;
    }
}
}
