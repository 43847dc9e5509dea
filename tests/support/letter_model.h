// SentencePiece models of single letters, written by hand: they take no training.
#pragma once

#include <string>

namespace lip::text {

// One length-delimited protobuf field. Requires fewer than 128 bytes for nested messages' sizes.
inline std::string proto_field(int number, const std::string& bytes) {
    std::string out;
    out += static_cast<char>(number << 3 | 2);
    out += static_cast<char>(bytes.size());
    return out + bytes;
}

inline std::string proto_number(int number, int value) {
    return {static_cast<char>(number << 3), static_cast<char>(value)};
}

// A SentencePiece model of the pieces <unk> <s> </s> _ . a ... z, each character for itself. As
// SigLIP's: <pad> </s> <unk> _ . a ... z.
inline std::string letter_model(bool as_siglip = false) {
    constexpr int kNormal = 1, kUnknown = 2, kControl = 3, kCharModel = 4;
    std::string model;
    const auto piece = [&](const std::string& text, int type) {
        std::string score = "\x15";  // field 2, a 32-bit float: 0
        score.append(4, '\0');
        model += proto_field(1, proto_field(1, text) + score + proto_number(3, type));
    };
    if (as_siglip) {
        piece("<pad>", kControl);
        piece("</s>", kControl);
        piece("<unk>", kUnknown);
    } else {
        piece("<unk>", kUnknown);
        piece("<s>", kControl);
        piece("</s>", kControl);
    }
    piece("\xE2\x96\x81", kNormal);
    piece(".", kNormal);
    for (char c = 'a'; c <= 'z'; ++c) piece(std::string(1, c), kNormal);
    return model + proto_field(2, proto_number(3, kCharModel)) +
           proto_field(3, proto_field(1, "identity"));
}

}  // namespace lip::text
