#include "record/entities.h"

#include <doctest/doctest.h>

using namespace lip::record;

TEST_CASE("the marks of a sentence become phrases") {
    const auto sentence = parse_entity_sentence(
        "[/EN#1/people Two men] look at [/EN#2/other/bodyparts their hands] .");
    REQUIRE(sentence);
    CHECK(sentence->text == "Two men look at their hands .");
    REQUIRE(sentence->phrases.size() == 2);
    CHECK(sentence->phrases[1].id == "2");
    CHECK(sentence->phrases[1].type == "other/bodyparts");
    CHECK(sentence->phrases[1].words == "their hands");
    CHECK(parse_entity_sentence("no marks [at all]")->text == "no marks [at all]");
    for (const char* bad : {"[/EN#1/people", "[/EN#1/people Two", "[/EN#1 Two men]", "[/EN#/x a]",
                            "[/EN#1/people  ]", "[/EN#1/people] a man"}) {
        CAPTURE(bad);
        CHECK(parse_entity_sentence(bad).reject().word == "bad-caption");
    }
}

TEST_CASE("boxes are found by the numbers of their entities") {
    const auto boxes = parse_entity_boxes(
        "<annotation><filename>7.jpg</filename><size><width>50</width><height>40</height></size>"
        "<object><name>1</name><name>2</name><bndbox><xmin>1</xmin><ymin>2</ymin><xmax>30</xmax>"
        "<ymax>40</ymax></bndbox></object>"
        "<object><name>1</name><bndbox><xmin>3</xmin><ymin>2</ymin><xmax>9</xmax><ymax>8</ymax>"
        "</bndbox></object>"
        "<object><name>3</name><bndbox><xmin>a</xmin></bndbox></object>"
        "<object><name>4</name><scene>1</scene><nobndbox>0</nobndbox></object></annotation>");
    REQUIRE(boxes);
    CHECK(boxes->filename == "7.jpg");
    CHECK(boxes->width == "50");
    CHECK(boxes->boxes.at("1").size() == 2);
    CHECK(boxes->boxes.at("2")[0] == std::array<double, 4>{1, 2, 30, 40});
    CHECK(boxes->boxes.count("3") + boxes->boxes.count("4") == 0);
    CHECK(boxes->malformed == 1);
    CHECK(parse_entity_boxes("<annotation><object>").reject().word == "bad-xml");
}
