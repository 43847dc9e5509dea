#include "record/token_ids.h"

#include "record/json_fields.h"
#include "text/clip_vocabulary.h"
#include "text/utf8.h"

#include <nlohmann/json.hpp>

#include <array>
#include <memory>
#include <optional>

namespace lip::record {
namespace {

constexpr std::string_view kBegin = "<|startoftext|>", kEnd = "<|endoftext|>";
constexpr std::size_t kMostMerges = 48894;     // the file of the release has more than CLIP uses
constexpr std::size_t kMostTokens = 1u << 20;  // of a vocabulary that is believed
constexpr std::size_t kMostBytes = 64u << 20;

// The byte that a letter of the tokenizer's alphabet stands for; -1: none.
int byte_of(char32_t letter) {
    static const std::array<int, 512> kBytes = [] {
        std::array<int, 512> bytes;
        bytes.fill(-1);
        for (std::size_t byte = 0; byte < 256; ++byte)
            bytes[text::decode_at(text::byte_alphabet()[byte], 0).code] = static_cast<int>(byte);
        return bytes;
    }();
    return letter < kBytes.size() ? kBytes[letter] : -1;
}

}  // namespace

TokenVocabulary::TokenVocabulary(std::string_view file, const std::string& name) {
    try {
        if (file.starts_with('{'))
            read_json(file);
        else
            read_merges(file);
    } catch (const std::exception& error) {
        throw cli::DataError(name + ": is not a vocabulary of CLIP: " + error.what() +
                             " (expected bpe_simple_vocab_16e6.txt, vocab.json or tokenizer.json)");
    }
}

void TokenVocabulary::set(std::size_t id, std::string_view token) {
    if (id >= kMostTokens) throw std::runtime_error("an id of " + std::to_string(id));
    if (id >= bytes_.size()) bytes_.resize(id + 1);
    const bool ends_word = token.ends_with(text::kWordEnd);
    if (ends_word) token.remove_suffix(text::kWordEnd.size());
    std::string& bytes = bytes_[id];
    for (std::size_t i = 0; i < token.size();) {
        const text::Decoded letter = text::decode_at(token, i);
        const int byte = byte_of(letter.code);
        if (byte < 0) throw std::runtime_error("a token of other letters");
        bytes += static_cast<char>(byte);
        i += letter.size;
    }
    if (ends_word) bytes += ' ';
}

void TokenVocabulary::read_merges(std::string_view lines) {
    std::size_t id = 0;
    for (const unsigned char byte : text::byte_order()) {
        bytes_.emplace_back(1, static_cast<char>(byte));
        ++id;
    }
    for (const unsigned char byte : text::byte_order()) {
        bytes_.push_back({static_cast<char>(byte), ' '});
        ++id;
    }
    const std::size_t first = id;
    bool is_header = true;
    while (!lines.empty() && id - first < kMostMerges) {
        const std::size_t end = lines.find('\n');
        std::string line(lines.substr(0, end));
        lines.remove_prefix(end == lines.npos ? lines.size() : end + 1);
        if (line.ends_with('\r')) line.pop_back();
        if (std::exchange(is_header, false) || line.empty()) continue;
        const std::size_t space = line.find(' ');
        if (space == line.npos) throw std::runtime_error("a line of other than two parts");
        line.erase(space, 1);
        set(id++, line);
    }
    if (id == first) throw std::runtime_error("no merges");
    begin_ = id;
    end_ = id + 1;
    bytes_.resize(id + 2);
}

void TokenVocabulary::read_json(std::string_view json) {
    auto document = nlohmann::json::parse(json);
    // In a vocabulary "model" is a word; in a tokenizer it holds the vocabulary.
    if (document.contains("model") && document["model"].is_object())
        document = nlohmann::json(document["model"].at("vocab"));
    bool has_begin = false, has_end = false;
    for (const auto& [token, id] : document.items()) {
        const auto number = id.get<std::size_t>();
        if (token == kBegin || token == kEnd) {
            (token == kBegin ? has_begin : has_end) = true;
            (token == kBegin ? begin_ : end_) = number;
        } else {
            set(number, token);
        }
    }
    if (!has_begin || !has_end)
        throw std::runtime_error("no " + std::string(kBegin) + " and " + std::string(kEnd));
    bytes_.resize(std::max({bytes_.size(), begin_ + 1, end_ + 1}));
}

cli::Result<std::string> TokenVocabulary::decode(std::span<const std::int64_t> ids) const {
    std::string text;
    for (const std::int64_t id : ids) {
        if (id < 0 || static_cast<std::size_t>(id) >= bytes_.size())
            return cli::Reject{"bad-record", "token " + std::to_string(id) +
                                                 " is not in the vocabulary, whose size is " +
                                                 std::to_string(bytes_.size())};
        if (static_cast<std::size_t>(id) == end_) break;  // padding follows
        if (static_cast<std::size_t>(id) != begin_) text += bytes_[static_cast<std::size_t>(id)];
    }
    return std::string(text::trim(text));
}

TokenVocabulary load_vocabulary(const std::string& path) {
    const auto source = open_bytes(path);
    std::string all, block(1 << 16, '\0');
    while (const std::size_t n = source->read(block.data(), block.size())) {
        all.append(block, 0, n);
        if (all.size() > kMostBytes) throw cli::DataError(path + ": too large for a vocabulary");
    }
    return TokenVocabulary(all, path);
}

namespace {

// {"images": reference, "texts": [ids]}, also lists of lists; texts that are texts are taken too.
class TokenRows {
public:
    TokenRows(const ImportSettings& settings, const std::string& name)
        : settings_(settings), name_(name) {
        if (!settings.vocabulary.empty())
            vocabulary_ = std::make_shared<TokenVocabulary>(load_vocabulary(settings.vocabulary));
    }

    cli::Result<Record> operator()(const std::string& json) const {
        auto object = parse_object(json);
        if (!object) return object.reject();
        RecordBuilder builder(settings_);
        builder.add({"key", Role::kKey, {}, {}}, text_of(*object, "key"));
        builder.add({"images", Role::kReference, {}, {}}, text_of(*object, "images"));
        if (auto reject = add_texts(builder, text_of(*object, "texts"))) return *reject;
        auto record = builder.finish();
        if (record) keep_others(*record, *object, {"key", "images", "texts"});
        if (record && object->replaced) flag_replaced(*record);
        return record;
    }

private:
    std::optional<cli::Reject> add_texts(RecordBuilder& builder, std::string_view raw) const {
        const Column column = caption_column(settings_, "texts", "raw", "raw");
        bool is_array = false;
        std::vector<std::int64_t> ids;
        const std::vector<std::string_view> items = array_items(raw, is_array);
        if (!is_array) builder.add(column, raw);
        for (const std::string_view item : items) {
            std::string text;
            std::int64_t id = 0;
            if (read_integer(item, id)) {
                ids.push_back(id);
            } else if (item.starts_with('[')) {
                if (auto reject = add_texts(builder, item)) return reject;
            } else if (read_text(item, text)) {
                builder.add(column, text);
            } else {
                return cli::Reject{"bad-record", "\"texts\" holds neither token ids nor texts"};
            }
        }
        if (ids.empty()) return std::nullopt;
        if (!vocabulary_)
            throw cli::DataError(name_ +
                                 ": \"texts\" holds token ids of CLIP (name the vocabulary with "
                                 "--vocabulary bpe_simple_vocab_16e6.txt.gz)");
        const auto text = vocabulary_->decode(ids);
        if (!text) return text.reject();
        builder.add(column, *text);
        return std::nullopt;
    }

    ImportSettings settings_;
    std::string name_;
    std::shared_ptr<const TokenVocabulary> vocabulary_;
};

}  // namespace

std::unique_ptr<RowReader> open_token_ids(std::unique_ptr<ByteSource> source,
                                          const ImportSettings& settings, const std::string& name,
                                          const Shape& shape) {
    return json_rows(std::move(source), settings, shape, TokenRows(settings, name),
                     "\"images\" is the url or image, \"texts\" is raw:raw as token ids");
}

}  // namespace lip::record
