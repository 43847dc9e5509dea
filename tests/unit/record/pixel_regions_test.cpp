#include "record/pixel_regions.h"

#include <doctest/doctest.h>

#include <string>

namespace lip::record {
namespace {

std::string settled(const std::string& json) {
    auto record = parse_record(json);
    REQUIRE(record);
    resolve_pixel_regions(*record);
    std::string out;
    append_json(out, *record);
    return out;
}

TEST_CASE("pixel regions: fractions where the size is known, boxes cut to the image") {
    Record record;
    add_pixel_regions(record, {{{-5, 10, 50, 300}, "a \"b\"", "human", "b"}}, {100, 200});
    CHECK(*record.object.find("regions") ==
          R"([{"box":[0,0.05,0.5,1],"text":"a \"b\"","source":"human","label":"b"}])");
    CHECK(record.object.find("pixel_regions") == nullptr);
}

TEST_CASE("pixel regions: settled as soon as the record has a size") {
    Record record;
    add_pixel_regions(record, {{{10, 20, 30, 40}, "x", "human"}}, {});
    CHECK(*record.object.find("pixel_regions") ==
          R"([{"box":[10,20,30,40],"text":"x","source":"human"}])");
    CHECK(settled(R"({"key":"a","pixel_regions":[{"box":[10,20,30,40],"id":7}],"width":100,)"
                  R"("height":50})") ==
          R"({"key":"a","width":100,"height":50,"regions":[{"box":[0.1,0.4,0.3,0.8],"id":7}]})");
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
