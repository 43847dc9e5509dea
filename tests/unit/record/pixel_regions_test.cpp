#include "record/pixel_regions.h"

#include <doctest/doctest.h>

#include <string>

namespace lip::record {
namespace {

std::string after(void (*resolve)(Record&), const std::string& json) {
    auto record = parse_record(json);
    REQUIRE(record);
    resolve(*record);
    std::string out;
    append_json(out, *record);
    return out;
}

std::string settled(const std::string& json) {
    return after(resolve_pixel_regions, json);
}

TEST_CASE("pixel regions: fractions where the size is known, boxes cut to the image") {
    Record record;
    RegionList list;
    list.add({{-5, 10, 50, 300}, "a \"b\"", "human", "b"}, "raw");
    list.store(record, {100, 200});
    CHECK(*record.object.find("regions") ==
          R"([{"box":[0,0.05,0.5,1],"text":"a \"b\"","source":"human","label":"b"}])");
    CHECK(record.object.find("pixel_regions") == nullptr);
}

TEST_CASE("pixel regions: settled as soon as the record has a size") {
    Record record;
    RegionList list;
    list.add({{10, 20, 30, 40}, "x", "human"}, "raw");
    list.store(record, {});
    CHECK(*record.object.find("pixel_regions") ==
          R"([{"box":[10,20,30,40],"text":"x","source":"human"}])");
    CHECK(settled(R"({"key":"a","pixel_regions":[{"box":[10,20,30,40],"id":7}],"width":100,)"
                  R"("height":50})") ==
          R"({"key":"a","width":100,"height":50,"regions":[{"box":[0.1,0.4,0.3,0.8],"id":7}]})");
}

TEST_CASE("pixel regions: a malformed region is a bad part, one without area is counted") {
    Record record;
    record.key = "k";
    RegionList list;
    list.add({{10, 20, 30, 40}, "x", ""}, "[10,20,30,40]");
    list.add({{30, 20, 10, 40}, "x", ""}, "[30,20,10,40]");
    list.add_bad("it is no box", "7");
    list.add({{200, 20, 300, 40}, "x", ""}, "[200,20,300,40]");
    list.store(record, {100, 100});
    CHECK(*record.object.find("regions") == R"([{"box":[0.1,0.2,0.3,0.4],"text":"x"}])");
    CHECK(record.empty_boxes == 1);
    REQUIRE(record.bad_parts.size() == 2);
    CHECK(record.bad_parts[0].reject.message.starts_with("region 2: "));
    CHECK(record.bad_parts[0].raw == "[30,20,10,40]");
    CHECK(record.bad_parts[1].reject.message == "region 3: it is no box");
    CHECK(record.bad_parts[1].reject.key == "k");
}

TEST_CASE("region texts: a region for each text, by the region's id") {
    const auto resolved = [](const std::string& json) { return after(resolve_region_texts, json); };
    CHECK(resolved(R"({"key":"a","regions":[{"box":[0,0,1,1],"text":"dog","id":7},)"
                   R"({"box":[0,0,1,1],"text":"cat","id":8}],"region_texts":[{"id":7,"text":"b",)"
                   R"("source":"human"},{"id":7,"text":"c"},{"id":9,"text":"d"}]})") ==
          R"({"key":"a","regions":[{"box":[0,0,1,1],"text":"b","id":7,"label":"dog",)"
          R"("source":"human"},{"box":[0,0,1,1],"text":"c","id":7,"label":"dog"},)"
          R"({"box":[0,0,1,1],"text":"cat","id":8}],"region_texts":[{"id":9,"text":"d"}]})");
    const std::string without = R"({"key":"a","region_texts":[{"id":9,"text":"d"}]})";
    CHECK(resolved(without) == without);
}

TEST_CASE("pixel regions: what cannot be settled stays") {
    for (const char* json : {
             R"({"key":"a","pixel_regions":[{"box":[1,2,3,4]}]})",
             R"({"key":"a","width":0,"height":5,"pixel_regions":[{"box":[1,2,3,4]}]})",
             R"({"key":"a","width":9,"height":5,"pixel_regions":[{"box":[1,2,3]}]})",
             R"({"key":"a","width":9,"height":5,"pixel_regions":[{}]})",
             R"({"key":"a","width":9,"height":5,"pixel_regions":[7]})",
             R"({"key":"a","width":9,"height":5,"regions":[],"pixel_regions":[]})",
         })
        CHECK(settled(json) == json);
}

}  // namespace
}  // namespace lip::record
