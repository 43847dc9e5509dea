#include "record/parquet_writer.h"

#include "cli/error.h"
#include "record/parquet.h"
#include "record/parquet_module.h"
#include "tests/unit/shard/temp_folder.h"

#include <doctest/doctest.h>

namespace lip::record {
namespace {

using parquet::Cell, parquet::NewColumn;
using shard::TempFolder;

const std::vector<NewColumn> kColumns = {{"text", false}, {"number", true}};

bool has_parquet() {
    return parquet_version() != "not built in";
}

std::vector<std::string> rows_of(const std::string& path) {
    const auto file = open_parquet(path, path, {});
    std::vector<std::string> rows;
    for (std::string json; file->table->next(json);) rows.push_back(json);
    return rows;
}

TEST_CASE("parquet writer: rows come back as they were" * doctest::skip(!has_parquet())) {
    const TempFolder folder;
    const std::string path = (folder / "a.parquet").string();
    ParquetWriter writer(path, kColumns, false);
    writer.add(std::vector<Cell>{"a \"b\"", std::int64_t{-3}});
    writer.add(std::vector<Cell>{"", Cell()});
    writer.add(std::vector<Cell>{Cell(), INT64_MAX});
    CHECK_FALSE(std::filesystem::exists(path));
    writer.close();
    CHECK(rows_of(path) == std::vector<std::string>{
                               R"({"text":"a \"b\"","number":-3})", R"({"text":"","number":null})",
                               R"({"text":null,"number":9223372036854775807})"});
}

TEST_CASE("parquet writer: row groups by number of rows and by bytes" *
          doctest::skip(!has_parquet())) {
    const TempFolder folder;
    const std::string path = (folder / "a.parquet").string();
    const std::string large(5 << 20, 'x');
    {
        ParquetWriter writer(path, kColumns, false);
        for (int i = 0; i < 9; ++i) writer.add(std::vector<Cell>{large, std::int64_t{i}});
        for (std::int64_t i = 0; i < 70'000; ++i) writer.add(std::vector<Cell>{"y", i});
        writer.close();
    }
    const std::vector<std::string> rows = rows_of(path);
    REQUIRE(rows.size() == 70'009);
    CHECK(rows[8].ends_with("x\",\"number\":8}"));
    CHECK(rows.back() == R"({"text":"y","number":69999})");
}

TEST_CASE("parquet writer: without rows, and without close" * doctest::skip(!has_parquet())) {
    const TempFolder folder;
    const std::string path = (folder / "a.parquet").string();
    { ParquetWriter(path, kColumns, false).add(std::vector<Cell>{"a", Cell()}); }
    CHECK(folder.files() == 0);
    ParquetWriter writer(path, kColumns, false);
    writer.close();
    CHECK(rows_of(path).empty());
    CHECK_THROWS_AS(ParquetWriter(path, kColumns, false), cli::DataError);
}

TEST_CASE("parquet writer: the write error of a full disk" * doctest::skip(!has_parquet())) {
    ParquetWriter writer("/dev/full", kColumns, false);
    const std::string large(8 << 20, 'x');
    CHECK_THROWS_WITH_AS(
        [&] {
            for (int i = 0; i < 4; ++i) writer.add(std::vector<Cell>{large, Cell()});
            writer.close();
        }(),
        "/dev/full: write error: No space left on device", cli::DataError);
}

}  // namespace
}  // namespace lip::record
