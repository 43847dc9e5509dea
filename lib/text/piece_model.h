// A SentencePiece model put together by hand: sentencepiece_model.proto's fields that matter when
// texts are cut.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace lip::text {

enum class PieceType { kNormal = 1, kUnknown, kControl, kUserDefined, kUnused, kByte };

struct Piece {
    std::string text;
    float score = 0;
    PieceType type = PieceType::kNormal;
};

struct PieceRules {
    bool byte_pairs = false;  // else unigram
    bool byte_fallback = false;
    std::string begin, end, unknown;  // pieces; empty: there is none
    std::string charsmap;             // precompiled, of the normaliser
    bool prefix_space = false;        // one is put in front
    bool squeeze_spaces = false;      // runs become one, none at the ends
};

// The serialized model; ids are places in `pieces`.
std::string serialize(const std::vector<Piece>& pieces, const PieceRules& rules);

}  // namespace lip::text
