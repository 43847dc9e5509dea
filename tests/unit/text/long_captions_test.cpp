// Long captions as people write them, our own: paragraphs of plain description with numbers,
// inscriptions, names and abbreviations. "‖" marks each border and is not in the input.
#include "tests/unit/text/borders.h"
#include "text/splitter.h"

#include <doctest/doctest.h>

#include <string>
#include <string_view>

namespace text = lip::text;

namespace {

constexpr std::string_view kLongCaptions[] = {
    "The photograph shows a narrow alley between two rows of brick houses. ‖ "
    "On the left, a green door with the number 14 stands half open. ‖ "
    "A black cat sits on the step in front of it and looks toward the camera. ‖ "
    "Wet cobblestones reflect the light of a single lamp that hangs approx. 3 m above the "
    "ground.",
    "An outdoor, daytime view of a harbour. ‖ "
    "Three fishing boats, two blue and one white, are tied to the quay with thick ropes. ‖ "
    "The white boat has \"Dorothy M. Hale\" painted on its bow in black letters. ‖ "
    "Behind the boats, St. Mary's church rises above the roofs. ‖ "
    "Gulls circle in the overcast sky.",
    "A close-up of a wooden table top. ‖ "
    "A plate with two slices of toast lies in the middle, and a glass of orange juice (about "
    "half full) stands at the upper right. ‖ "
    "Crumbs are scattered around the plate. ‖ "
    "A folded newspaper is visible at the bottom edge; its headline reads \"Storm hits "
    "coast.\" ‖ "
    "The light comes from a window on the left, i.e. the shadows fall to the right.",
    "A medium shot of a man in his sixties who wears a grey suit, a white shirt and a dark "
    "red tie. ‖ "
    "He holds a sign that says \"NO. 5 - OPEN 9 a.m. to 5 p.m.\" ‖ "
    "His left hand is in his pocket. ‖ "
    "The wall behind him is covered with ivy.",
    "A white refrigerator stands in the corner of a kitchen. ‖ "
    "There are magnets on it, e.g. a red lobster, a yellow star and a small U.S. flag. ‖ "
    "A calendar of Jan. 2019 hangs next to the star. ‖ "
    "To the right of the refrigerator is a counter that is 2.5 ft. wide. ‖ "
    "A toaster and a kettle stand on it.",
    "This is a screenshot of a web page. ‖ "
    "The address bar shows www.garden-tools.example, and a banner below it reads \"Spring "
    "sale! Up to 30% off!\" in white. ‖ "
    "Four pictures of spades are lined up in the center. ‖ "
    "The prices are $12.99, $15.00, $19.50 and $24.99. ‖ "
    "A cursor points at the third one.",
    "The image is a black and white portrait of Mrs. Edith K. Warren. ‖ "
    "She sits on a chair with carved legs. ‖ "
    "A handwritten note in the lower right corner says \"Warren & Co., 1912\". ‖ "
    "The edges of the print are torn. ‖ "
    "It was taken in Washington, D.C. in a studio.",
    "Two dogs run across a meadow! ‖ "
    "The first one, a brown spaniel, carries a stick. ‖ "
    "The second one, which looks like a terrier, follows about 6 ft. behind. ‖ "
    "Is it barking? ‖ "
    "Its mouth is wide open. ‖ "
    "In the distance there are hills, a farm house and a silo.",
    "A vertical photo of a street sign at the corner of Elm St. and 3rd Ave. in the evening. "
    "‖ "
    "The sign is green with white letters. ‖ "
    "Below it, a sticker of a smiling sun has been placed on the pole. ‖ "
    "The sky is orange near the horizon and dark blue at the top of the picture.",
    "A page of a comic book with four panels. ‖ "
    "In the first panel, a robot says \"Who is there?\" and raises a lamp. ‖ "
    "In the second, a mouse answers, \"It is only me.\" ‖ "
    "The third panel is empty except for the word \"CRASH!\" in large red letters. ‖ "
    "The last panel shows the robot on the floor...",
    "A shelf with five jars. ‖ "
    "From left to right they hold: rice, lentils, sugar, flour and tea. ‖ "
    "Each jar has a label with a number (No. 1 to No. 5) and a date. ‖ "
    "The lid of jar No. 3 is missing. ‖ "
    "A spoon lies in front of it.",
    "A statue of a horseman on a stone base stands in a round square. ‖ "
    "The inscription on the base reads \"GEN. A. P. MORTON 1821-1889\". ‖ "
    "Pigeons sit on the horse's head and on the rider's hat. ‖ "
    "At the foot of the base, a child in a yellow raincoat (maybe four years old) reaches for"
    " one of them. ‖ "
    "Cars pass in the background.",
    "It is a bird's-eye view of a parking lot. ‖ "
    "Most of the cars are white, grey or black. ‖ "
    "One of them, a red pick-up truck from Smith Bros. Ltd., stands across two spaces. ‖ "
    "The lines are faded. ‖ "
    "There is nobody in sight.",
    "A birthday cake with blue icing is on a glass stand. ‖ "
    "\"Happy 7th birthday, J.R.!\" is written on it. ‖ "
    "Seven candles burn. ‖ "
    "The flames are blurred, probably because of the long exposure. ‖ "
    "A knife and a stack of paper plates lie at the left.",
    "The picture shows the inside of a train. ‖ "
    "On the left side, a woman reads a book titled \"The Hill vs. the River\". ‖ "
    "On the right side, a man sleeps with his head against the window. ‖ "
    "Above the door, a display shows 21:45 and the words \"Next stop: King's Rd.\" ‖ "
    "The seats are covered with a blue and grey pattern.",
    "A map is pinned to a wall. ‖ "
    "It shows the coast of the U.K. and parts of France. ‖ "
    "Red pins mark the cities, and a piece of string connects them. ‖ "
    "In the lower left corner there is a legend with a scale of 1:500.000. ‖ "
    "Dr. Lang's name is stamped beside it.",
};

}  // namespace

TEST_CASE("long captions of people are cut where they end their sentences") {
    for (const std::string_view example : kLongCaptions) {
        const std::string caption = unmarked(example);
        CHECK(marked(caption) == example);
        CHECK(text::ends_with_end_mark(caption));
    }
}
