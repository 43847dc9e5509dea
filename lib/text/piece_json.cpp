#include "text/piece_json.h"

#include "cli/error.h"
#include "text/piece_model.h"
#include "text/utf8.h"

#include <simdjson.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <unordered_map>
#include <utility>
#include <vector>

namespace lip::text {
namespace {

namespace dom = simdjson::dom;

constexpr std::string_view kSpace = "\xE2\x96\x81";  // U+2581, which stands for a space
constexpr std::uint64_t kMostPieces = 1 << 24;

std::string_view text_at(dom::object object, const char* key) {
    std::string_view text;
    return object[key].get(text) ? std::string_view() : text;
}

bool flag_at(dom::object object, const char* key, bool otherwise) {
    bool flag = otherwise;
    return object[key].get(flag) ? otherwise : flag;
}

std::optional<std::string> from_base64(std::string_view text) {
    std::string out;
    std::uint32_t bits = 0, count = 0;
    while (text.ends_with('=')) text.remove_suffix(1);
    for (const char c : text) {
        constexpr std::string_view kDigits =
            "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        const std::size_t digit = kDigits.find(c);
        if (digit == kDigits.npos) return std::nullopt;
        bits = bits << 6 | static_cast<std::uint32_t>(digit);
        count += 6;
        if (count < 8) continue;
        count -= 8;
        out += static_cast<char>(bits >> count & 0xFF);
    }
    return out;
}

// The bytes that a fallback piece "<0x0A>" stands for are one.
bool is_byte_piece(std::string_view text) {
    return text.size() == 6 && text.starts_with("<0x") && text.ends_with('>') &&
           std::ranges::all_of(text.substr(3, 2), [](char c) {
               return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'F');
           });
}

class Reader {
public:
    Reader(std::string_view json, const std::string& name) : name_(name) {
        if (const auto error = parser_.parse(json.data(), json.size()).get(root_))
            fail(std::string("not a JSON object (") + simdjson::error_message(error) + ")");
        if (root_["model"].get(model_)) fail("has no \"model\"");
    }

    PieceModel read(const TokenizerOptions& given) {
        rules_.byte_pairs = text_at(model_, "type") == "BPE";
        rules_.byte_fallback = flag_at(model_, "byte_fallback", false);
        if (rules_.byte_pairs)
            read_byte_pairs();
        else
            read_unigrams();
        vocabulary_ = pieces_.size();
        read_added();
        read_normalizer();
        read_word_rule();
        read_template();
        take_special(given);
        if (rules_.byte_fallback) {
            for (Piece& piece : pieces_)
                if (is_byte_piece(piece.text)) piece.type = PieceType::kByte;
        }
        if (rules_.unknown.empty()) refuse("no unknown piece");
        find(rules_.unknown).type = PieceType::kUnknown;
        drop_last();
        out_.bytes = serialize(pieces_, rules_);
        return std::move(out_);
    }

private:
    [[noreturn]] void fail(const std::string& what) const {
        throw cli::DataError(name_ + ": " + what);
    }
    [[noreturn]] void refuse(const std::string& what) const {
        fail(what +
             " cannot be followed as SentencePiece (the original SentencePiece model can be "
             "named instead)");
    }
    Piece& find(std::string_view text) {
        const auto found = std::ranges::find(pieces_, text, &Piece::text);
        if (found == pieces_.end()) fail("there is no piece '" + std::string(text) + "'");
        return *found;
    }

    void read_unigrams() {
        dom::array vocabulary;
        if (model_["vocab"].get(vocabulary)) fail("\"model.vocab\" is not a list");
        for (const dom::element entry : vocabulary) {
            dom::array pair;
            std::string_view text;
            double score = 0;
            if (entry.get(pair) || pair.at(0).get(text) || pair.at(1).get(score))
                fail("\"model.vocab\" holds something else than [piece, score]");
            pieces_.push_back({std::string(text), static_cast<float>(score)});
        }
        std::uint64_t unknown = 0;
        if (model_["unk_id"].get(unknown) || unknown >= pieces_.size()) fail("has no \"unk_id\"");
        rules_.unknown = pieces_[unknown].text;
    }

    void read_byte_pairs() {
        dom::object vocabulary;
        if (model_["vocab"].get(vocabulary)) fail("\"model.vocab\" is not an object");
        pieces_.resize(vocabulary.size());
        for (const auto [text, value] : vocabulary) {
            std::uint64_t id = 0;
            if (value.get(id) || id >= pieces_.size() || !pieces_[id].text.empty())
                fail("the id of '" + std::string(text) + "' is not one of 0 to " +
                     std::to_string(pieces_.size() - 1) + ", or occurs twice");
            pieces_[id].text = text;
        }
        rules_.unknown = text_at(model_, "unk_token");
        rank_pieces(read_merges());
    }

    using Merge = std::pair<std::string_view, std::string_view>;
    std::vector<Merge> read_merges() const {
        dom::array given;
        if (model_["merges"].get(given)) fail("\"model.merges\" is not a list");
        std::vector<Merge> merges;
        for (const dom::element entry : given) {
            Merge merge;
            dom::array pair;
            if (std::string_view text; !entry.get(text)) {
                const std::size_t space = text.find(' ');
                merge = {text.substr(0, space), text.substr(std::min(space, text.size() - 1) + 1)};
            } else if (entry.get(pair) || pair.at(0).get(merge.first) ||
                       pair.at(1).get(merge.second)) {
                fail("\"model.merges\" holds something else than pairs");
            }
            merges.push_back(merge);
        }
        return merges;
    }

    // SentencePiece merges by the score of what comes out, and knows no list of pairs: the same if
    // the list has every way to make a piece, one piece after the other.
    void rank_pieces(const std::vector<Merge>& merges) {
        std::unordered_map<std::string_view, std::size_t> ids;
        for (std::size_t i = 0; i < pieces_.size(); ++i) ids.emplace(pieces_[i].text, i);
        std::vector<std::size_t> ways(pieces_.size());
        constexpr std::size_t kNone = std::numeric_limits<std::size_t>::max();
        std::size_t last = kNone, rank = 0;
        for (const auto& [left, right] : merges) {
            const std::string both = std::string(left).append(right);
            const auto made = ids.find(both);
            if (made == ids.end() || !ids.contains(left) || !ids.contains(right))
                fail("a merge makes '" + both + "', which is no piece");
            if (made->second != last) {
                if (ways[made->second] > 0) refuse("merges whose order is not that of the pieces");
                last = made->second;
                pieces_[last].score = -static_cast<float>(rank++);
            }
            ++ways[made->second];
        }
        if (rank > (1U << 24)) fail("more merges than SentencePiece can order");
        for (std::size_t i = 0; i < pieces_.size(); ++i) check_ways(pieces_[i], ways[i], ids);
    }

    void check_ways(Piece& piece, std::size_t ways,
                    const std::unordered_map<std::string_view, std::size_t>& ids) const {
        const std::vector<std::size_t> starts = character_starts(piece.text);
        if (starts.size() <= 2) return;  // one character
        if (ways == 0) {                 // nothing in a text becomes this
            piece.type = PieceType::kControl;
            return;
        }
        const std::string_view text = piece.text;
        std::size_t possible = 0;
        for (std::size_t i = 1; i + 1 < starts.size(); ++i)
            possible +=
                ids.contains(text.substr(0, starts[i])) && ids.contains(text.substr(starts[i]));
        if (possible != ways) refuse("merges that leave out ways to make '" + piece.text + "'");
    }

    void read_added() {
        dom::array added;
        if (root_["added_tokens"].get(added)) return;
        for (const dom::element entry : added) {
            dom::object token;
            std::uint64_t id = 0;
            if (entry.get(token) || token["id"].get(id) || id >= kMostPieces)
                fail("an added token has no id");
            for (std::uint64_t i = pieces_.size(); i <= id; ++i)
                pieces_.push_back({"<unused id " + std::to_string(i) + ">", 0, PieceType::kUnused});
            const std::string text(text_at(token, "content"));
            if (text.empty()) fail("an added token has no content");
            // In the text before anything is replaced, so that these never find U+2581.
            const bool is_plain = text.find(kSpace) != text.npos && pieces_[id].text == text;
            if (is_plain) continue;
            pieces_[id].text = text;
            pieces_[id].type =
                flag_at(token, "special", false) ? PieceType::kControl : PieceType::kUserDefined;
        }
    }

    // A step, or the steps of a sequence.
    static std::vector<dom::object> steps_of(dom::object parent, const char* part,
                                             const char* list) {
        dom::object step;
        if (parent[part].get(step)) return {};
        dom::array steps;
        if (step[list].get(steps)) return {step};
        std::vector<dom::object> out;
        for (const dom::element one : steps)
            if (dom::object object; !one.get(object)) out.push_back(object);
        return out;
    }

    void read_normalizer() {
        for (const dom::object step : steps_of(root_, "normalizer", "normalizers")) {
            const std::string_view type = text_at(step, "type");
            dom::object pattern;
            const bool has_pattern = !step["pattern"].get(pattern);
            const std::string_view content = text_at(step, "content");
            if (type == "Precompiled") {
                auto map = from_base64(text_at(step, "precompiled_charsmap"));
                if (!map) fail("\"precompiled_charsmap\" is not base64");
                rules_.charsmap = std::move(*map);
            } else if (type == "Lowercase" && rules_.charsmap.empty()) {
                out_.has_lower = true;
            } else if (type == "Prepend" && text_at(step, "prepend") == kSpace) {
                rules_.prefix_space = true;
            } else if (type == "Replace" && has_pattern && text_at(pattern, "Regex") == " {2,}" &&
                       (content == kSpace || content == " ")) {
                has_runs_ = true;
            } else if (type == "Strip" && flag_at(step, "strip_right", false)) {
                has_strip_ = true;
            } else if (type != "Replace" || !has_pattern || text_at(pattern, "String") != " " ||
                       content != kSpace) {
                refuse("the normaliser's step " + std::string(type));
            }
        }
    }

    void read_word_rule() {
        bool cuts = false, has_space = false;
        for (const dom::object step : steps_of(root_, "pre_tokenizer", "pretokenizers")) {
            const std::string_view type = text_at(step, "type");
            dom::object pattern;
            if (type == "WhitespaceSplit") {
                cuts = true;
            } else if (type == "Metaspace" && text_at(step, "replacement") == kSpace) {
                has_space = true;
                const std::string_view scheme = text_at(step, "prepend_scheme");
                rules_.prefix_space =
                    scheme.empty() ? flag_at(step, "add_prefix_space", true) : scheme != "never";
            } else if (type != "Split" || step["pattern"].get(pattern) ||
                       text_at(pattern, "String") != " " || has_space) {
                refuse("the rule that cuts words, " + std::string(type) + ",");
            }
        }
        rules_.squeeze_spaces = cuts || (has_runs_ && has_strip_);
        out_.has_words = cuts && rules_.charsmap.empty();
        if (rules_.byte_pairs && (has_space || cuts)) refuse("byte pairs within words");
        if (!rules_.byte_pairs && (!has_space || !rules_.prefix_space || !rules_.squeeze_spaces))
            refuse("the rule for spaces");
    }

    void read_template() {
        dom::object given;
        if (root_["post_processor"].get(given)) return;
        const std::string_view type = text_at(given, "type");
        if (type == "RobertaProcessing") {
            dom::array begin, end;
            std::string_view text;
            if (given["cls"].get(begin) || begin.at(0).get(text)) fail("\"cls\" is no piece");
            set_begin(text);
            if (given["sep"].get(end) || end.at(0).get(text)) fail("\"sep\" is no piece");
            set_end(text);
            return;
        }
        dom::array steps;
        if (type != "TemplateProcessing" || given["single"].get(steps))
            refuse("the post-processor " + std::string(type));
        bool has_text = false;
        for (const dom::element one : steps) {
            dom::object step, special;
            if (one.get(step)) fail("\"post_processor.single\" holds something else than steps");
            if (step["SpecialToken"].get(special)) {
                has_text = true;
                continue;
            }
            if (!(has_text ? rules_.end : rules_.begin).empty())
                refuse("a template with several end tokens");
            has_text ? set_end(text_at(special, "id")) : set_begin(text_at(special, "id"));
        }
    }
    void set_begin(std::string_view text) {
        rules_.begin = text;
        find(text).type = PieceType::kControl;
    }
    void set_end(std::string_view text) {
        rules_.end = text;
        find(text).type = PieceType::kControl;
    }

    // What is said of one of begin and end overrules the template for both, as in the library.
    void take_special(const TokenizerOptions& given) {
        if (given.begin || given.end) {
            rules_.begin.clear();
            rules_.end.clear();
            if (given.begin.value_or(false)) set_begin(given.begin_piece);
            if (given.end.value_or(false)) set_end(given.end_piece);
        }
        if (rules_.end.empty()) fail("texts have no end token, which is not supported");
        out_.has_begin = !rules_.begin.empty();
        if (!given.pad_piece.empty())
            out_.pad_id = static_cast<std::int32_t>(&find(given.pad_piece) - pieces_.data());
    }

    // Models of texts have no row for names that were added behind their pieces (T5's
    // <extra_id_0>).
    void drop_last() {
        const auto is_special = [&](const Piece& piece) {
            return piece.text == rules_.begin || piece.text == rules_.end ||
                   piece.text == rules_.unknown;
        };
        while (pieces_.size() > vocabulary_ && pieces_.back().type != PieceType::kUserDefined &&
               !is_special(pieces_.back()) &&
               out_.pad_id != static_cast<std::int32_t>(pieces_.size() - 1))
            pieces_.pop_back();
    }

    std::string name_;
    std::size_t vocabulary_ = 0;  // pieces of the model, before any that were added
    dom::parser parser_;
    dom::object root_, model_;
    std::vector<Piece> pieces_;
    PieceRules rules_;
    PieceModel out_;
    bool has_runs_ = false, has_strip_ = false;
};

}  // namespace

bool is_piece_json(std::string_view json) {
    dom::parser parser;
    dom::object root, model;
    if (parser.parse(json.data(), json.size()).get(root) || root["model"].get(model)) return false;
    const std::string_view type = text_at(model, "type");
    return type == "Unigram" || (type == "BPE" && flag_at(model, "byte_fallback", false));
}

PieceModel parse_piece_json(std::string_view json, const TokenizerOptions& given,
                            const std::string& name) {
    return Reader(json, name).read(given);
}

}  // namespace lip::text
