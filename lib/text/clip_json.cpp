// Hugging Face's files of a CLIP tokenizer: vocab.json, merges.txt, tokenizer.json.
#include "text/clip_vocabulary.h"

#include "cli/error.h"

#include <simdjson.h>

#include <algorithm>

namespace lip::text {
namespace {

namespace dom = simdjson::dom;

constexpr std::string_view kBegin = "<|startoftext|>", kEnd = "<|endoftext|>";
// The expressions that words are cut by, without and with the names of the special tokens.
constexpr std::string_view kWords = R"('s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+)";
constexpr std::string_view kNames = R"(<\|startoftext\|>|<\|endoftext\|>|)";
constexpr std::int64_t kMaxTokens = 1 << 24;

class Reader {
public:
    explicit Reader(std::string name) : name_(std::move(name)) {}

    [[noreturn]] void fail(const std::string& what) const {
        throw cli::DataError(name_ + ": " + what);
    }
    // For files that are right, but not for this program.
    [[noreturn]] void refuse(const std::string& found) const {
        fail(found +
             " (only a tokenizer.json with the layout of CLIP can be read: BPE with \"</w>\", NFC, "
             "lower case; for others use the SentencePiece model)");
    }

    dom::object parse(std::string_view json) {
        dom::object root;
        if (const auto error = parser_.parse(json.data(), json.size()).get(root))
            fail(std::string("not a JSON object (") + simdjson::error_message(error) + ")");
        return root;
    }

    std::vector<std::string> tokens(dom::object vocabulary) const {
        std::vector<std::string> tokens(vocabulary.size());
        std::vector<bool> seen(tokens.size(), false);
        for (const auto [token, value] : vocabulary) {
            std::int64_t id = -1;
            if (value.get(id) || id < 0 || id >= static_cast<std::int64_t>(tokens.size()) ||
                seen[static_cast<std::size_t>(id)])
                fail("the id of '" + std::string(token) + "' is not one of 0 to " +
                     std::to_string(tokens.size() - 1) + ", or occurs twice");
            seen[static_cast<std::size_t>(id)] = true;
            tokens[static_cast<std::size_t>(id)] = std::string(token);
        }
        return tokens;
    }

    std::int32_t id_of(const ClipVocabulary& v, std::string_view token) const {
        const auto found = std::find(v.tokens.begin(), v.tokens.end(), token);
        if (found == v.tokens.end()) refuse("has no token " + std::string(token));
        return static_cast<std::int32_t>(found - v.tokens.begin());
    }

private:
    std::string name_;
    dom::parser parser_;
};

std::string_view text_at(dom::object object, const char* key) {
    std::string_view text;
    return object[key].get(text) ? std::string_view() : text;
}

// The "type"s of a part that is one step or a sequence of steps, joined by '+'.
std::string steps_of(dom::object root, const char* part, const char* list) {
    dom::object step;
    if (root[part].get(step)) return "nothing";
    dom::array steps;
    if (step[list].get(steps)) return std::string(text_at(step, "type"));
    std::string names;
    for (const auto one : steps) {
        dom::object o;
        if (one.get(o)) continue;
        if (!names.empty()) names += '+';
        names += text_at(o, "type");
    }
    return names;
}

void check_layout(const Reader& reader, dom::object root, dom::object model) {
    const std::string_view type = text_at(model, "type");
    if (type != "BPE")
        reader.refuse("the model is " + std::string(type.empty() ? "unnamed" : type));
    if (text_at(model, "end_of_word_suffix") != kWordEnd)
        reader.refuse("the BPE has no \"end_of_word_suffix\" \"</w>\", as in GPT-2 and Llama");
    if (!text_at(model, "continuing_subword_prefix").empty())
        reader.refuse("the BPE has a \"continuing_subword_prefix\"");
    const std::string normalizer = steps_of(root, "normalizer", "normalizers");
    if (normalizer != "NFC+Replace+Lowercase") reader.refuse("the normalizer is " + normalizer);
    const std::string cutter = steps_of(root, "pre_tokenizer", "pretokenizers");
    if (cutter != "Split+ByteLevel") reader.refuse("the pre-tokenizer is " + cutter);
}

// Whether words are cut with the names.
bool cuts_names(const Reader& reader, dom::object root) {
    std::string_view expression;
    if (root.at_pointer("/pre_tokenizer/pretokenizers/0/pattern/Regex").get(expression))
        reader.refuse("the pre-tokenizer has no expression");
    const bool names = expression.starts_with(kNames);
    if (expression.substr(names ? kNames.size() : 0) != kWords)
        reader.refuse("the pre-tokenizer's expression is " + std::string(expression));
    return names;
}

void add_merges(const Reader& reader, dom::object model, ClipVocabulary& v) {
    dom::array merges;
    if (model["merges"].get(merges)) reader.fail("no list \"merges\"");
    for (const auto merge : merges) {
        std::string_view whole, left, right;
        dom::array pair;
        if (!merge.get(whole)) {  // "a b", the older way
            const std::size_t space = whole.find(' ');
            left = whole.substr(0, space);
            if (space != whole.npos) right = whole.substr(space + 1);
        } else if (merge.get(pair) || pair.size() != 2 || pair.at(0).get(left) ||
                   pair.at(1).get(right)) {
            reader.fail("merge " + std::to_string(v.merges.size()) + " is not a pair of tokens");
        }
        v.merges.emplace_back(left, right);
    }
}

void add_added(const Reader& reader, dom::object root, ClipVocabulary& v) {
    dom::array added;
    if (root["added_tokens"].get(added)) return;
    for (const auto value : added) {
        dom::object one;
        std::int64_t id = -1;
        bool cleaned = false, single_word = false;
        if (value.get(one) || one["id"].get(id) || id < 0 || id > kMaxTokens)
            reader.fail("an added token has no id");
        if (one["normalized"].get(cleaned)) cleaned = false;
        if (one["single_word"].get(single_word)) single_word = false;
        const std::string_view text = text_at(one, "content");
        if (text.empty()) reader.fail("added token " + std::to_string(id) + " is empty");
        if (single_word) reader.refuse("added token " + std::string(text) + " has \"single_word\"");
        const auto at = static_cast<std::size_t>(id);
        if (at >= v.tokens.size()) v.tokens.resize(at + 1);
        if (v.tokens[at].empty()) v.tokens[at] = text;
        v.added.push_back({std::string(text), static_cast<std::int32_t>(id), cleaned});
    }
}

void append_json(std::string& out, std::string_view text) {
    out += '"';
    for (const char c : text) {
        if (c == '"' || c == '\\') out += '\\';
        out += c;
    }
    out += '"';
}

}  // namespace

ClipVocabulary parse_vocab_and_merges(std::string_view vocab, const std::string& vocab_name,
                                      std::string_view merges, const std::string& merges_name) {
    Reader reader(vocab_name);
    ClipVocabulary v;
    v.tokens = reader.tokens(reader.parse(vocab));
    v.merges = parse_merges(merges, merges_name);
    v.begin_id = reader.id_of(v, kBegin);
    v.end_id = reader.id_of(v, kEnd);
    v.added = {{std::string(kBegin), v.begin_id, false}, {std::string(kEnd), v.end_id, false}};
    return v;
}

ClipVocabulary parse_tokenizer_json(std::string_view json, const std::string& name) {
    Reader reader(name);
    const dom::object root = reader.parse(json);
    dom::object model, vocabulary;
    if (root["model"].get(model)) reader.fail("no object \"model\"");
    check_layout(reader, root, model);
    if (model["vocab"].get(vocabulary)) reader.fail("no object \"vocab\"");
    ClipVocabulary v;
    v.tokens = reader.tokens(vocabulary);
    v.cuts_names = cuts_names(reader, root);
    add_merges(reader, model, v);
    add_added(reader, root, v);
    v.begin_id = reader.id_of(v, kBegin);
    v.end_id = reader.id_of(v, kEnd);
    return v;
}

std::string to_tokenizer_json(const ClipVocabulary& v) {
    std::string out = R"({"version":"1.0","truncation":null,"padding":null,"added_tokens":[)";
    for (const ClipVocabulary::Added& added : v.added) {
        if (&added != &v.added.front()) out += ',';
        out += R"({"id":)" + std::to_string(added.id) + R"(,"content":)";
        append_json(out, added.text);
        out += R"(,"single_word":false,"lstrip":false,"rstrip":false,"normalized":)";
        out += added.is_cleaned ? "true" : "false";
        out += R"(,"special":true})";
    }
    out += R"(],"normalizer":{"type":"Sequence","normalizers":[{"type":"NFC"},)"
           R"({"type":"Replace","pattern":{"Regex":"\\s+"},"content":" "},{"type":"Lowercase"}]},)"
           R"("pre_tokenizer":{"type":"Sequence","pretokenizers":[)"
           R"({"type":"Split","pattern":{"Regex":)";
    append_json(out, std::string(v.cuts_names ? kNames : std::string_view()).append(kWords));
    out += R"(},"behavior":"Removed","invert":true},{"type":"ByteLevel","add_prefix_space":false,)"
           R"("trim_offsets":true,"use_regex":true}]},)"
           R"("post_processor":{"type":"RobertaProcessing","sep":[)";
    append_json(out, v.tokens[static_cast<std::size_t>(v.end_id)]);
    out += "," + std::to_string(v.end_id) + R"(],"cls":[)";
    append_json(out, v.tokens[static_cast<std::size_t>(v.begin_id)]);
    out += "," + std::to_string(v.begin_id) +
           R"(],"trim_offsets":false,"add_prefix_space":false},)"
           R"("decoder":{"type":"ByteLevel","add_prefix_space":true,"trim_offsets":true,)"
           R"("use_regex":true},)"
           R"("model":{"type":"BPE","dropout":null,"unk_token":"<|endoftext|>",)"
           R"("continuing_subword_prefix":"","end_of_word_suffix":"</w>","fuse_unk":false,)"
           R"("byte_fallback":false,"ignore_merges":false,"vocab":{)";
    for (std::size_t id = 0; id < v.tokens.size(); ++id) {
        if (id) out += ',';
        append_json(out, v.tokens[id]);
        out += ":" + std::to_string(id);
    }
    out += R"(},"merges":[)";
    for (const auto& merge : v.merges) {
        if (&merge != &v.merges.front()) out += ',';
        out += '[';
        append_json(out, merge.first);
        out += ',';
        append_json(out, merge.second);
        out += ']';
    }
    return out + "]}}\n";
}

}  // namespace lip::text
