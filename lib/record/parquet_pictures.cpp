#include "record/parquet_pictures.h"

#include "cli/error.h"
#include "record/parquet.h"

#include <fstream>

namespace lip::record {

bool is_parquet(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    char magic[4] = {};
    return file.read(magic, 4) && std::string_view(magic, 4) == "PAR1";
}

ParquetPictures::ParquetPictures(const std::string& path)
    : name_(path), table_(open_parquet_table(path, path)) {
    if (!table_->may_have_pictures())
        throw cli::DataError(name_ +
                             ": no column holds pictures (a struct of bytes and path, or bytes)");
}

bool ParquetPictures::next(parquet::Table::Picture& picture) {
    while (at_ == row_.size()) {
        at_ = 0;
        try {
            if (!table_->next_pictures(row_)) return false;
        } catch (const std::exception& problem) {
            parquet_unreadable(name_, problem.what());
        }
    }
    picture = std::move(row_[at_++]);
    return true;
}

}  // namespace lip::record
