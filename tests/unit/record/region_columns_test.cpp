#include "record/region_columns.h"

#include "cli/error.h"
#include "cli/values.h"

#include <doctest/doctest.h>

#include <string>

namespace lip::record {
namespace {

// "regions" or "pixel_regions" of the record, and behind "!" what was refused.
std::string mapped(const std::string& json, const std::string& column) {
    auto record = parse_record(json);
    REQUIRE(record);
    add_region_column(*record, cli::value_of<RegionColumn>(column));
    const std::string* regions = record->object.find("regions");
    const std::string* pixels = record->object.find("pixel_regions");
    std::string out = regions ? *regions : pixels ? "pixels " + *pixels : "none";
    for (const BadPart& part : record->bad_parts) out += " ! " + part.reject.message;
    return out;
}

TEST_CASE("region columns: every layout is the same box") {
    const std::string expected = R"([{"box":[0.1,0.2,0.4,0.6]}])";
    for (const auto& [box, layout] :
         {std::pair("[10,20,40,60]", "xyxy/100"), std::pair("[10,20,30,40]", "xywh/100"),
          std::pair("[25,40,30,40]", "cxcywh/100"), std::pair("[20,10,60,40]", "yxyx/100"),
          std::pair("[0.2,0.1,0.6,0.4]", "yxyx/1"),
          std::pair("[\"10\",\"20\",\"40\",\"60\"]", "xyxy/100")}) {
        CAPTURE(layout);
        const std::string json = std::string(R"({"key":"k","b":)") + box + "}";
        CHECK(mapped(json, std::string(layout) + "=b") == expected);
    }
}

TEST_CASE("region columns: one box, lists, objects, sides apart, JSON in a text") {
    const std::string one = R"([{"box":[0.1,0.2,0.4,0.6],"text":"dog"}])";
    CHECK(mapped(R"({"key":"k","b":[10,20,40,60],"t":"dog"})", "xyxy/100=b:t") == one);
    CHECK(mapped(R"({"key":"k","b":[[10,20,40,60]],"t":["dog"]})", "xyxy/100=b:t") == one);
    CHECK(mapped(R"({"key":"k","o":[{"b":[10,20,40,60],"t":"dog"}]})", "xyxy/100=o.b:o.t") == one);
    CHECK(mapped(R"({"key":"k","o":{"b":[[10,20,40,60]],"t":["dog"]}})", "xyxy/100=o.b:o.t") ==
          one);
    CHECK(mapped(R"({"key":"k","a":"10","b":"20","c":"40","d":"60","t":"dog"})",
                 "xyxy/100=a,b,c,d:t") == one);
    CHECK(mapped(R"({"key":"k","o":[{"a":10,"b":20,"c":40,"d":60,"t":"dog"}]})",
                 "xyxy/100=o.a,o.b,o.c,o.d:o.t") == one);
    CHECK(mapped(R"({"key":"k","b":"[[10, 20, 40, 60]]","t":"[\"dog\"]"})", "xyxy/100=b:t") == one);
    CHECK(mapped(R"({"key":"k","o.b":[10,20,40,60],"t":"dog"})", "xyxy/100=o.b:t") == one);
    CHECK(mapped(R"({"key":"k","b":[]})", "xyxy=b") == "pixels []");
    CHECK(mapped(R"({"key":"k"})", "xyxy=b") == "none");
}

TEST_CASE("region columns: texts and labels") {
    CHECK(mapped(R"({"key":"k","b":[[0,0,1,1],[0,0,1,0.5]],"t":["a","b"],"l":["x",null]})",
                 "xyxy/1=b:t:l") ==
          R"([{"box":[0,0,1,1],"text":"a","label":"x"},{"box":[0,0,1,0.5],"text":"b"}])");
    CHECK(mapped(R"({"key":"k","b":[[0,0,1,1],[0,0,1,0.5]],"t":"a"})", "xyxy/1=b:t") ==
          R"([{"box":[0,0,1,1],"text":"a"},{"box":[0,0,1,0.5],"text":"a"}])");
    CHECK(mapped(R"({"key":"k","b":[[0,0,1,1]],"t":["a","b"]})", "xyxy/1=b:t") ==
          R"([] ! region 1: there are 1 boxes, but 2 texts in "t")");
    CHECK(mapped(R"({"key":"k","b":[[0,0,1,1]]})", "xyxy/1=b:t") ==
          R"([] ! region 1: there is no "t")");
}

TEST_CASE("region columns: pixels need the size of the image, and stay pixels without") {
    CHECK(mapped(R"({"key":"k","width":100,"height":50,"b":[10,10,20,20]})", "xyxy=b") ==
          R"([{"box":[0.1,0.2,0.2,0.4]}])");
    CHECK(mapped(R"({"key":"k","b":[10,10,20,20]})", "xyxy=b") ==
          R"(pixels [{"box":[10,10,20,20]}])");
}

TEST_CASE("region columns: what cannot be a box of this layout and scale is refused") {
    const auto refused = [](const char* box, const char* layout) {
        return mapped(std::string(R"({"key":"k","width":100,"height":100,"b":)") + box + "}",
                      std::string(layout) + "=b");
    };
    CHECK(refused("[1,2,3]", "xyxy").ends_with("it is not four numbers"));
    CHECK(refused("[1,2,3,\"x\"]", "xyxy").ends_with("it is not four numbers"));
    CHECK(refused("[50,50,20,10]", "xyxy").find("that is xywh") != std::string::npos);
    CHECK(refused("[5,5,-2,1]", "xywh").find("wrong order") != std::string::npos);
    CHECK(refused("[0.1,0.1,0.5,0.5]", "xyxy").find("xyxy/1") != std::string::npos);
    CHECK(refused("[10,10,50,50]", "xyxy/1").find("without /1") != std::string::npos);
}

TEST_CASE("region columns: as they are written") {
    for (const char* text : {"xywh=b", "cxcywh/1000=a.b:c", "yxyx/1=a,b,c,d:t:l", "xyxy=b::l"})
        CHECK(to_text(cli::value_of<RegionColumn>(text)) == text);
    for (const char* text : {"", "b", "=b", "xy=b", "xyxy=", "xyxy/0=b", "xyxy/x=b", "xyxy/1/1=b",
                             "xyxy=a,b", "xyxy=a,,c,d", "xyxy=a:b:c:d"})
        CHECK_THROWS_AS(cli::value_of<RegionColumn>(text), cli::UsageError);
}

}  // namespace
}  // namespace lip::record
