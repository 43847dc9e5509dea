#include "text/piece_model.h"

#include <algorithm>
#include <bit>
#include <string_view>

namespace lip::text {
namespace {

// Protocol buffers' wire format: a field's number and kind, then its value.
class Message {
public:
    void number(std::uint32_t field, std::uint64_t value) {
        variable(field << 3);
        variable(value);
    }
    void bytes(std::uint32_t field, std::string_view value) {
        variable(field << 3 | 2);
        variable(value.size());
        out_ += value;
    }
    void real(std::uint32_t field, float value) {
        variable(field << 3 | 5);
        auto bits = std::bit_cast<std::uint32_t>(value);
        for (int i = 0; i < 4; ++i, bits >>= 8) out_ += static_cast<char>(bits & 0xFF);
    }
    std::string take() { return std::move(out_); }

private:
    void variable(std::uint64_t value) {
        for (; value >= 0x80; value >>= 7) out_ += static_cast<char>((value & 0x7F) | 0x80);
        out_ += static_cast<char>(value);
    }

    std::string out_;
};

}  // namespace

std::string serialize(const std::vector<Piece>& pieces, const PieceRules& rules) {
    Message model, trainer, normalizer;
    for (const Piece& piece : pieces) {
        Message one;
        one.bytes(1, piece.text);
        one.real(2, piece.score);
        one.number(3, static_cast<std::uint64_t>(piece.type));
        model.bytes(1, one.take());
    }
    trainer.number(3, rules.byte_pairs ? 2 : 1);
    trainer.number(4, pieces.size());
    trainer.number(35, rules.byte_fallback);
    // A number and a text for each special piece; -1 (ten bytes of it): there is none.
    const auto special = [&](std::uint32_t number, std::uint32_t text, const std::string& piece) {
        const auto found = std::ranges::find(pieces, piece, &Piece::text);
        const bool known = !piece.empty() && found != pieces.end();
        trainer.number(
            number, known ? static_cast<std::uint64_t>(found - pieces.begin()) : ~std::uint64_t{0});
        if (known) trainer.bytes(text, piece);
    };
    special(40, 45, rules.unknown);
    special(41, 46, rules.begin);
    special(42, 47, rules.end);
    special(43, 48, "");
    normalizer.bytes(1, rules.charsmap.empty() ? "identity" : "tokenizer.json");
    normalizer.bytes(2, rules.charsmap);
    normalizer.number(3, rules.prefix_space);
    normalizer.number(4, rules.squeeze_spaces);
    normalizer.number(5, true);
    model.bytes(2, trainer.take());
    model.bytes(3, normalizer.take());
    return model.take();
}

}  // namespace lip::text
