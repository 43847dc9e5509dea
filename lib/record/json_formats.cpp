// Releases whose JSON is more than columns: conversations, lists of captions.
#include "record/json_document.h"
#include "record/json_fields.h"
#include "record/json_rows.h"

#include <map>
#include <string>
#include <vector>

namespace lip::record {
namespace {

// The paths in "image": a text, or a list of them.
std::vector<std::string> images_of(const Object& object) {
    std::vector<std::string> images;
    const std::string* raw = object.find("image");
    if (!raw || !raw->starts_with('[')) {
        if (std::string one = text_of(object, "image"); !one.empty()) images.push_back(one);
        return images;
    }
    bool is_array = false;
    std::string text;
    for (const std::string_view item : array_items(*raw, is_array))
        if (read_text(item, text) && !text.empty()) images.push_back(text);
    return images;
}

// {"id", "image", "conversations": [{"from", "value"}]}: the first answer is the caption.
cli::Result<Record> conversation(Object& object, const ImportSettings& settings) {
    const std::vector<std::string> images = images_of(object);
    if (images.size() != 1)
        return cli::Reject{kTextOnly, "a conversation without an image, or of several"};
    const std::string& image = images.front();
    RecordBuilder builder(settings);
    builder.add({"id", Role::kKey, {}, {}}, text_of(object, "id"));
    builder.add({"image", Role::kReference, {}, {}}, image);
    for (const std::string& turn : list_of(object, "conversations")) {
        const auto parsed = parse_object(turn);
        if (!parsed) return parsed.reject();
        const std::string from = text_of(*parsed, "from");
        if (from != "gpt" && from != "assistant") continue;
        builder.add(caption_column(settings, "conversations", "conversation", "long"),
                    text_of(*parsed, "value"));
        break;
    }
    auto record = builder.finish();
    if (record) keep_others(*record, object, {"id", "image", "conversations"});
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

// One of COCO's images with the captions that were found for it.
cli::Result<Record> coco_image(Object& object, const ImportSettings& settings) {
    RecordBuilder builder(settings);
    builder.add({"id", Role::kKey, {}, {}}, text_of(object, "id"));
    builder.add({"coco_url", Role::kUrl, {}, {}}, text_of(object, "coco_url"));
    builder.add({"file_name", Role::kImage, {}, {}}, text_of(object, "file_name"));
    builder.add({"width", Role::kWidth, {}, {}}, text_of(object, "width"));
    builder.add({"height", Role::kHeight, {}, {}}, text_of(object, "height"));
    for (const std::string& caption : list_of(object, "annotations"))
        if (std::string text; read_text(caption, text))
            builder.add(caption_column(settings, "annotations", "human", "short"), text);
    auto record = builder.finish();
    if (record)
        keep_others(*record, object,
                    {"id", "coco_url", "file_name", "width", "height", "annotations"});
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

// Captions stand behind all images, so the file is read as a whole (118,000 images: 90 MB).
std::unique_ptr<RowReader> open_coco(std::unique_ptr<ByteSource> source,
                                     const ImportSettings& settings, const std::string& name,
                                     const Shape&) {
    const auto document = parse_object(read_document(*source, name));
    if (!document)
        throw cli::DataError(name + ": " + document.reject().message +
                             " (this format is read as a whole)");
    std::map<std::string, std::string> captions;  // by image id: elements of a JSON array
    for (const std::string& item : list_of(*document, "annotations")) {
        const auto annotation = parse_object(item);
        const std::string* text = annotation ? annotation->find("caption") : nullptr;
        if (!text) continue;
        std::string& all = captions[text_of(*annotation, "image_id")];
        all += (all.empty() ? "" : ",") + *text;
    }
    auto lines = std::make_shared<std::string>();
    for (const std::string& item : list_of(*document, "images")) {
        auto image = parse_object(item);
        if (!image) continue;
        image->set("annotations", "[" + captions[text_of(*image, "id")] + "]");
        image->append_json(*lines);
        *lines += '\n';
    }
    const Convert convert = [plain = with(coco_image, settings),
                             replaced = document->replaced](const std::string& json) {
        auto record = plain(json);
        if (record && replaced) flag_replaced(*record);
        return record;
    };
    return held_rows(
        json_lines(shared_bytes(lines), settings, convert, "human:short from \"annotations\""),
        lines);
}

}  // namespace lip::record
