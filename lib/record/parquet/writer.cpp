// The Parquet module: rows of texts and integers to a Parquet file, through Arrow.
//
// Memory: the rows of a row group, at most 64 Ki of them or 16 MB of text, and the footer.
#include "record/parquet/status.h"
#include "record/parquet/table.h"

#include <arrow/api.h>
#include <arrow/io/interfaces.h>
#include <arrow/util/compression.h>
#include <parquet/arrow/writer.h>

#include <exception>
#include <memory>

namespace lip::record::parquet {
namespace {

constexpr std::int64_t kGroupRows = 64 << 10;
constexpr std::size_t kGroupBytes = 16 << 20;

// Arrow knows no exceptions: one of the sink is kept until Arrow has returned.
class SinkStream final : public arrow::io::OutputStream {
public:
    explicit SinkStream(Sink& sink) : sink_(sink) {}
    using arrow::io::OutputStream::Write;

    arrow::Status Write(const void* data, std::int64_t size) override {
        try {
            sink_.write({static_cast<const char*>(data), static_cast<std::size_t>(size)});
        } catch (...) {
            failure_ = std::current_exception();
            return arrow::Status::IOError("write error");
        }
        at_ += size;
        return arrow::Status::OK();
    }
    arrow::Result<std::int64_t> Tell() const override { return at_; }
    arrow::Status Close() override {
        closed_ = true;
        return arrow::Status::OK();
    }
    bool closed() const override { return closed_; }

    // Runs a call of Arrow's that writes; some throw instead of giving a status back.
    template <class Call>
    void run(const Call& call) const {
        try {
            parquet::check(call());
        } catch (const std::exception&) {
            if (failure_) std::rethrow_exception(failure_);
            throw;
        }
    }

private:
    Sink& sink_;
    std::int64_t at_ = 0;
    bool closed_ = false;
    std::exception_ptr failure_;
};

class Writer final : public TableWriter {
public:
    Writer(const std::vector<NewColumn>& columns, Sink& sink)
        : stream_(std::make_shared<SinkStream>(sink)) {
        arrow::FieldVector fields;
        for (const NewColumn& column : columns) {
            if (column.is_integer) {
                fields.push_back(arrow::field(column.name, arrow::int64()));
                builders_.push_back(std::make_unique<arrow::Int64Builder>(pool_));
            } else {
                fields.push_back(arrow::field(column.name, arrow::utf8()));
                builders_.push_back(std::make_unique<arrow::StringBuilder>(pool_));
            }
        }
        schema_ = arrow::schema(std::move(fields));
    }

    ~Writer() override {
        // Arrow's own destructor would do it, and end the program if that fails.
        try {
            if (writer_) static_cast<void>(writer_->Close());
        } catch (const std::exception&) {  // it is thrown away anyway
        }
    }

    void add(std::span<const Cell> row) override {
        if (row.size() != builders_.size()) throw std::runtime_error("a row of other columns");
        for (std::size_t i = 0; i < row.size(); ++i) add(*builders_[i], row[i]);
        if (++rows_ == kGroupRows || bytes_ >= kGroupBytes) write_group();
    }

    void close() override {
        if (rows_ > 0) write_group();
        if (!writer_) start();
        const auto writer = std::move(writer_);
        stream_->run([&] { return writer->Close(); });
    }

private:
    void add(arrow::ArrayBuilder& builder, const Cell& cell) {
        if (const auto* text = std::get_if<std::string_view>(&cell)) {
            bytes_ += text->size();
            parquet::check(dynamic_cast<arrow::StringBuilder&>(builder).Append(*text));
        } else if (const auto* number = std::get_if<std::int64_t>(&cell)) {
            parquet::check(dynamic_cast<arrow::Int64Builder&>(builder).Append(*number));
        } else {
            parquet::check(builder.AppendNull());
        }
    }

    // Writes the first bytes, which may fail already.
    void start() {
        ::parquet::WriterProperties::Builder properties;
        properties.memory_pool(pool_);
        if (arrow::util::Codec::IsAvailable(arrow::Compression::SNAPPY))
            properties.compression(arrow::Compression::SNAPPY);
        stream_->run([&] {
            auto opened =
                ::parquet::arrow::FileWriter::Open(*schema_, pool_, stream_, properties.build());
            if (opened.ok()) writer_ = std::move(opened).ValueUnsafe();
            return opened.status();
        });
    }

    void write_group() {
        if (!writer_) start();
        arrow::ArrayVector columns;
        for (const auto& builder : builders_) columns.push_back(parquet::check(builder->Finish()));
        const auto table = arrow::Table::Make(schema_, columns, rows_);
        stream_->run([&] { return writer_->WriteTable(*table, rows_); });
        rows_ = 0;
        bytes_ = 0;
    }

    arrow::MemoryPool* pool_ = arrow::system_memory_pool();
    std::shared_ptr<SinkStream> stream_;
    std::shared_ptr<arrow::Schema> schema_;
    std::vector<std::unique_ptr<arrow::ArrayBuilder>> builders_;
    std::unique_ptr<::parquet::arrow::FileWriter> writer_;
    std::int64_t rows_ = 0;
    std::size_t bytes_ = 0;
};

}  // namespace
}  // namespace lip::record::parquet

extern "C" [[gnu::visibility("default")]] lip::record::parquet::TableWriter* lip_parquet_create(
    const std::vector<lip::record::parquet::NewColumn>& columns, lip::record::parquet::Sink& sink,
    std::string& problem) {
    try {
        return new lip::record::parquet::Writer(columns, sink);
    } catch (const std::exception& error) {
        problem = error.what();
        return nullptr;
    }
}
