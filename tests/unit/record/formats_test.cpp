#include "record/formats.h"
#include "record/json_rows.h"
#include "text/flags.h"

#include "cli/error.h"
#include "cli/values.h"
#include "tests/unit/record/sources.h"
#include "tests/unit/shard/temp_folder.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace lip::record {
namespace {

using shard::spill, shard::TempFolder;

// Records of a file with this text, a line each; rejects as "LINE WORD".
std::string convert(const std::string& text, ImportSettings settings = {},
                    std::string format = {}) {
    const TempFolder folder;
    spill(folder / "in", text);
    const auto reader = open_captions((folder / "in").string(), settings, format);
    std::string out;
    for (Row row; reader->next(row);) {
        if (row.reject) {
            out += std::to_string(row.line) + " " + std::string(row.reject->word) + "\n";
            continue;
        }
        const auto record = reader->record(row);
        if (record)
            append_json(out, *record);
        else
            out += std::to_string(row.line) + " " + std::string(record.reject().word);
        if (record)
            for (const BadPart& part : record->bad_parts)
                out += " without " + std::string(part.reject.word);
        out += '\n';
    }
    return out;
}

std::string error_of(const std::string& text, ImportSettings settings = {},
                     std::string format = {}) {
    try {
        convert(text, settings, format);
    } catch (const std::exception& error) {
        const std::string what = error.what();
        return what.substr(what.find("/in:") == what.npos ? 0 : what.rfind("/in:") + 4);
    }
    return "";
}

ImportSettings mapped(const std::vector<std::string>& fields,
                      const std::vector<std::string>& captions) {
    ImportSettings settings;
    for (const std::string& text : fields)
        settings.map.fields.push_back(cli::value_of<FieldColumn>(text));
    for (const std::string& text : captions)
        settings.map.captions.push_back(cli::value_of<CaptionColumn>(text));
    return settings;
}

TEST_CASE("formats: words that are no caption") {
    for (const char* text : {"", " \n", "nan", "NaN", " None ", "NULL"})
        CHECK(text::is_missing_caption(text));
    for (const char* text : {"nano", "No one", "null.", "0"})
        CHECK_FALSE(text::is_missing_caption(text));
}

TEST_CASE("formats: the DreamLIP release") {
    CHECK(convert(
              "Image "
              "Path,raw_caption,shortIB_captions,longIB_captions,shortSV_captions,longSV_captions,"
              "shortLLA_captions,longLLA_captions\na/1.jpg,raw,ib,\"IB, long\",sv,SV,nan,\n") ==
          "{\"key\":\"" + convert("Image Path\na/1.jpg\n").substr(8, 32) +
              "\",\"image\":\"a/"
              "1.jpg\",\"captions\":[{\"text\":\"raw\",\"source\":\"raw\",\"form\":\"raw\"},"
              "{\"text\":\"ib\",\"source\":\"instructblip\",\"form\":\"short\"},"
              "{\"text\":\"IB, long\",\"source\":\"instructblip\",\"form\":\"long\"},"
              "{\"text\":\"sv\",\"source\":\"sharegpt4v\",\"form\":\"short\"},"
              "{\"text\":\"SV\",\"source\":\"sharegpt4v\",\"form\":\"long\"}]}\n");
}

TEST_CASE("formats: a reference is a URL or a path, keys are hashes of its normal form") {
    const std::string by_url = convert("Image Path,raw_caption\nHTTP://A/1.jpg,x\n");
    CHECK(by_url.find("\"url\":\"HTTP://A/1.jpg\"") != std::string::npos);
    CHECK(by_url.substr(0, 41) ==
          convert("Image Path,raw_caption\nhttps://a/1.jpg,y\n").substr(0, 41));
    CHECK(convert("Image Path,raw_caption\n,x\n") == "2 bad-record\n");
}

TEST_CASE("formats: a table with --map and --caption, other columns follow") {
    const auto settings = mapped({"key=id", "url=link", "width=w", "height=h", "label=class"},
                                 {"llava15:long=re", "mine=x"});
    const std::string row =
        "{\"key\":\"7\",\"url\":\"http://a/7\",\"width\":640,\"height\":480,\"label\":\"cat\","
        "\"captions\":[{\"text\":\"A cat.\",\"source\":\"llava15\",\"form\":\"long\"},"
        "{\"text\":\"B\",\"source\":\"mine\",\"form\":\"long\"}],\"more\":\"1.0\"}\n";
    CHECK(convert("id,link,w,h,class,re,x,more\n7,http://a/7,640,480,cat,A cat.,B,1.0\n", settings,
                  "csv") == row);
    CHECK(convert(
              "id\tlink\tw\th\tclass\tre\tx\tmore\n7\thttp://a/7\t640\t480\tcat\tA cat.\tB\t1.0\n",
              settings, "tsv") == row);
    CHECK(convert(
              "{\"id\":7,\"link\":\"http://a/7\",\"w\":640,\"h\":480,\"class\":\"cat\",\"re\":\"A "
              "cat.\",\"x\":\"B\",\"more\":\"1.0\"}\n",
              settings, "jsonl") == row);
}

TEST_CASE("formats: lists of texts are several captions, null is none") {
    const auto settings = mapped({"key=id"}, {"a:long=t"});
    CHECK(
        convert(
            "{\"id\":\"k\",\"t\":[\"x\",\"y\",null],\"other\":[1, 2]}\n{\"id\":\"l\",\"t\":null}\n",
            settings, "jsonl") ==
        "{\"key\":\"k\",\"captions\":[{\"text\":\"x\",\"source\":\"a\",\"form\":\"long\"},"
        "{\"text\":\"y\",\"source\":\"a\",\"form\":\"long\"}],\"other\":[1, 2]}\n"
        "{\"key\":\"l\",\"captions\":[]}\n");
    CHECK(convert("{\"t\":\"x\"}\nbroken\n", settings, "jsonl") == "1 bad-record\n2 bad-json\n");
}

TEST_CASE("formats: records pass as they are, keys with the prefix") {
    const std::string line = "{\"x\":1,\"key\":\"a\",\"captions\":[{\"text\":\"t\"}]}\n";
    CHECK(convert(line) == line);
    ImportSettings settings;
    settings.key_prefix = "p/";
    CHECK(convert("\xEF\xBB\xBF" + line + "\n", settings) ==
          "{\"x\":1,\"key\":\"p/a\",\"captions\":[{\"text\":\"t\"}]}\n");
}

TEST_CASE("formats: --key") {
    auto settings = mapped({"key=id", "url=u", "image=p"}, {});
    const std::string text = "id,u,p\nk,http://a/1,b/1.jpg\n";
    const auto key = [&](ImportSettings::Key kind) {
        settings.key = kind;
        return convert(text, settings, "csv").substr(8, 32);
    };
    CHECK(key(ImportSettings::Key::kAuto).starts_with("k\""));
    const std::string by_url = key(ImportSettings::Key::kUrl),
                      by_path = key(ImportSettings::Key::kPath);
    CHECK(by_url.find_first_not_of("0123456789abcdef") == by_url.npos);
    CHECK(by_url != by_path);
}

TEST_CASE("formats: bytes that are not UTF-8 are replaced and flagged") {
    CHECK(convert("Image Path,raw_caption,col\xFF\n1.jpg,a\xFF"
                  "b,\xFE\n")
              .find("\"captions\":[{\"text\":\"a\xEF\xBF\xBD"
                    "b\",\"source\":\"raw\",\"form\":\"raw\",\"flags\":[\"invalid_utf8\"]}],"
                    "\"col\xEF\xBF\xBD\":\"\xEF\xBF\xBD\"}") != std::string::npos);
}

TEST_CASE("formats: what cannot be read says what to do") {
    CHECK(error_of("a,b\n1,2\n") ==
          " the format is not recognised: text with the columns \"a\", \"b\"; say which columns "
          "count (--map url=COLUMN --caption SOURCE:FORM=COLUMN), or name the format with "
          "--input-format (--list-formats lists them)");
    CHECK(convert("u\tt\nhttp://a/1\tx, y\n", mapped({"url=u"}, {"x:long=t"})) ==
          convert("u\tt\nhttp://a/1\tx, y\n", mapped({"url=u"}, {"x:long=t"}), "tsv"));
    CHECK(error_of("a,b\n1,2\n", {}, "csv").starts_with("csv and tsv need --map"));
    CHECK(error_of("{}\n", {}, "jsonl").starts_with("jsonl needs --map"));
    CHECK(error_of("a,b\n1,2\n", mapped({"url=c"}, {}), "csv") ==
          "1: no column \"c\" (columns: a, b)");
    CHECK(error_of("a,b\n1,2\n", mapped({}, {"x:long=b"}), "csv")
              .starts_with("1: no column is a key, url or image"));
    CHECK_THROWS_AS(mapped({"nothing=c"}, {}), cli::UsageError);
    CHECK_THROWS_AS(mapped({}, {"x:lng=c"}), cli::UsageError);
    for (const char* text : {"url", "=c", "url="})
        CHECK_THROWS_AS(mapped({text}, {}), cli::UsageError);
    CHECK_THROWS_AS(mapped({}, {"raw:raw"}), cli::UsageError);
}

TEST_CASE("formats: recognised by the first bytes, packed or not") {
    for (const std::string text : {"Image Path,raw_caption\n1.jpg,x\n", "{\"key\":\"a\"}\n"}) {
        const std::string plain = convert(text);
        CHECK_FALSE(plain.empty());
        CHECK(convert(gzip(text)) == plain);
        CHECK(convert(zstd(text)) == plain);
        CHECK(convert("\xEF\xBB\xBF" + text) == plain);
    }
    CHECK(convert("").empty());
}

TEST_CASE("formats: rows longer than --max-line are too-large, in any format") {
    ImportSettings settings = mapped({"url=u"}, {"x:long=t"});
    settings.max_line = 1024;
    const std::string big(2000, 'x');
    CHECK(convert("u,t\nhttp://a/1," + big + "\nhttp://a/2\n", settings, "csv") ==
          "2 too-large\n3 bad-row\n");
    const std::string good = "{\"key\":\"a\"}\n";
    CHECK(convert("{\"key\":\"" + big + "\"}\n" + good + big, settings, "records") ==
          "1 too-large\n" + good + "3 too-large\n");
}

TEST_CASE("formats: the last line of JSON is marked when it is cut") {
    const TempFolder folder;
    spill(folder / "in", "{\"key\":\"a\"}\n{\"key\":\"b");
    std::string format;
    const auto reader = open_captions((folder / "in").string(), {}, format);
    Row row;
    REQUIRE(reader->next(row));
    CHECK_FALSE(row.is_cut);
    REQUIRE(reader->next(row));
    CHECK(row.is_cut);
    CHECK_FALSE(reader->record(row));
    CHECK_FALSE(reader->next(row));
}

TEST_CASE("formats: elements of an array, whatever stands in them") {
    const ImportSettings settings = mapped({"key=k"}, {"x:long=t"});
    const std::string one = "{\"k\":\"a\",\"t\":\"\\\"}] \\\\\",\"n\":[[{}]]}",
                      two = "{\"k\":\"b\",\"t\":\"y\"}";
    const std::string expected = convert(one + "\n" + two + "\n", settings, "jsonl");
    CHECK(std::count(expected.begin(), expected.end(), '\n') == 2);
    for (const std::string& text :
         {"[" + one + "," + two + "]", "\xEF\xBB\xBF [\n" + one + "\n,\n" + two + "\n]\n",
          "\n" + one + "\n\n" + two})
        CHECK(convert(text, settings, "jsonl") == expected);
    CHECK(convert("[]", settings, "jsonl").empty());
    CHECK(convert("[" + one + ",\n" + two, settings, "jsonl").ends_with("2 bad-json\n"));
    CHECK(convert("[" + one + ",7]", settings, "jsonl").ends_with("1 bad-json\n"));
    CHECK(convert("[" + one + ",{\"k\":", settings, "jsonl").ends_with("1 bad-json\n"));
    // A nested list: what stands before it is passed over.
    CHECK(convert("{\"info\":{\"annotations\":[1]},\"n\":3,\"annotations\":[{\"image_id\":1,"
                  "\"image\":\"1.jpg\",\"caption\":\"x\"}]}") ==
          convert("[{\"image_id\":1,\"image\":\"1.jpg\",\"caption\":\"x\"}]"));
}

TEST_CASE("formats: a byte order mark counts however the bytes arrive") {
    const std::string text = "\xEF\xBB\xBF[{\"key\":\"a\"},{\"key\":\"b\"}]";
    for (std::size_t first = 1; first < 6; ++first) {
        const auto reader = json_elements(
            std::make_unique<Trickle>(text, first, 1), {},
            [](const std::string& json) { return parse_record(json); }, "");
        Row row;
        REQUIRE(reader->next(row));
        CHECK(row.fields[0] == "{\"key\":\"a\"}");
        REQUIRE(reader->next(row));
        CHECK_FALSE(reader->next(row));
    }
}

TEST_CASE("formats: kept fields never make a record that no tool takes") {
    const ImportSettings settings = mapped({"key=k"}, {"x:long=t"});
    const auto reads_back = [](const std::string& line) {
        return static_cast<bool>(parse_record(line.substr(0, line.find('\n'))));
    };
    const std::string json =
        convert(R"({"k":"a","t":"y","record":7,"regions":"none","mask":{},"label":2,"width":"x"})",
                settings, "jsonl");
    CHECK(json.find(R"("x_record":7,"x_regions":"none","x_mask":{},"label":2)") != json.npos);
    CHECK(reads_back(json));
    const std::string csv = convert("k,t,record,regions,label\na,y,1,2,3\n", settings, "csv");
    CHECK(csv.find(R"("x_record":"1","x_regions":"2","label":"3")") != csv.npos);
    CHECK(reads_back(csv));
    CHECK(convert(R"({"key":"a","url":"u","caption":"A dog","noun_chunks":[[0,1,0.9,0,0.1,1]]})",
                  {}, "grit")
              .ends_with("\"regions\":[]} without bad-region\n"));
}

TEST_CASE("formats: an empty file has a format too") {
    const TempFolder folder;
    spill(folder / "in", "\n");
    std::string format;
    open_captions((folder / "in").string(), {}, format);
    CHECK(format == "records");
}

TEST_CASE("formats: row_at finds a row again from its offset") {
    const TempFolder folder;
    for (const std::string text : {"\xEF\xBB\xBF"
                                   "Image Path,raw_caption\n1.jpg,\"a\nb\"\n2.jpg,c",
                                   "\xEF\xBB\xBF{\"key\":\"a\"}\r\n\n{\"key\":\"b\"}"}) {
        spill(folder / "in", text);
        std::string format;
        const auto reader = open_captions((folder / "in").string(), {}, format);
        int rows = 0;
        for (Row row; reader->next(row); ++rows) {
            std::string first, second;
            const auto once = reader->record(row);
            REQUIRE(once);
            append_json(first, *once);
            Row again;
            REQUIRE(reader->row_at(std::string_view(text).substr(row.offset), true, again));
            const auto twice = reader->record(again);
            REQUIRE(twice);
            append_json(second, *twice);
            CHECK(first == second);
            CHECK_FALSE(reader->row_at(std::string_view(text).substr(row.offset, 3), false, again));
        }
        CHECK(rows == 2);
    }
}

}  // namespace
}  // namespace lip::record
