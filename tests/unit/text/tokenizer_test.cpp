#include "text/tokenizer.h"

#include "cli/error.h"
#include "tests/support/letter_model.h"
#include "tests/unit/shard/temp_folder.h"
#include "text/clip_tokenizer.h"

#include <doctest/doctest.h>
#include <zlib.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

namespace text = lip::text;
using lip::shard::spill;
using lip::shard::TempFolder;
using Ids = std::vector<std::int32_t>;

namespace {

// 600 merges of our own; ids of open_clip 3.3 and transformers 5.23 for 150 captions. Made by
// tests/peers/tokenizer.py --golden.
const std::string kGolden = std::string(LIP_SOURCE_DIR) + "/tests/golden/tokenizer/";
const std::string kVocabulary = kGolden + "bpe_small.txt";

std::vector<nlohmann::json> golden() {
    std::ifstream file(kGolden + "ids.jsonl");
    std::vector<nlohmann::json> lines;
    for (std::string line; std::getline(file, line);) lines.push_back(nlohmann::json::parse(line));
    return lines;
}

std::string bytes_of(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream bytes;
    bytes << file.rdbuf();
    return bytes.str();
}

// What a checkpoint does with a tokenizer.
void save(const TempFolder& folder, const text::Tokenizer& tokenizer) {
    spill(folder / tokenizer.file_name(), tokenizer.file_bytes());
    if (!tokenizer.config_json().empty())
        spill(folder / text::kTokenizerConfigFile, tokenizer.config_json());
}

void check_golden(const text::Tokenizer& tokenizer, const char* reference) {
    const auto lines = golden();
    REQUIRE(lines.size() > 100);
    for (const auto& line : lines) {
        const auto caption = line["text"].get<std::string>();
        CAPTURE(caption);
        CHECK(tokenizer.encode(caption, 1 << 20) == line[reference].get<Ids>());
    }
}

std::string message_of(const std::string& path) {
    try {
        text::load_tokenizer(path);
    } catch (const lip::cli::DataError& error) {
        return error.what();
    }
    return "no error";
}

bool holds(const std::string& message, std::string_view part) {
    CAPTURE(message);
    return message.find(part) != message.npos;
}

}  // namespace

TEST_CASE("captions are cleaned as open_clip cleans them") {
    for (const auto& line : golden())
        CHECK(text::clean_text(line["text"].get<std::string>(), text::Clean::kOpenClip) ==
              line["cleaned"].get<std::string>());
}

TEST_CASE("CLIP ids are those of open_clip and of Hugging Face") {
    check_golden(*text::load_tokenizer(kVocabulary), "open_clip");
    check_golden(*text::load_tokenizer(kVocabulary, {.clean = text::Clean::kHuggingFace}),
                 "huggingface");
}

TEST_CASE("a CLIP tokenizer survives a checkpoint, its cleaning included") {
    for (const auto clean : {text::Clean::kOpenClip, text::Clean::kHuggingFace}) {
        const TempFolder folder;
        const auto original = text::load_tokenizer(kVocabulary, {.clean = clean});
        save(folder, *original);
        const auto again = text::load_tokenizer(folder.path().string());
        check_golden(*again, clean == text::Clean::kOpenClip ? "open_clip" : "huggingface");
        CHECK(again->vocab_size() == original->vocab_size());
        CHECK(again->end_id() == original->end_id());
        CHECK(again->pad_id() == original->pad_id());
        CHECK(again->file_bytes() == original->file_bytes());
        CHECK(again->config_json() == original->config_json());
    }
}

TEST_CASE("vocab.json with merges.txt is the same tokenizer") {
    const TempFolder folder;
    const auto vocabulary = text::parse_bpe_text(bytes_of(kVocabulary), kVocabulary);
    nlohmann::json vocab;
    for (std::size_t id = 0; id < vocabulary.tokens.size(); ++id) vocab[vocabulary.tokens[id]] = id;
    spill(folder / "vocab.json", vocab.dump());
    spill(folder / "merges.txt", bytes_of(kVocabulary) + "\n");
    check_golden(*text::load_tokenizer(folder.path().string()), "huggingface");
    check_golden(*text::load_tokenizer((folder / "merges.txt").string()), "huggingface");
}

TEST_CASE("a packed vocabulary is unpacked, a torn one refused") {
    const TempFolder folder;
    const std::string path = (folder / "v.txt.gz").string();
    const std::string bytes = bytes_of(kVocabulary);
    gzFile file = gzopen(path.c_str(), "wb");
    gzwrite(file, bytes.data(), static_cast<unsigned>(bytes.size()));
    gzclose(file);
    CHECK(text::load_tokenizer(path)->vocab_size() == 512 + 600 + 2);
    spill(folder / "torn.txt.gz", bytes_of(path).substr(0, 500));
    CHECK(
        holds(message_of((folder / "torn.txt.gz").string()), "torn.txt.gz: the tokenizer cannot"));
}

TEST_CASE("a text that is too long keeps its end token") {
    for (const auto clean : {text::Clean::kOpenClip, text::Clean::kHuggingFace}) {
        const auto tokenizer = text::load_tokenizer(kVocabulary, {.clean = clean});
        const Ids whole = tokenizer->encode("two dogs run across a green field", 77);
        bool was_cut = true;
        const auto size = static_cast<std::int64_t>(whole.size());
        CHECK(tokenizer->encode("two dogs run across a green field", size, &was_cut) == whole);
        CHECK_FALSE(was_cut);
        Ids shorter(whole.begin(), whole.end() - 2);
        shorter.push_back(tokenizer->end_id());
        CHECK(tokenizer->encode("two dogs run across a green field", size - 1, &was_cut) ==
              shorter);
        CHECK(was_cut);
        CHECK(tokenizer->encode("", 77, &was_cut).size() == 2);
        CHECK_FALSE(was_cut);
    }
}

TEST_CASE("long words are joined like short ones") {
    const text::BytePairs pairs(text::parse_bpe_text(bytes_of(kVocabulary), kVocabulary), "v");
    // The same letters once below and once above the length where the queue takes over.
    const std::string part = "photographermountains";
    Ids two, many;
    pairs.append(two, part + part);
    pairs.append(many, part + part + part + part);
    const auto half = static_cast<std::ptrdiff_t>(two.size() / 2);
    CHECK(std::equal(two.begin(), two.begin() + half, many.begin()));
    CHECK(std::equal(two.end() - half, two.end(), many.end() - half));
}

TEST_CASE("names of special tokens in a text are the tokens, as each program spells them") {
    const auto open_clip = text::load_tokenizer(kVocabulary);
    const std::int32_t end = open_clip->end_id();
    CHECK(open_clip->encode("<END_of_text>", 77) == Ids{end - 1, end, end});
    CHECK(open_clip->encode("<|endoftext|>", 77).size() > 3);
    const auto fast = text::load_tokenizer(kVocabulary, {.clean = text::Clean::kHuggingFace});
    CHECK(fast->encode("<|endoftext|>", 77) == Ids{end - 1, end, end});
    CHECK(fast->encode("<|ENDOFTEXT|>", 77).size() > 3);
}

TEST_CASE("an added token may be looked for after cleaning, as in older files") {
    const TempFolder folder;
    auto vocabulary = text::parse_bpe_text(bytes_of(kVocabulary), kVocabulary);
    for (auto& added : vocabulary.added) added.is_cleaned = true;
    vocabulary.cuts_names = false;
    spill(folder / "tokenizer.json", text::to_tokenizer_json(vocabulary));
    const auto tokenizer = text::load_tokenizer(folder.path().string());
    const std::int32_t end = tokenizer->end_id();
    CHECK(tokenizer->encode("<|EndOfText|>", 77) == Ids{end - 1, end, end});
}

TEST_CASE("other tokenizers are refused by what they are") {
    const TempFolder folder;
    const std::string path = (folder / "tokenizer.json").string();
    spill(path, R"({"model": {"type": "WordPiece", "vocab": {}}})");
    CHECK(holds(message_of(path), "the model is WordPiece"));
    spill(path, R"({"model": {"type": "BPE", "vocab": {}, "merges": []}})");
    CHECK(holds(message_of(path), "as in GPT-2"));
    spill(path, "[1]");
    CHECK(holds(message_of(path), "not a JSON object"));
    spill(folder / "bad.txt", "#version\na b c\n");
    CHECK(holds(message_of((folder / "bad.txt").string()), "line 2: expected two tokens"));
    spill(folder / "unknown.txt", "#version\nab c\n");
    CHECK(holds(message_of((folder / "unknown.txt").string()), "no token 'ab'"));
    const TempFolder empty;
    CHECK(holds(message_of(empty.path().string()), "holds no tokenizer"));
}

TEST_CASE("a SentencePiece model is used as always, or as SigLIP uses it") {
    const TempFolder plain, siglip;
    spill(plain / "letters.model", text::letter_model());
    const auto usual = text::load_tokenizer((plain / "letters.model").string());
    CHECK(usual->encode("ab", 77) == Ids{1, 3, 5, 6, 2});
    CHECK(usual->encode("A", 77) == Ids{1, 3, 0, 2});
    CHECK(usual->config_json().empty());

    spill(siglip / "spiece.model", text::letter_model(/*as_siglip=*/true));
    spill(
        siglip / text::kTokenizerConfigFile,
        R"({"tokenizer_class": "SiglipTokenizer", "model_max_length": 1000000000000000019884624838656})");
    const auto canonical = text::load_tokenizer(siglip.path().string());
    CHECK(canonical->encode(" A, b! ", 77) == Ids{3, 5, 3, 6, 1});
    CHECK(canonical->encode("abcdef", 4) == Ids{3, 5, 6, 1});
    CHECK(canonical->pad_id() == 1);

    const TempFolder checkpoint;
    save(checkpoint, *canonical);
    const auto again = text::load_tokenizer(checkpoint.path().string());
    CHECK(again->encode(" A, b! ", 77) == Ids{3, 5, 3, 6, 1});
    CHECK(again->pad_id() == 1);
    CHECK_THROWS_AS(text::load_sentencepiece((siglip / "spiece.model").string()),
                    lip::cli::DataError);
}

TEST_CASE("a tokenizer_config.json that cannot be followed is refused") {
    const TempFolder folder;
    spill(folder / "spiece.model", text::letter_model(true));
    for (const auto* config :
         {R"({"tokenizer_class": "LlamaTokenizer"})", R"({"clean": "shiny"})", R"({"clean": 1})",
          R"({"tokenizer_class": "SiglipTokenizer", "do_lower_case": false})",
          R"({"add_bos_token": false, "pad_token_id": 99})", "[]"}) {
        spill(folder / text::kTokenizerConfigFile, config);
        CAPTURE(config);
        CHECK(message_of(folder.path().string()) != "no error");
    }
}
