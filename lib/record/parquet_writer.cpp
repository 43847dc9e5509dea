#include "record/parquet_writer.h"

#include "cli/error.h"
#include "record/parquet_module.h"

namespace lip::record {

struct ParquetWriter::Bytes final : parquet::Sink {
    Output output;

    Bytes(const std::string& path, bool force) : output(path, force) {}
    void write(std::string_view bytes) override { output.write(bytes); }
};

ParquetWriter::ParquetWriter(const std::string& path,
                             const std::vector<parquet::NewColumn>& columns, bool force)
    : path_(path) {
    const parquet::Create create = parquet_module(path, "choose another format").create;
    bytes_ = std::make_unique<Bytes>(path, force);
    std::string problem;
    table_.reset(create(columns, *bytes_, problem));
    if (!table_) throw cli::DataError(path + ": Parquet cannot be written: " + problem);
}

ParquetWriter::~ParquetWriter() = default;

void ParquetWriter::add(std::span<const parquet::Cell> row) {
    try {
        table_->add(row);
    } catch (const cli::DataError&) {
        throw;
    } catch (const std::runtime_error& problem) {
        throw cli::DataError(path_ + ": Parquet cannot be written: " + problem.what());
    }
}

void ParquetWriter::close() {
    try {
        table_->close();
    } catch (const cli::DataError&) {
        throw;
    } catch (const std::runtime_error& problem) {
        throw cli::DataError(path_ + ": Parquet cannot be written: " + problem.what());
    }
    bytes_->output.close();
}

}  // namespace lip::record
