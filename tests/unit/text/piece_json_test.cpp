#include "cli/error.h"
#include "tests/unit/shard/temp_folder.h"
#include "text/tokenizer.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace text = lip::text;
using lip::shard::spill;
using lip::shard::TempFolder;
using Ids = std::vector<std::int32_t>;
using Json = nlohmann::ordered_json;

namespace {

const std::string kSpace = "\xE2\x96\x81";

Json special(int id, const std::string& content) {
    return {{"id", id}, {"content", content}, {"special", true}};
}

Json metaspace() {
    return {{"type", "Sequence"},
            {"pretokenizers",
             {{{"type", "WhitespaceSplit"}},
              {{"type", "Metaspace"}, {"replacement", kSpace}, {"prepend_scheme", "always"}}}}};
}

Json ends(const std::string& begin, const std::string& end) {
    Json single = Json::array();
    if (!begin.empty()) single.push_back({{"SpecialToken", {{"id", begin}}}});
    single.push_back({{"Sequence", {{"id", "A"}}}});
    if (!end.empty()) single.push_back({{"SpecialToken", {{"id", end}}}});
    return {{"type", "TemplateProcessing"}, {"single", single}};
}

// <s> <pad> </s> <unk> and pieces, as XLM-R has them.
Json unigram() {
    return {{"added_tokens", {special(0, "<s>"), special(1, "<pad>"), special(2, "</s>")}},
            {"normalizer", nullptr},
            {"pre_tokenizer", metaspace()},
            {"post_processor", ends("<s>", "</s>")},
            {"model",
             {{"type", "Unigram"},
              {"unk_id", 3},
              {"vocab", Json::parse(R"([["<s>", 0], ["<pad>", 0], ["</s>", 0], ["<unk>", 0],
                                        ["\u2581dog", -1], ["\u2581", -2], ["do", -3], ["g", -4],
                                        ["s", -2.5]])")}}}};
}

// <pad> <eos> <bos> <unk>, 256 bytes, and pieces, as Gemma has them.
Json byte_pairs() {
    Json vocabulary = {{"<pad>", 0}, {"<eos>", 1}, {"<bos>", 2}, {"<unk>", 3}};
    int id = 4;
    for (int byte = 0; byte < 256; ++byte) {
        constexpr std::string_view kDigits = "0123456789ABCDEF";
        const auto digit = [&](int i) { return std::string(1, kDigits[std::size_t(i)]); };
        vocabulary["<0x" + digit(byte / 16) + digit(byte % 16) + ">"] = id++;
    }
    for (const std::string& piece : {kSpace, std::string("d"), std::string("o"), std::string("g"),
                                     std::string("og"), std::string("dog")})
        vocabulary[piece] = id++;
    return {
        {"added_tokens", {special(0, "<pad>"), special(1, "<eos>"), special(2, "<bos>")}},
        {"normalizer", {{"type", "Replace"}, {"pattern", {{"String", " "}}}, {"content", kSpace}}},
        {"pre_tokenizer", {{"type", "Split"}, {"pattern", {{"String", " "}}}}},
        {"post_processor", ends("", "<eos>")},
        {"model",
         {{"type", "BPE"},
          {"unk_token", "<unk>"},
          {"byte_fallback", true},
          {"vocab", vocabulary},
          {"merges", Json::parse(R"([["o", "g"], ["d", "og"]])")}}}};
}

constexpr int kFirst = 4 + 256;  // the id of the space among the byte pairs

struct Files {
    TempFolder folder;
    std::unique_ptr<text::Tokenizer> load(const Json& json, const Json& config = nullptr) const {
        spill(folder / "tokenizer.json", json.dump());
        if (!config.is_null()) spill(folder / text::kTokenizerConfigFile, config.dump());
        return text::load_tokenizer(folder / "");
    }
    std::string refusal(const Json& json, const Json& config = nullptr) const {
        try {
            load(json, config);
        } catch (const lip::cli::DataError& error) {
            return error.what();
        }
        return "read";
    }
};

bool names(const std::string& message, std::string_view word) {
    CAPTURE(message);
    return message.find(word) != message.npos;
}

}  // namespace

TEST_CASE("a tokenizer.json of unigrams becomes a SentencePiece model with its ids") {
    const Files files;
    const auto tokenizer = files.load(unigram());
    CHECK(tokenizer->kind() == "sentencepiece");
    CHECK(tokenizer->encode("dog", 16) == Ids{0, 4, 2});
    CHECK(tokenizer->encode("dogs \t\n  dog ", 16) == Ids{0, 4, 8, 4, 2});
    CHECK(tokenizer->encode("xyz", 16) == Ids{0, 5, 3, 2});  // unknown letters are one
    CHECK(tokenizer->encode("dogsdogsdogs", 5) == Ids{0, 4, 8, 6, 2});
    CHECK(tokenizer->end_id() == 2);

    const auto padded = files.load(
        unigram(), {{"tokenizer_class", "XLMRobertaTokenizerFast"}, {"pad_token", "<pad>"}});
    CHECK(padded->pad_id() == 1);
}

TEST_CASE("a checkpoint keeps what was made of a tokenizer.json") {
    const Files files;
    const auto first = files.load(unigram());
    const TempFolder saved;
    spill(saved / first->file_name(), first->file_bytes());
    spill(saved / text::kTokenizerConfigFile, first->config_json());
    const auto again = text::load_tokenizer(saved / "");
    for (const char* caption : {"dog", " dogs\ndog", "", "x dog"})
        CHECK(again->encode(caption, 16) == first->encode(caption, 16));
}

TEST_CASE("byte pairs with bytes for what is unknown are Gemma's") {
    const Files files;
    const auto tokenizer = files.load(byte_pairs());
    CHECK(tokenizer->encode("dog", 16) == Ids{kFirst + 5, 1});
    CHECK(tokenizer->encode("do og", 16) == Ids{kFirst + 1, kFirst + 2, kFirst, kFirst + 4, 1});
    CHECK(tokenizer->encode("A", 16) == Ids{4 + 'A', 1});
    CHECK(tokenizer->encode("  ", 16) == Ids{kFirst, kFirst, 1});  // spaces count

    // What the configuration says of the ends overrules the file.
    const auto between = files.load(byte_pairs(), {{"tokenizer_class", "GemmaTokenizer"},
                                                   {"add_bos_token", true},
                                                   {"add_eos_token", true},
                                                   {"bos_token", "<bos>"},
                                                   {"eos_token", {{"content", "<eos>"}}}});
    CHECK(between->encode("dog", 16) == Ids{2, kFirst + 5, 1});
    CHECK(between->pad_id() == 0);
}

TEST_CASE("letters are lowered where the file says so") {
    Json json = byte_pairs();
    json["normalizer"] = {{"type", "Sequence"},
                          {"normalizers", {{{"type", "Lowercase"}}, json["normalizer"]}}};
    const Files files;
    const auto tokenizer = files.load(json);
    CHECK(tokenizer->encode("DOG", 16) == Ids{kFirst + 5, 1});
    CHECK(tokenizer->clean() == text::Clean::kLower);
}

TEST_CASE("names behind the vocabulary, which no model has rows for, fall away") {
    Json json = unigram();
    json["added_tokens"].push_back(special(9, "<extra_id_0>"));
    json["added_tokens"].push_back(special(11, "<extra_id_2>"));
    CHECK(Files().load(json)->vocab_size() == 9);
}

TEST_CASE("rules that SentencePiece cannot follow are refused by name") {
    const Files files;
    Json json = unigram();
    json["normalizer"] = {{"type", "NFD"}};
    CHECK(names(files.refusal(json), "NFD"));
    json = unigram();
    json["pre_tokenizer"] = {{"type", "ByteLevel"}};
    CHECK(names(files.refusal(json), "ByteLevel"));
    json = unigram();
    json["post_processor"] = {{"type", "BertProcessing"}};
    CHECK(names(files.refusal(json), "BertProcessing"));
    json = unigram();
    json["post_processor"] = ends("<s>", "");
    CHECK(names(files.refusal(json), "no end token"));
    json = unigram();
    json["post_processor"] = ends("", "<stop>");
    CHECK(names(files.refusal(json), "<stop>"));

    json = byte_pairs();  // "dog" can also be made of "do" and "g"
    json["model"]["vocab"]["do"] = kFirst + 6;
    json["model"]["merges"].push_back(Json::array({"d", "o"}));
    CHECK(names(files.refusal(json), "leave out ways to make 'dog'"));
    json["model"]["merges"].push_back(Json::array({"do", "g"}));
    CHECK(names(files.refusal(json), "order"));
    json = byte_pairs();
    json["pre_tokenizer"] = metaspace();
    CHECK(names(files.refusal(json), "within words"));
    json = byte_pairs();
    json["model"]["merges"].push_back(Json::array({"g", "g"}));
    CHECK(names(files.refusal(json), "no piece"));

    CHECK(names(files.refusal(unigram(), {{"padding_side", "left"}}), "padding_side"));
    CHECK(names(files.refusal(unigram(), {{"tokenizer_class", "BertTokenizer"}}), "BertTokenizer"));
}

TEST_CASE("damaged files are called that") {
    const Files files;
    Json json = unigram();
    json["model"]["vocab"] = {1, 2};
    CHECK(names(files.refusal(json), "model.vocab"));
    json = unigram();
    json["model"]["unk_id"] = 99;
    CHECK(names(files.refusal(json), "unk_id"));
    json = byte_pairs();
    json["model"]["vocab"]["x"] = 1000000;
    CHECK(names(files.refusal(json), "'x'"));
    json = unigram();
    json["added_tokens"].push_back({{"id", -1}, {"content", "x"}});
    CHECK(names(files.refusal(json), "added token"));
}
