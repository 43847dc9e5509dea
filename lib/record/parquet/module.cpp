// The Parquet module: rows of a Parquet file as JSON, through Arrow.
//
// Memory: some hundred rows and, of each column, the page that is being read. Pages are read as
// they are needed; neither a file nor a row group is ever held.
#include "record/parquet/status.h"
#include "record/parquet/table.h"
#include "record/parquet/values.h"

#include "cli/log.h"

#include <arrow/api.h>
#include <arrow/io/file.h>
#include <parquet/arrow/reader.h>
#include <parquet/arrow/schema.h>
#include <parquet/file_reader.h>

#include <algorithm>
#include <memory>
#include <stdexcept>

namespace lip::record::parquet {
namespace {

constexpr std::int64_t kReadAhead = 256 << 10;  // bytes of a column
constexpr std::int64_t kBatchBytes = 2 << 20;   // aim of a batch
constexpr std::int64_t kMostRows = 512;         // of a batch

using Fields = std::vector<::parquet::arrow::SchemaField>;

// What a column is made of: the leaves that have a place in JSON, and those that are bytes.
struct Leaves {
    std::vector<int> values, bytes;

    void add(const ::parquet::arrow::SchemaField& field, const std::string& column) {
        const Fit fit = fit_of(*field.field->type());
        if (fit == Fit::kNone)
            throw std::runtime_error("the column \"" + column + "\" holds values of the type " +
                                     field.field->type()->ToString() +
                                     ", which a record has no place for (write the file without "
                                     "it)");
        if (field.is_leaf()) (fit == Fit::kBytes ? bytes : values).push_back(field.column_index);
        for (const ::parquet::arrow::SchemaField& child : field.children) add(child, column);
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
            leaves.add(field, field.field->name());
            columns_.push_back({field.field->name(), leaves.values.empty()});
            leaves_.push_back(std::move(leaves));
            is_image_.push_back(is_image_file(field));
        }
    }

    const std::vector<Column>& columns() const override { return columns_; }

    void read_bytes(const std::vector<std::string>& names) override {
        for (std::size_t i = 0; i < columns_.size(); ++i)
            if (columns_[i].is_bytes && std::ranges::find(names, columns_[i].name) != names.end())
                leaves_[i].values = leaves_[i].bytes;
    }

    bool next(std::string& json) override {
        while (!batch_ || at_ == batch_->num_rows()) {
            if (!batches_) start();
            check(batches_->ReadNext(&batch_));
            at_ = 0;
            if (!batch_) return false;
        }
        json = '{';
        for (int i = 0; i < batch_->num_columns(); ++i) {
            if (i) json += ',';
            json += names_[static_cast<std::size_t>(i)];
            const arrow::Array& column = *batch_->column(i);
            if (is_path_[static_cast<std::size_t>(i)] && column.IsValid(at_))
                append_value(json, *static_cast<const arrow::StructArray&>(column).field(0), at_);
            else
                append_value(json, column, at_);
        }
        json += '}';
        ++at_;
        return true;
    }

private:
    void start() {
        std::vector<int> leaves, groups;
        for (std::size_t i = 0; i < columns_.size(); ++i) {
            if (leaves_[i].values.empty()) continue;
            leaves.insert(leaves.end(), leaves_[i].values.begin(), leaves_[i].values.end());
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
