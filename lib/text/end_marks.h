// The one table of marks that end a sentence, and of the quotes and brackets that close behind
// them. Splitter and flags read it; there is no other list.
#pragma once

#include <cstdint>

namespace lip::text {

enum class MarkKind : std::uint8_t {
    kNone,
    kDot,       // . and the dots of an ellipsis
    kEllipsis,  // … counts as three dots
    kBang,      // ! and ?
    kWide,      // of a script in which no white space need follow
    kWideDot,   // the same, but a decimal point between digits
};

MarkKind mark_kind_beyond_ascii(char32_t code);

inline MarkKind mark_kind(char32_t code) {
    if (code >= 0x80) return mark_kind_beyond_ascii(code);
    if (code == U'.') return MarkKind::kDot;
    return code == U'!' || code == U'?' ? MarkKind::kBang : MarkKind::kNone;
}

// What closes behind an end mark.
enum class CloserKind : std::uint8_t {
    kNone,
    kClosing,   // ) ” 」: always closes
    kStraight,  // " and ': may open as well
    kMarkup,    // * _ ` ~: of markdown, may open as well, says nothing about the end
    kTurned,    // “ « ‹: closes in German and Danish, opens elsewhere
};

CloserKind closer_kind_beyond_ascii(char32_t code);

inline CloserKind closer_kind(char32_t code) {
    if (code >= 0x80) return closer_kind_beyond_ascii(code);
    switch (code) {
        case U'"':
        case U'\'':
            return CloserKind::kStraight;
        case U')':
        case U']':
        case U'}':
            return CloserKind::kClosing;
        case U'*':
        case U'_':
        case U'`':
        case U'~':
            return CloserKind::kMarkup;
        default:
            return CloserKind::kNone;
    }
}

// True for a quote or bracket that closes, straight quotes and markdown included.
inline bool is_closer(char32_t code) {
    const CloserKind kind = closer_kind(code);
    return kind != CloserKind::kNone && kind != CloserKind::kTurned;
}

}  // namespace lip::text
