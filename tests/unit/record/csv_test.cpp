#include "record/csv.h"

#include "tests/unit/record/sources.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace lip::record {
namespace {

using Fields = std::vector<std::string>;

std::vector<CsvRow> rows_of(std::unique_ptr<ByteSource> source, char delimiter = ',') {
    CsvReader reader(std::move(source), {delimiter});
    std::vector<CsvRow> rows;
    for (CsvRow row; reader.next(row);) rows.push_back(row);
    return rows;
}

std::vector<CsvRow> rows_of(std::string_view text, char delimiter = ',') {
    return rows_of(memory_bytes(text), delimiter);
}

std::vector<Fields> fields_of(std::string_view text, char delimiter = ',') {
    std::vector<Fields> out;
    for (CsvRow& row : rows_of(text, delimiter)) {
        CHECK(row.problem.empty());
        out.push_back(std::move(row.fields));
    }
    return out;
}

std::string shown(const std::vector<CsvRow>& rows) {
    std::string out;
    for (const CsvRow& row : rows) {
        out += std::to_string(row.line) + "@" + std::to_string(row.offset);
        for (const std::string& field : row.fields) out += "|" + field;
        out += "!" + row.problem + "!" + row.raw + "\n";
    }
    return out;
}

TEST_CASE("csv: plain rows, with and without the last newline") {
    const std::vector<Fields> expected{{"a", "b"}, {"1", ""}, {"", "2"}};
    CHECK(fields_of("a,b\n1,\n,2\n") == expected);
    CHECK(fields_of("a,b\n1,\n,2") == expected);
    CHECK(fields_of("a,b\r\n1,\r\n,2\r\n") == expected);
    CHECK(fields_of("").empty());
    CHECK(fields_of("\n\n").empty());
    CHECK(fields_of("a,b\n\n1,2\n\r\n") == std::vector<Fields>{{"a", "b"}, {"1", "2"}});
}

TEST_CASE("csv: quotes, doubled quotes, delimiters and newlines within") {
    CHECK(fields_of("a,b\n\"x,\"\"y\"\"\",\"line 1\nline 2\r\nline 3\"\n\"\",\"\"\"\"\n") ==
          std::vector<Fields>{{"a", "b"}, {"x,\"y\"", "line 1\nline 2\r\nline 3"}, {"", "\""}});
}

TEST_CASE("csv: a quote inside an unquoted field is an ordinary character") {
    CHECK(fields_of("a,b\n5\" tall,say \"hi\"\n") ==
          std::vector<Fields>{{"a", "b"}, {"5\" tall", "say \"hi\""}});
    CHECK(fields_of("a,b\n\"x\"y,\"\"z\n") == std::vector<Fields>{{"a", "b"}, {"xy", "z"}});
}

TEST_CASE("csv: a carriage return within quotes belongs to the text") {
    CHECK(fields_of("a,b\n1,\"x\r\"\r\n") == std::vector<Fields>{{"a", "b"}, {"1", "x\r"}});
    CHECK(fields_of("a,b\n1,x\ry\n") == std::vector<Fields>{{"a", "b"}, {"1", "x\ry"}});
}

TEST_CASE("csv: byte order mark, also before a quote") {
    CHECK(fields_of("\xEF\xBB\xBF\"a\",b\n1,2\n") == std::vector<Fields>{{"a", "b"}, {"1", "2"}});
    CHECK(fields_of("\xEF\xBB\xBF").empty());
    CHECK(fields_of("a").size() == 1);
    CHECK(rows_of("\xEF\xBB\xBF"
                  "a,b\n1,2\n")[1]
              .offset == 7);
}

TEST_CASE("csv: tabs") {
    CHECK(fields_of("a\tb\n1,5\t\"x\ty\"\n", '\t') ==
          std::vector<Fields>{{"a", "b"}, {"1,5", "x\ty"}});
}

TEST_CASE("csv: lines and offsets count what is inside quotes") {
    const auto rows = rows_of("a,b\n\"1\n2\",x\n3,y\n");
    REQUIRE(rows.size() == 3);
    CHECK(rows[1].line == 2);
    CHECK(rows[1].offset == 4);
    CHECK(rows[2].line == 4);
    CHECK(rows[2].offset == 12);
}

TEST_CASE("csv: ragged rows are marked and reading goes on") {
    const auto rows = rows_of("a,b\n1\n1,2,3\r\n4,5\n");
    REQUIRE(rows.size() == 4);
    CHECK(rows[1].problem == "row has 1 fields, header has 2");
    CHECK(rows[1].raw == "1");
    CHECK(rows[2].problem == "row has 3 fields, header has 2");
    CHECK(rows[2].raw == "1,2,3");
    CHECK(rows[3].problem.empty());
    CHECK(rows[3].line == 4);
}

TEST_CASE("csv: after an unclosed quote reading goes on at the next row") {
    const auto rows = rows_of(
        "url,text\nhttp://a/1,ok\nhttp://a/2,\"never closed\nstill text, with "
        "comma\nhttp://a/3,fine\nhttp://a/4,more");
    REQUIRE(rows.size() == 5);
    CHECK(rows[2].line == 3);
    CHECK(rows[2].problem.find("never closed") != std::string::npos);
    CHECK(rows[2].raw == "http://a/2,\"never closed");
    CHECK(rows[3].fields == Fields{"http://a/3", "fine"});
    CHECK(rows[3].line == 5);
    CHECK(rows[4].line == 6);
    const auto last = rows_of("url,text\nhttp://a/1,ok\nhttp://a/2,\"x\ny");
    REQUIRE(last.size() == 3);
    CHECK(last[2].line == 3);
    CHECK(last[2].raw == "http://a/2,\"x");
}

TEST_CASE("csv: fields of 200 KB") {
    std::string text(200000, 'x');
    for (std::size_t i = 0; i < text.size(); i += 1000) text[i] = "\",\n\r"[i / 1000 % 4];
    std::string packed;
    for (const char c : text) packed += c == '"' ? std::string("\"\"") : std::string(1, c);
    std::string file = "url,text\n";
    for (int i = 0; i < 5; ++i) file += "a.jpg,\"" + packed + "\"\n";
    const auto rows = rows_of(std::make_unique<Trickle>(file, 1000, 65536));
    REQUIRE(rows.size() == 6);
    for (std::size_t i = 1; i < 6; ++i) CHECK(rows[i].fields == Fields{"a.jpg", text});
}

TEST_CASE("csv: rows do not depend on how the bytes arrive") {
    const std::string_view texts[] = {
        "\xEF\xBB\xBF"
        "a,b\r\n\"x\"\"\",\"1\r\n2\"\r\n\r\n5\" tall,\"\"\r\nragged\r\nb.jpg,\"\xC3\xA4\"\"\"\r\n",
        "url,text\nhttp://a/1,\"ok\"\nhttp://a/2,\"open\nmore\nhttp://a/3,fine\nhttp://a/4,\"end",
        "\"a\",\"b\"\n\"\",\"\"\"\"\n,\n\"x\",y\"\"",
    };
    for (const std::string_view text : texts) {
        const std::string expected = shown(rows_of(text));
        CHECK(shown(rows_of(std::make_unique<Trickle>(text, 1, 1))) == expected);
        for (std::size_t cut = 1; cut < text.size(); ++cut) {
            CAPTURE(cut);
            CHECK(shown(rows_of(std::make_unique<Trickle>(text, cut, text.size()))) == expected);
        }
    }
}

TEST_CASE("csv: rows that are too long") {
    const std::string text = "a,b\n1,\"" + std::string(600, 'x') + "\n" + std::string(600, 'x') +
                             "\"\n2,y\n3," + std::string(2000, 'x') + "\n4,z\n";
    for (const std::size_t step : {std::size_t{100}, text.size()}) {
        CsvReader reader(std::make_unique<Trickle>(text, step, step), {','}, 1024);
        std::vector<CsvRow> rows;
        for (CsvRow row; reader.next(row);) rows.push_back(row);
        REQUIRE(rows.size() == 5);
        for (const std::size_t i : {1U, 3U}) {
            CHECK(rows[i].too_large);
            CHECK(rows[i].problem == "the row is longer than --max-line");
            CHECK(rows[i].raw.size() == 200);
        }
        CHECK(rows[2].fields == Fields{"2", "y"});
        CHECK(rows[4].fields == Fields{"4", "z"});
        CHECK(rows[4].line == 6);
    }
}

TEST_CASE("csv: a line without end does not fill the memory") {
    const std::string text = "a,b\n1," + std::string(20 << 20, 'x') + "\n2,y\n";
    CsvReader reader(memory_bytes(text), {','}, 1 << 20);
    CsvRow row;
    CHECK(reader.next(row));
    CHECK(reader.next(row));
    CHECK(row.too_large);
    CHECK(reader.next(row));
    CHECK(row.fields == Fields{"2", "y"});
    CHECK(row.line == 3);
}

TEST_CASE("csv: parse_csv_row takes one row and no more") {
    Fields fields;
    bool in_quotes = true;
    CHECK(parse_csv_row("a,\"b\"\nc", {','}, false, fields, in_quotes) == 6);
    CHECK(fields == Fields{"a", "b"});
    CHECK_FALSE(in_quotes);
    CHECK(parse_csv_row("a,b", {','}, false, fields, in_quotes) == 0);
    CHECK(parse_csv_row("a,b", {','}, true, fields, in_quotes) == 3);
    CHECK(parse_csv_row("a,\"b", {','}, false, fields, in_quotes) == 0);
    CHECK(in_quotes);
    CHECK(parse_csv_row("a,\"b\"", {','}, false, fields, in_quotes) ==
          0);  // the quote may be doubled
    CHECK_FALSE(in_quotes);
}

}  // namespace
}  // namespace lip::record
