#include "record/parquet.h"

#include "cli/log.h"
#include "record/parquet_module.h"
#include "text/utf8.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

namespace lip::record {
namespace {

// Arrow jumps about in a file: where the pieces are stands at its end.
void check_is_plain(const std::string& path, const std::string& name) {
    struct stat status {};
    if (path == "-" || ::stat(path.c_str(), &status) != 0 || !S_ISREG(status.st_mode))
        throw cli::DataError(name +
                             ": Parquet is read from its end, so it must be a file, not a pipe "
                             "(save it and name the file)");
    char magic[4] = {};
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    const bool is_plain =
        fd >= 0 && ::pread(fd, magic, 4, 0) == 4 && std::string_view(magic, 4) == "PAR1";
    if (fd >= 0) ::close(fd);
    if (!is_plain)
        throw cli::DataError(
            name +
            ": Parquet is read from its end, so it must not be compressed (decompress it with gzip "
            "-d or zstd -d; Parquet compresses its columns itself)");
}

std::string first_line(std::string text) {
    text.resize(std::min(text.find('\n'), text.size()));
    return text::replace_invalid_utf8(text).text;
}

class ParquetRows final : public RowReader {
public:
    ParquetRows(std::shared_ptr<ParquetFile> file, const ImportSettings& settings, Convert convert,
                std::string description)
        : file_(std::move(file)),
          most_(static_cast<std::size_t>(settings.max_line)),
          convert_(std::move(convert)),
          description_(std::move(description)) {}

    bool next(Row& row) override {
        row = {};
        row.fields.resize(1);
        try {
            if (row_ < file_->ahead.size())
                row.fields[0] = std::move(file_->ahead[row_]);
            else if (!file_->table->next(row.fields[0]))
                return false;
        } catch (const std::exception& error) {
            parquet_unreadable(file_->name,
                               "after row " + std::to_string(row_) + ": " + error.what());
        }
        row.line = ++row_;
        if (row.fields[0].size() > most_) {
            row.reject = too_large();
            row.raw = row.fields[0].substr(0, kShownBytes);
        }
        return true;
    }
    bool would_wait() override { return false; }
    bool row_at(std::string_view, bool, Row&) const override { return false; }
    std::string describe() const override { return description_; }
    // Texts that are not UTF-8, which only a column of bytes or a careless writer brings, are
    // mended as those of JSON are.
    cli::Result<Record> record(const Row& row) const override { return convert_(row.fields[0]); }

private:
    std::shared_ptr<ParquetFile> file_;
    std::size_t most_;
    Convert convert_;
    std::string description_;
    std::uint64_t row_ = 0;
};

}  // namespace

const std::vector<std::string>& ParquetFile::look_ahead(std::size_t n) {
    try {
        std::string row;
        while (ahead.size() < n && table->next(row)) ahead.push_back(std::move(row));
    } catch (const std::exception&) {  // it is met again where the rows are read
    }
    return ahead;
}

void parquet_unreadable(const std::string& name, const std::string& problem) {
    const std::string line = first_line(problem);
    throw cli::DataError(name + ": cannot read Parquet: " + line +
                         (line.ends_with(')') ? "" : " (is the file complete?)"));
}

std::unique_ptr<parquet::Table> open_parquet_table(const std::string& path,
                                                   const std::string& name) {
    check_is_plain(path, name);
    const parquet::Open open = parquet_module(name, "convert the file to JSON lines").open;
    std::string problem;
    std::unique_ptr<parquet::Table> table(open(path.c_str(), problem));
    if (!table) parquet_unreadable(name, problem);
    return table;
}

std::shared_ptr<ParquetFile> open_parquet(const std::string& path, const std::string& name,
                                          const ColumnMap& map) {
    auto file = std::make_shared<ParquetFile>();
    file->name = name;
    std::string left_out, no_place;
    file->table = open_parquet_table(path, name);
    std::vector<std::string> mapped;
    for (const auto& [field, column] : map.fields) mapped.push_back(column);
    for (const auto& caption : map.captions) mapped.push_back(caption.column);
    for (const parquet::Table::Column& column : file->table->columns()) {
        const bool is_mapped = std::ranges::find(mapped, column.name) != mapped.end();
        if (!column.no_place.empty() && is_mapped)
            throw cli::DataError(
                name + ": the column \"" + column.name + "\" holds values of the type " +
                column.no_place +
                ", which a record has no place for (write it as numbers or texts)");
        if (!column.no_place.empty())
            no_place +=
                (no_place.empty() ? "\"" : ", \"") + column.name + "\" (" + column.no_place + ")";
        else if (!column.is_bytes || is_mapped)
            file->columns.push_back(column.name);
        else
            left_out += (left_out.empty() ? "\"" : ", \"") + column.name + "\"";
    }
    file->table->read_bytes(mapped);
    if (!left_out.empty())
        cli::info(name + ": left out, because they hold bytes and not strings: " + left_out +
                  " (--map or --caption reads one as strings)");
    if (!no_place.empty())
        cli::info(name + ": left out, because a record has no place for their types: " + no_place);
    return file;
}

std::unique_ptr<RowReader> parquet_rows(std::shared_ptr<ParquetFile> file,
                                        const ImportSettings& settings, Convert convert,
                                        std::string description) {
    return std::make_unique<ParquetRows>(std::move(file), settings, std::move(convert),
                                         std::move(description));
}

}  // namespace lip::record
