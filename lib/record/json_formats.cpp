// Releases whose JSON is more than columns: conversations, lists of captions.
#include "record/json_fields.h"
#include "record/json_rows.h"

#include <initializer_list>
#include <string>
#include <vector>

namespace lip::record {
namespace {

// The first of these fields that is there.
const std::string* first_of(const Object& object, std::initializer_list<std::string_view> names) {
    for (const std::string_view name : names)
        if (const std::string* raw = object.find(name); raw && *raw != "null") return raw;
    return nullptr;
}

// Adds the paths that a value names: a text, {"path"}, {"url"} or {"image"}, or a list of those.
void add_images(std::string_view raw, std::vector<std::string>& images) {
    bool is_array = false;
    for (const std::string_view item : array_items(raw, is_array)) add_images(item, images);
    if (std::string text; read_text(raw, text) && !text.empty()) images.push_back(text);
    if (!raw.starts_with('{')) return;
    const auto object = slice_object(raw);
    const std::string* inner =
        object ? first_of(*object, {"path", "url", "image", "image_url"}) : nullptr;
    if (inner) add_images(*inner, images);
}

// What a turn says: a text, or a list of parts, of which those of text count. Images among the
// parts are added to `images`.
std::string words_of(std::string_view raw, std::vector<std::string>& images) {
    std::string words, text;
    if (read_text(raw, text)) return text;
    bool is_array = false;
    for (const std::string_view item : array_items(raw, is_array)) {
        const auto part = item.starts_with('{') ? slice_object(item) : Object{};
        if (!part) continue;
        if (const std::string* said = part->find("text"); said && read_text(*said, text))
            words += (words.empty() ? "" : "\n") + text;
        else if (const std::string* image = first_of(*part, {"image", "image_url", "url", "path"}))
            add_images(*image, images);
    }
    return words;
}

// {"id", "image", "conversations": [{"from", "value"}]}, or {"images", "messages": [{"role",
// "content"}]}: the first answer is the caption.
cli::Result<Record> conversation(Object& object, const ImportSettings& settings) {
    std::vector<std::string> images;
    if (const std::string* raw = first_of(object, {"image", "images"})) add_images(*raw, images);
    const std::string_view field = object.find("conversations") ? "conversations" : "messages";
    std::string answer;
    bool is_answered = false;
    for (const std::string& item : list_of(object, field)) {
        const auto turn = parse_object(item);
        if (!turn) return turn.reject();
        const std::string* from = first_of(*turn, {"from", "role"});
        const std::string* value = first_of(*turn, {"value", "content"});
        const std::string said = value ? words_of(*value, images) : "";
        std::string who;
        if (is_answered || !from || !read_text(*from, who)) continue;
        if (who != "gpt" && who != "assistant" && who != "model") continue;
        answer = said;
        is_answered = true;
    }
    if (images.size() != 1)
        return cli::Reject{kTextOnly, "a conversation without an image, or of several"};
    if (images.front().starts_with("data:"))
        return cli::Reject{"bad-record", "the image is embedded as a data: URL, which is no path"};
    RecordBuilder builder(settings);
    builder.add({"id", Role::kKey, {}, {}}, text_of(object, "id"));
    builder.add({"image", Role::kReference, {}, {}}, images.front());
    builder.add(caption_column(settings, field, "conversation", "long"), answer);
    auto record = builder.finish();
    if (record)
        keep_others(*record, object, {"id", "image", "images", "conversations", "messages"});
    return record;
}

// {"filepath", "filename", "split", "sentences": [{"raw"}]}
cli::Result<Record> karpathy(Object& object, const ImportSettings& settings) {
    const std::string folder = text_of(object, "filepath"), name = text_of(object, "filename");
    RecordBuilder builder(settings);
    builder.add({"image", Role::kReference, {}, {}}, folder.empty() ? name : folder + "/" + name);
    for (const std::string& sentence : list_of(object, "sentences")) {
        const auto parsed = parse_object(sentence);
        if (!parsed) return parsed.reject();
        builder.add(caption_column(settings, "sentences", "human", "short"),
                    text_of(*parsed, "raw"));
    }
    auto record = builder.finish();
    if (record) keep_others(*record, object, {"filepath", "filename", "sentences", "sentids"});
    return record;
}

}  // namespace

std::unique_ptr<RowReader> open_conversations(std::unique_ptr<ByteSource> source,
                                              const ImportSettings& settings, const std::string&,
                                              const Shape& shape) {
    return json_rows(std::move(source), settings, shape, with(conversation, settings),
                     "the first answer of each conversation");
}

std::unique_ptr<RowReader> open_karpathy(std::unique_ptr<ByteSource> source,
                                         const ImportSettings& settings, const std::string&,
                                         const Shape& shape) {
    return json_rows(std::move(source), settings, shape, with(karpathy, settings),
                     "human:short from \"sentences\"", "images");
}

}  // namespace lip::record
