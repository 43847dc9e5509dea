#include "text/clean.h"

#include "text/html_entities.h"
#include "text/mojibake.h"
#include "text/repair.h"
#include "text/unicode.h"
#include "text/unicode_table.h"

#include <doctest/doctest.h>

#include <string>
#include <string_view>

namespace text = lip::text;

namespace {

std::string repaired(std::string_view s) {
    return text::to_utf8(text::repair_text(text::to_code_points(s, true)));
}

std::string unescaped(std::string_view s) {
    return text::to_utf8(text::unescape_html(text::to_code_points(s)));
}

}  // namespace

TEST_CASE("classes of characters are those of Unicode 15.0") {
    CHECK(std::string_view(text::kUnicodeVersion) == "15.0.0");
    int letters = 0, numbers = 0;
    for (char32_t c = 0; c < 0x110000; ++c) {
        letters += text::is_unicode_letter(c);
        numbers += text::is_unicode_number(c);
    }
    CHECK(letters == 136104);
    CHECK(numbers == 1831);
    CHECK(text::is_unicode_letter(U'ª'));
    CHECK(text::is_unicode_letter(0x20000));
    CHECK(text::is_unicode_number(U'Ⅻ'));
    CHECK_FALSE(text::is_unicode_number(U'一'));
    CHECK_FALSE(text::is_unicode_letter(0x301));
}

TEST_CASE("lower case follows str.lower") {
    CHECK(text::lower_text(U"STRAẞE ÀÉ Ǆ 𐐔") == U"straße àé ǆ 𐐼");
    CHECK(text::lower_text(U"İ") == U"i\u0307");
    CHECK(text::lower_text(U"ΣΊΣΥΦΟΣ") == U"σίσυφος");
    CHECK(text::lower_text(U"Σ") == U"σ");
    CHECK(text::lower_text(U"ΑΣ.") == U"ας.");
    CHECK(text::lower_text(U"ΑΣ'Α") == U"ασ'α");
    CHECK(text::lower_text(U"Α\u0301Σ") == U"α\u0301ς");
}

TEST_CASE("normal form C composes, orders and keeps what must not be composed") {
    CHECK(text::to_nfc(U"e\u0301") == U"é");
    CHECK(text::to_nfc(U"e\u0301\u0323") == U"\u1EB9\u0301");
    CHECK(text::to_nfc(U"\u1100\u1161\u11A8") == U"각");
    CHECK(text::to_nfc(U"\uAC00\u11A8") == U"각");
    CHECK(text::to_nfc(U"\u0958") == U"\u0915\u093C");
    CHECK(text::to_nfc(U"\u212B") == U"Å");
    CHECK(text::to_nfc(U"\u0344") == U"\u0308\u0301");
    CHECK(text::to_nfc(U"\u0301a") == U"\u0301a");
    CHECK(text::to_nfc(U"plain") == U"plain");
}

TEST_CASE("character references follow html.unescape") {
    CHECK(unescaped("&lt;b&gt; &amp &copy; &notit; &NotEqualTilde;") ==
          "<b> & © ¬it; \u2242\u0338");
    CHECK(unescaped("&#65;&#x41;&#X41 &#128;&#0;&#xD800;&#x110000;&#1;&#11;&#xFDD0;") ==
          "AAA €\uFFFD\uFFFD\uFFFD");
    CHECK(unescaped("& &; &# &#; &#x; &x; &é; &unknown; AT&T") ==
          "& &; &# &#; &#x; &x; &é; &unknown; AT&T");
    CHECK(unescaped("&#99999999999999999999;") == "\uFFFD");
    CHECK(text::unescape_closed_html(U"P&EACUTE;REZ &eacute; &eacute &#59; &#12ab;") ==
          U"PÉREZ é &eacute &#59; &#12ab;");
}

TEST_CASE("mojibake is found and undone") {
    CHECK(repaired("cafÃ© â€œquotesâ€\u009D") == "café \"quotes\"");
    CHECK(repaired("voilÃ le travail") == "voilà le travail");
    CHECK(repaired("ÃƒÂ©") == "é");                       // twice
    CHECK(repaired("It\u0092s 5 \u0080") == "It's 5 €");  // controls
    CHECK(repaired("café Å Ãngström") == "café Å Ãngström");
    CHECK(repaired("â€œ like this â€\uFFFD") == "\" like this \uFFFD");
    CHECK_FALSE(text::looks_garbled(U"Der Fluß, l’été, São Paulo, 100 €"));
}

TEST_CASE("other repairs") {
    CHECK(repaired("“oﬃce” ‘ﬂat’ Ĳ") == "\"office\" 'flat' IJ");
    CHECK(repaired("ＬＯＵＤ　ﾀ") == "LOUD タ");
    CHECK(repaired("a\r\nb\rc\u2028d") == "a\nb\nc\nd");
    CHECK(repaired("\x1b[1;31mred\x1b[0m \x07\uFEFFx\x7F") == "red x");
    CHECK(repaired("\xED\xA0\xBD\xED\xB8\x80 \xED\xA0\xBD") == "😀 \uFFFD");
    CHECK(repaired("&lt;b&gt; &amp;amp;") == "<b> &");
    CHECK(repaired("<b> &amp;\n&amp;") == "<b> &amp;\n&amp;");
    CHECK(repaired("&amp;\n<b> &amp;") == "&\n<b> &amp;");
}

TEST_CASE("the ways of cleaning differ where the programs differ") {
    const std::string_view caption = " A_b’s\tCafe\u0301 &amp; ΑΣ ";
    CHECK(text::clean_text(caption, text::Clean::kNone) == caption);
    CHECK(text::clean_text(caption, text::Clean::kOpenClip) == "a_b's café & ας");
    CHECK(text::clean_text(caption, text::Clean::kCanonicalize) == "a bs café ας");
    CHECK(text::clean_text(caption, text::Clean::kSiglip) == "ab’s cafe\u0301 amp ας");
    CHECK(text::clean_text(caption, text::Clean::kHuggingFace) == " a_b’s café &amp; ασ ");
    for (const auto clean : {text::Clean::kNone, text::Clean::kOpenClip, text::Clean::kCanonicalize,
                             text::Clean::kSiglip, text::Clean::kHuggingFace})
        CHECK(text::clean_of(text::name_of(clean)) == clean);
    CHECK_FALSE(text::clean_of("shiny"));
}
