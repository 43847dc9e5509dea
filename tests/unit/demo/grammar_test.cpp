#include "scenes/grammar.h"

#include "scenes/color_names.h"
#include "scenes/rows.h"

#include <doctest/doctest.h>

#include <set>
#include <stdexcept>
#include <string>

namespace {

using lip::demo::expand;
using lip::record::KeyedRng;
using lip::record::Stream;

KeyedRng rng_of(const char* key) {
    return {1, 0, Stream::kSubCaptions, key};
}

TEST_CASE("alternatives nest and are all drawn") {
    KeyedRng rng = rng_of("nest");
    std::set<std::string> seen;
    for (int i = 0; i < 200; ++i) seen.insert(expand("x[a[1|2]|b|]y", {}, rng));
    CHECK(seen == std::set<std::string>{"xa1y", "xa2y", "xby", "xy"});
}

TEST_CASE("slots hold patterns and articles follow the next word") {
    KeyedRng rng = rng_of("slots");
    const lip::demo::Slots slots = {{"name", "owl"}, {"thing", "{a} [old|odd] {name}"}};
    const std::string text = expand("{thing}, {a} big {name}", slots, rng);
    CHECK((text == "an old owl, a big owl" || text == "an odd owl, a big owl"));
}

TEST_CASE("a slot or bracket that is our mistake throws") {
    KeyedRng rng = rng_of("wrong");
    CHECK_THROWS_AS(expand("{nothing}", {}, rng), std::logic_error);
    CHECK_THROWS_AS(expand("[a|b", {}, rng), std::logic_error);
    CHECK_THROWS_AS(expand("{a", {}, rng), std::logic_error);
}

TEST_CASE("colours have their basic names") {
    const lip::demo::ColorNamer namer;
    const auto name = [&](float r, float g, float b) {
        return lip::demo::kColorNames[namer.nearest({r, g, b})];
    };
    CHECK(name(1, 0, 0) == "red");
    CHECK(name(1, 0.9F, 0.1F) == "yellow");
    CHECK(name(0.1F, 0.5F, 0.1F) == "green");
    CHECK(name(0, 0, 1) == "blue");
    CHECK(name(0.5F, 0.5F, 0.5F) == "gray");
    CHECK(name(0.5F, 0.3F, 0.15F) == "brown");
    CHECK(name(1, 1, 1) == "white");
    CHECK(name(0, 0, 0) == "black");
}

TEST_CASE("a second colour is named if it has three fifths of the first") {
    lip::demo::ColorCount count;
    for (int i = 0; i < 10; ++i) count.add(0);
    for (int i = 0; i < 5; ++i) count.add(1);
    CHECK(count.phrase() == "black");
    count.add(1);
    CHECK(count.phrase() == "black and white");
}

TEST_CASE("a row quotes commas and quotes alone") {
    lip::demo::Captions captions;
    captions.raw = "a, b";
    captions.instructblip = {"plain", "say \"hi\""};
    captions.sharegpt4v = captions.llava15 = {"s", "l"};
    CHECK(lip::demo::csv_row({"t/1", "i.jpg", ""}, captions) ==
          "i.jpg,\"a, b\",plain,\"say \"\"hi\"\"\",s,l,s,l\n");
}

}  // namespace
