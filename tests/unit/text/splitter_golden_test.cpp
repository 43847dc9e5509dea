// Golden sentences: one example a rule, and our own of each category. "‖" marks each expected
// border, "⏎" stands for a line end; the input is the line without them.
#include "text/splitter.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

namespace {

using lip::text::SentenceSplitter;
using lip::text::SplitOptions;

// The 48 rules, in their order.
constexpr const char* kRules[] = {
    "The kitchen is bright. ‖ A kettle stands on the stove.",
    "Is the door open? ‖ Light falls across the floor.",
    "What a huge wave! ‖ A surfer crouches on the board.",
    "The poster names Clara B. Whitfield as the painter.",
    "The open atlas shows p. 112 with a map.",
    "A sign for Brown and co. hangs over the shop door.",
    "The van of Miller, Stone & Co. is parked at the kerb.",
    "The crates belong to Brown and co. ‖ They are stacked three high.",
    "The banner reads Miller, Stone & Co. ‖ Two men hold it up.",
    "Snow covers the top of Mt. Hood in the distance.",
    "St. Anne's Chapel stands on Mill st. beside the canal.",
    "The plaque marks Samuel Poe Jr.'s workshop.",
    "A map of the U.A.E. covers the classroom wall.",
    "The stamp comes from the U.S.S.R. ‖ How old might it be?",
    "The truck was built in the U.S. ‖ What year is it from?",
    "A grey U.S. Navy ship lies at the pier.",
    "The coin was used in the U.S. until the war.",
    "At 8 a.m. Mrs. Lowe opens the bakery. ‖ She locks the door at 4 P.M. ‖ Mrs. Lowe then "
    "walks home.",
    "The price tag shows $4.50 on the jar.",
    "The price tag shows $4.50. ‖ The jar is full of honey.",
    "The bridge (It was rebuilt in steel after the flood.) crosses a narrow river.",
    "The flyer gives info.desk@museum-example.org. ‖ A phone number is printed below.",
    "The screen shows https://shop.example.com/v2.1/lamps_list.html. ‖ A hand holds the mouse.",
    "The guide points up, 'Mind the step.' says the speech bubble.",
    "A girl lifts a card, \"Happy birthday.\" is written on it.",
    "The banner above the gate says, \"Welcome home.\" ‖ Two children stand under it.",
    "Goal!! ‖ The crowd jumps up.",
    "Lost dog?? ‖ The poster is torn at one corner.",
    "Is this a toy!? ‖ It looks like a real engine.",
    "A cat in a teapot?! ‖ The lid lies next to it.",
    "1.) Two oars ‖ 2.) A life vest",
    "1.) Two oars. ‖ 2.) A life vest.",
    "1) A red cup ‖ 2) A blue plate",
    "1) A red cup. ‖ 2) A blue plate.",
    "1. A tin of paint ‖ 2. A wide brush",
    "1. A tin of paint. ‖ 2. A wide brush.",
    "• 3. A wooden spoon ‖ • 4. A steel whisk",
    "⁃3. A wooden spoon ‖ ⁃4. A steel whisk",
    "a. A grey cat ‖ b. A brown dog ‖ c. A white goat",
    "The label gives position N°. 482.117.309. ‖ A red pin marks the spot.",
    "A man in a Jeopardy! jacket waves at the camera.",
    "The note says you and I. ‖ Did Henry I. Walsh write it?",
    "The text under the photo ends with “the tide came in and nothing was left. . . .”",
    "\"The harbour [...] was empty that winter [...]\" (Hale 12).",
    "The handwriting fades toward the edge of the page . . . . ‖ A blot covers the last word.",
    "The road just ends here.... ‖ Grass has grown over it.",
    "It might be a fox ... or a small dog...hard to say . . . the picture is blurred.",
    "The first line of the poem is legible . . . but the middle is washed out. ‖ . . . The "
    "last word survives. . . .",
};

// What the older list of 52 adds: lines.
constexpr const char* kOlderHard[] = {
    "The bridge was rebuilt ⏎after the flood.",
    "red apples⏎ ‖ green pears, plums⏎ ‖ a paper bag",
};

constexpr const char* kOlderSoft[] = {
    "Seen here is a stone⏎bridge over a stream.",
    "The wall is old.⏎ ‖ A cat⏎sleeps on it.⏎ ‖ Birds fly.",
};

// More of every category, and what captions have besides.
constexpr const char* kOwn[] = {
    "A dog sleeps on the rug. ‖ Its tail hangs over the edge.",
    "a man rides a bike down the road. ‖ he wears a red helmet.",
    "The sky is grey. ‖ 3 boats rest on the sand.",
    "Who left the gate open? ‖ A goat stands in the garden.",
    "What does the sign say? ‖ It is too blurred to read.",
    "Could this be a market? ‖ Several stalls line the street.",
    "Look at that sunset! ‖ The sea glows orange.",
    "It jumps! ‖ Its paws leave the grass.",
    "Such a mess! ‖ 12 plates are broken.",
    "A portrait of Harold J. Brenner hangs in the hall.",
    "The book cover reads E. M. Karlsson in gold letters.",
    "J. Whitmore stands at the desk. ‖ He holds a pen.",
    "The catalogue is open at p. 47 on the desk.",
    "A hand points to fig. 3 on the blackboard.",
    "The stamp shows the year c. 1890 in small print.",
    "The shop sign of Hart and co. is painted green.",
    "A truck of Palmer bros. waits at the light.",
    "A mug with the name of Ridge & Co. stands on the desk.",
    "The crate is marked Dunn Ltd. in black paint.",
    "The tent belongs to Hart and co. ‖ It is striped.",
    "Apples, pears, plums, etc. lie in the basket.",
    "The basket holds apples, pears, etc. ‖ A knife lies next to it.",
    "The logo reads Dunn Inc. ‖ There is a star above it.",
    "The office of Palmer & Co. ‖ Several people wait outside.",
    "The trail leads up to Mt. Baker under a clear sky.",
    "A statue of Gen. Porter stands in the square.",
    "Mrs. Dalton and Dr. Reyes pose for a photo. ‖ They smile.",
    "St. Mary's Church faces Oak st. in this old photo.",
    "A view of Elm Ave. with parked cars.",
    "Prof. Lindt Jr. points at the blackboard.",
    "The sign marks Thomas Hill Sr.'s barber shop.",
    "A photo of Reed & Co.'s first store.",
    "The poster shows the U.N.'s blue flag.",
    "The flag of the U.K. hangs from a balcony.",
    "A box labelled Made in P.R.C. lies on the shelf.",
    "The jersey is from the N.B.A. ‖ What team is it?",
    "The jet belongs to the U.K. ‖ There are three of them.",
    "The letter was sent from the U.S. ‖ It has two stamps.",
    "The flag is from the U.S. ‖ A pole holds it up.",
    "A U.S. Army truck is parked in the mud.",
    "The U.S. Capitol is lit at night.",
    "A dollar bill from the U.S. lies on the desk.",
    "Goods from the U.S. and Canada fill the shelves.",
    "The clock shows 9 a.m. and the shop is closed.",
    "At 7 p.m. Maria closes the shop. ‖ The street is empty.",
    "The bus leaves at 6 p.m. ‖ Maria waits on the bench.",
    "On Monday at 9 a.m. Mr. Hill opens the gate.",
    "The sign says open until 5 p.m. Monday to Friday.",
    "The photo was taken at 3 p.m. ‖ The sun is high.",
    "The scale shows 2.75 kg of flour.",
    "A tag reads 1,299.99 in red.",
    "Version 3.2.1 is shown on the screen.",
    "The scale shows 2.75. ‖ The bowl is full.",
    "The bus is number 42. ‖ It is yellow.",
    "The jersey has the number 7. ‖ The player kicks a ball.",
    "The lamp (It is made of brass.) stands on a shelf.",
    "The house (is it abandoned?) has broken windows.",
    "The boat is old. ‖ (It was built in 1920.) ‖ A rope holds it.",
    "The man (seen from behind) walks away. ‖ He carries a bag.",
    "The card shows mail@shop-example.com. ‖ Its corner is bent.",
    "A poster lists first.last@mail.example.org and a phone number.",
    "The laptop shows www.example.net. ‖ A cup stands next to it.",
    "The banner reads http://www.example.com/a.b/c?d=1. ‖ It is blue.",
    "The file IMG_0412.JPG is open on the screen.",
    "Visit Example.Com for more photos.",
    "The fox whispers, 'Come here.' says the book page.",
    "The sign says 'Keep out.' ‖ A fence runs behind it.",
    "A mug with the words \"Best dad.\" stands on the desk.",
    "The shirt reads \"Never stop.\" in white letters.",
    "A poster says \"Eat. Sleep. Repeat.\" in red.",
    "The sign reads \"Stop!\" ‖ A car waits.",
    "The sign reads \"Why not?\" and hangs low.",
    "A neon sign says “Open late.” ‖ Rain falls on the street.",
    "\"Welcome.\" ‖ The mat is brown.",
    "The label says \"Open\". ‖ The door is shut.",
    "Wow!! ‖ The cake is huge.",
    "Really?? ‖ The price is 90 dollars.",
    "Is it real!? ‖ The bird does not move.",
    "A car in a tree?! ‖ The wheels are gone.",
    "Help!!! ‖ A boy waves from the roof.",
    "1.) A lamp ‖ 2.) A chair ‖ 3.) A rug",
    "1) Milk. ‖ 2) Eggs. ‖ 3) Bread.",
    "1. A man stands. ‖ 2. A woman sits. ‖ 3. A dog sleeps.",
    "The scene includes: ‖ 1. A tree ‖ 2. A bench ‖ 3. A pond",
    "• A red car ‖ • A blue car",
    "- a red car⏎ ‖ - a blue car⏎ ‖ - a truck",
    "a) A lamp ‖ b) A chair",
    "1. Foreground: a tree ‖ 2. Background: a hill",
    "The code N°. 77.13.2. ‖ It is printed in red.",
    "A sticker with N°. 12 is on the door.",
    "Serial 10.4.22.9 is stamped on the plate.",
    "A Yahoo! sticker is on the laptop.",
    "The cast of Oklahoma! bows on stage.",
    "The Yahoo! Sports van is parked outside.",
    "The card says you and I. ‖ Did someone draw a heart?",
    "A bust of Paul I. Marchetti stands there.",
    "He is taller than I. ‖ The door frame shows it.",
    "The road goes on... and on into the fog.",
    "A smile... maybe. ‖ The cat looks away.",
    "The sign is cut off.... ‖ A pole hides it.",
    "The word fades . . . . ‖ The wall is wet.",
    "“We were [...] late [...]” (Ross 4).",
    "The path ends. . . .",
    "The bridge was painted ⏎after the storm.",
    "red cars⏎ ‖ green bikes, vans⏎ ‖ a bus",
    "A dog runs.   ‖ A cat sleeps",
    "A dog runs.⏎⏎ ‖ A cat sleeps",
    "**Foreground:**⏎A tree stands. ‖ A dog runs.",
    "Foreground:⏎A tree stands.",
    "天空是蓝色的。 ‖ 海面很平静。",
    "هل هذا قط؟ ‖ نعم",
    "The tower is 5 ft. tall. ‖ It leans.",
    "A 12 oz. can of soda lies on the sand.",
    "A screen of 24\" shows a map. ‖ A 12\" ruler lies below.",
    "The vase (left) is blue. ‖ The vase (right) is red.",
    "It was made by Smith vs. Jones in a U.S. court.",
    "The text reads \"No. 5\" in black. ‖ It is small.",
    "Washington, D.C. is shown on a map.",
    "She lives in Washington, D.C. ‖ The house is white.",
    "The photo was taken in Jan. 1990 near the sea.",
    "The team won in Oct. ‖ They hold a cup.",
    "Two signs read \"One way. No entry.\" and \"Stop.\" ‖ A car turns.",
    "The poem ends: \"I am home.\" ‖ The page is yellow.",
    "He has two cats, i.e. Tom and Kitty, e.g. on the sofa.",
    "The man asks \"Is it you?\" and waves.",
    "A sign reads \"Sale!\" in red. ‖ People walk by.",
    "The image shows a Ph.D. student at a desk.",
    "The woman has a Ph.D. ‖ She wears a gown.",
    "A hat, a coat, a scarf, etc. ‖ Nothing else is there.",
};

// Sentences without a space between them: "|" marks the border and is not in the input.
constexpr const char* kGlued[] = {
    "The boat is empty.|Oars lie inside.|Capt. Ruiz paid 2,500.|That was too much.",
    "The lake is calm.|Ducks swim by.|Mr. Lee fishes.|A boat passes.",
    "A man says \"Hello\".|Then he waves (twice).|The end.",
    "Is it open?|The door is shut!|Nobody waits.",
    "A Node.Js sticker and www.Example.Com on a lid.",
    "天空是蓝色的。|海面很平静。|「你好。」|他走了！|真的？",
    "هل هذا قط؟| نعم",
};

void replace_all(std::string& text, std::string_view from, std::string_view to) {
    for (std::size_t pos = text.find(from); pos != text.npos; pos = text.find(from, pos)) {
        text.replace(pos, from.size(), to);
        pos += to.size();
    }
}

std::string trimmed(const std::string& text) {
    const std::size_t begin = text.find_first_not_of(" \n");
    return text.substr(begin, text.find_last_not_of(" \n") - begin + 1);
}

// Joins the sentences with "‖", so that a failure shows where the borders went.
std::string split_and_join(const std::string& text, const SplitOptions& options) {
    const SentenceSplitter splitter(options);
    std::string joined;
    for (const auto& span : splitter.split(text)) {
        if (!joined.empty()) joined += "‖";
        joined += lip::text::slice(text, span);
    }
    return joined;
}

void check(const char* example, std::string_view border, const SplitOptions& options) {
    std::string marked = example;
    replace_all(marked, "⏎", "\n");
    std::string input = marked;
    replace_all(input, border, "");
    std::string expected;
    for (std::size_t pos = 0; pos <= marked.size();) {
        const std::size_t end = std::min(marked.find(border, pos), marked.size());
        if (!expected.empty()) expected += "‖";
        expected += trimmed(marked.substr(pos, end - pos));
        pos = end + border.size();
    }
    CHECK(split_and_join(input, options) == expected);
}

}  // namespace

TEST_CASE("all 48 golden rules hold") {
    CHECK(std::size(kRules) == 48);
    for (const char* example : kRules) check(example, " ‖", {});
}

TEST_CASE("the older list of 52 adds lines and glued sentences") {
    SplitOptions soft;
    soft.newlines = SplitOptions::Newlines::kSoft;
    for (const char* example : kOlderHard) check(example, " ‖", {});
    for (const char* example : kOlderSoft) check(example, " ‖", soft);
    for (const char* example : kGlued) check(example, "|", {});
}

TEST_CASE("own examples of every category") {
    for (const char* example : kOwn) check(example, " ‖", {});
}
