#include "text/end_marks.h"

#include <algorithm>
#include <array>
#include <iterator>

namespace lip::text {
namespace {

struct Mark {
    char32_t first;
    char32_t last;
    MarkKind kind;
};

// Ascending: what Unicode calls Sentence_Terminal, the ellipsis, and the Greek question mark.
constexpr Mark kMarks[] = {
    {0x037E, 0x037E, MarkKind::kBang},      // Greek question mark
    {0x0589, 0x0589, MarkKind::kWide},      // Armenian full stop
    {0x061D, 0x061F, MarkKind::kWide},      // Arabic
    {0x06D4, 0x06D4, MarkKind::kWide},      // Urdu
    {0x0700, 0x0702, MarkKind::kWide},      // Syriac
    {0x07F9, 0x07F9, MarkKind::kWide},      // N'Ko
    {0x0837, 0x0837, MarkKind::kWide},      // Samaritan
    {0x0839, 0x0839, MarkKind::kWide},      //
    {0x083D, 0x083E, MarkKind::kWide},      //
    {0x0964, 0x0965, MarkKind::kWide},      // danda and double danda
    {0x0F0D, 0x0F0E, MarkKind::kWide},      // Tibetan
    {0x104A, 0x104B, MarkKind::kWide},      // Myanmar
    {0x1362, 0x1362, MarkKind::kWide},      // Ethiopic
    {0x1367, 0x1368, MarkKind::kWide},      //
    {0x166E, 0x166E, MarkKind::kWide},      // Canadian syllabics
    {0x1735, 0x1736, MarkKind::kWide},      // Philippine scripts
    {0x17D4, 0x17D5, MarkKind::kWide},      // Khmer
    {0x1803, 0x1803, MarkKind::kWide},      // Mongolian
    {0x1809, 0x1809, MarkKind::kWide},      //
    {0x1944, 0x1945, MarkKind::kWide},      // Limbu
    {0x1AA8, 0x1AAB, MarkKind::kWide},      // Tai Tham
    {0x1B5A, 0x1B5B, MarkKind::kWide},      // Balinese
    {0x1B5E, 0x1B5F, MarkKind::kWide},      //
    {0x1C3B, 0x1C3C, MarkKind::kWide},      // Lepcha
    {0x1C7E, 0x1C7F, MarkKind::kWide},      // Ol Chiki
    {0x2026, 0x2026, MarkKind::kEllipsis},  //
    {0x203C, 0x203D, MarkKind::kBang},      // ‼ ‽
    {0x2047, 0x2049, MarkKind::kBang},      // ⁇ ⁈ ⁉
    {0x2E2E, 0x2E2E, MarkKind::kBang},      // reversed question mark
    {0x3002, 0x3002, MarkKind::kWide},      // ideographic full stop
    {0xA4FF, 0xA4FF, MarkKind::kWide},      // Lisu
    {0xA60E, 0xA60F, MarkKind::kWide},      // Vai
    {0xA6F3, 0xA6F3, MarkKind::kWide},      // Bamum
    {0xA6F7, 0xA6F7, MarkKind::kWide},      //
    {0xA876, 0xA877, MarkKind::kWide},      // Phags-pa
    {0xA8CE, 0xA8CF, MarkKind::kWide},      // Saurashtra
    {0xA92F, 0xA92F, MarkKind::kWide},      // Kayah Li
    {0xA9C8, 0xA9C9, MarkKind::kWide},      // Javanese
    {0xAA5D, 0xAA5F, MarkKind::kWide},      // Cham
    {0xAAF0, 0xAAF1, MarkKind::kWide},      // Meetei Mayek
    {0xFE52, 0xFE52, MarkKind::kWideDot},   // small full stop
    {0xFE56, 0xFE57, MarkKind::kWide},      // small ? and !
    {0xFF01, 0xFF01, MarkKind::kWide},      // full width !
    {0xFF0E, 0xFF0E, MarkKind::kWideDot},   // full width .
    {0xFF1F, 0xFF1F, MarkKind::kWide},      // full width ?
    {0xFF61, 0xFF61, MarkKind::kWide},      // half width ideographic full stop
};

// A bit for each sixteen characters of the first plane: one of them may be a mark. Most letters of
// most scripts need no search.
constexpr auto kMayBeMark = [] {
    std::array<std::uint64_t, 64> bits{};
    for (const Mark& mark : kMarks) {
        for (char32_t row = mark.first >> 4; row <= mark.last >> 4; ++row) {
            bits[row / 64] |= std::uint64_t{1} << row % 64;
        }
    }
    return bits;
}();

struct Closer {
    char32_t code;
    CloserKind kind;
};

constexpr Closer kClosers[] = {
    {U'\u2019', CloserKind::kClosing},  // ’
    {U'\u201D', CloserKind::kClosing},  // ”
    {U'\u00BB', CloserKind::kClosing},  // »
    {U'\u203A', CloserKind::kClosing},  // ›
    {U'\u3009', CloserKind::kClosing},  // 〉
    {U'\u300B', CloserKind::kClosing},  // 》
    {U'\u300D', CloserKind::kClosing},  // 」
    {U'\u300F', CloserKind::kClosing},  // 』
    {U'\u3011', CloserKind::kClosing},  // 】
    {U'\u3015', CloserKind::kClosing},  // 〕
    {U'\u301E', CloserKind::kClosing},  // 〞
    {U'\uFF02', CloserKind::kClosing},  // full width "
    {U'\uFF09', CloserKind::kClosing},  // full width )
    {U'\uFF3D', CloserKind::kClosing},  // full width ]
    {U'\uFF5D', CloserKind::kClosing},  // full width }
    {U'\uFF63', CloserKind::kClosing},  // half width 」
    {U'\u201C', CloserKind::kTurned},   // “
    {U'\u2018', CloserKind::kTurned},   // ‘
    {U'\u00AB', CloserKind::kTurned},   // «
    {U'\u2039', CloserKind::kTurned},   // ‹
};

}  // namespace

MarkKind mark_kind_beyond_ascii(char32_t code) {
    const char32_t row = code >> 4;
    if (row / 64 >= kMayBeMark.size() || (kMayBeMark[row / 64] >> row % 64 & 1) == 0) {
        return MarkKind::kNone;
    }
    const auto* mark =
        std::upper_bound(std::begin(kMarks), std::end(kMarks), code,
                         [](char32_t wanted, const Mark& m) { return wanted < m.first; });
    if (mark == std::begin(kMarks)) return MarkKind::kNone;
    --mark;
    return code <= mark->last ? mark->kind : MarkKind::kNone;
}

CloserKind closer_kind_beyond_ascii(char32_t code) {
    const auto* closer = std::find_if(std::begin(kClosers), std::end(kClosers),
                                      [code](const Closer& c) { return c.code == code; });
    return closer == std::end(kClosers) ? CloserKind::kNone : closer->kind;
}

}  // namespace lip::text
