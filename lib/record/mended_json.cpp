#include "record/mended_json.h"

#include "text/byte_order_mark.h"
#include "text/letters.h"
#include "text/utf8.h"

#include <cctype>
#include <cstdint>

namespace lip::record {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

// Of the characters that numbers and the words null, NaN and so on are made of.
bool is_in_word(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '+' || c == '-' ||
           c == '.';
}

bool is_not_finite(std::string_view word) {
    if (word.starts_with('-') || word.starts_with('+')) word.remove_prefix(1);
    if (word.size() > 8) return false;
    const std::string lower = text::ascii_lower(word);
    return lower == "nan" || lower == "inf" || lower == "infinity";
}

// The number of an escape \uXXXX at `at`; nothing if there is none.
std::optional<std::uint32_t> escaped_unit(std::string_view json, std::size_t at) {
    if (at > json.size() || json.size() - at < 6 || json[at] != '\\' || json[at + 1] != 'u')
        return std::nullopt;
    std::uint32_t unit = 0;
    for (std::size_t i = at + 2; i < at + 6; ++i) {
        const auto c = static_cast<unsigned char>(json[i]);
        if (!std::isxdigit(c)) return std::nullopt;
        const int digit = text::is_ascii_digit(json[i]) ? c - '0' : std::tolower(c) - 'a' + 10;
        unit = unit << 4 | static_cast<std::uint32_t>(digit);
    }
    return unit;
}

// Copies `json` piece by piece.
class Mender {
public:
    explicit Mender(std::string_view json) : json_(json) { out_.text.reserve(json.size() + 16); }

    std::optional<MendedJson> run() {
        while (at_ < json_.size()) {
            const char c = json_[at_];
            if (c == '"') {
                keep(1);
                mend_text();
            } else if (json_.substr(at_).starts_with(text::kByteOrderMark)) {
                put(text::kByteOrderMark.size(), "");
            } else if (is_in_word(c)) {
                std::size_t size = 1;
                while (at_ + size < json_.size() && is_in_word(json_[at_ + size])) ++size;
                if (is_not_finite(json_.substr(at_, size)))
                    put(size, "null");
                else
                    keep(size);
            } else {
                keep(1);
            }
        }
        if (!changed_) return std::nullopt;
        return std::move(out_);
    }

private:
    void keep(std::size_t size) {
        out_.text.append(json_, at_, size);
        at_ += size;
    }
    void put(std::size_t size, std::string_view instead) {
        out_.text += instead;
        at_ += size;
        changed_ = true;
    }
    void replace(std::size_t size) {
        put(size, kReplacement);
        out_.replaced = true;
    }
    // From behind the opening quote to behind the closing one.
    void mend_text() {
        while (at_ < json_.size()) {
            const auto c = static_cast<unsigned char>(json_[at_]);
            if (c == '"') return keep(1);
            if (c == '\\') {
                mend_escape();
            } else if (c < 0x20) {
                constexpr std::string_view kHex = "0123456789abcdef";
                put(1, std::string("\\u00") + kHex[c >> 4] + kHex[c & 15]);
            } else if (c < 0x80) {
                keep(1);
            } else if (const text::Decoded d = text::decode_at(json_, at_);
                       d.code == text::kInvalidByte) {
                replace(text::ill_formed_size(json_, at_));
            } else {
                keep(d.size);
            }
        }
    }
    void mend_escape() {
        const auto is_within = [](std::optional<std::uint32_t> unit, std::uint32_t first) {
            return unit && *unit >= first && *unit < first + 0x400;
        };
        const auto unit = escaped_unit(json_, at_);
        if (is_within(unit, 0xD800) && is_within(escaped_unit(json_, at_ + 6), 0xDC00))
            keep(12);
        else if (is_within(unit, 0xD800) || is_within(unit, 0xDC00))
            replace(6);
        else if (at_ + 1 < json_.size() && (json_[at_ + 1] == '"' || json_[at_ + 1] == '\\'))
            keep(2);  // the second is no end and no beginning
        else
            keep(1);
    }

    std::string_view json_;
    std::size_t at_ = 0;
    MendedJson out_;
    bool changed_ = false;
};

// -? (0 | [1-9][0-9]*) (. [0-9]+)? ([eE] [+-]? [0-9]+)?
bool is_number(std::string_view word) {
    const auto digits = [&word] {
        std::size_t n = 0;
        while (n < word.size() && text::is_ascii_digit(word[n])) ++n;
        word.remove_prefix(n);
        return n;
    };
    if (word.starts_with('-')) word.remove_prefix(1);
    const bool is_zero = word.starts_with('0');
    const std::size_t whole = digits();
    if (whole == 0 || (is_zero && whole > 1)) return false;
    if (word.starts_with('.')) {
        word.remove_prefix(1);
        if (digits() == 0) return false;
    }
    if (word.starts_with('e') || word.starts_with('E')) {
        word.remove_prefix(1);
        if (word.starts_with('+') || word.starts_with('-')) word.remove_prefix(1);
        if (digits() == 0) return false;
    }
    return word.empty();
}

}  // namespace

std::optional<MendedJson> mend_json(std::string_view json) {
    return Mender(json).run();
}

std::string without_numbers(std::string_view json) {
    std::string out(json);
    for (std::size_t at = 0; at < json.size();) {
        if (json[at] == '"') {
            for (++at; at < json.size() && json[at] != '"'; ++at)
                if (json[at] == '\\') ++at;
            ++at;
            continue;
        }
        std::size_t size = 0;
        while (at + size < json.size() && is_in_word(json[at + size])) ++size;
        if (is_number(json.substr(at, size))) {
            out[at] = '0';
            out.replace(at + 1, size - 1, size - 1, ' ');
        }
        at += size + (size == 0);
    }
    return out;
}

}  // namespace lip::record
