// Releases whose JSON is more than columns: conversations, lists of captions, regions.
#include "record/json_rows.h"

#include "cli/log.h"
#include "text/utf8.h"

#include <algorithm>
#include <cmath>
#include <map>

namespace lip::record {
namespace {

std::string text_of(const Object& object, std::string_view name) {
    std::string text;
    const std::string* raw = object.find(name);
    if (raw && !read_text(*raw, text) && *raw != "null") text = *raw;
    return text;
}

std::vector<std::string> list_of(const Object& object, std::string_view name) {
    bool is_array = false;
    const std::string* raw = object.find(name);
    return raw ? array_items(*raw, is_array) : std::vector<std::string>();
}

bool number_of(const Object& object, std::string_view name, double& value) {
    const std::string* raw = object.find(name);
    return raw && read_number(*raw, value);
}

// Adds the fields that were not used.
void keep_others(Record& record, Object& object, std::initializer_list<std::string_view> used) {
    for (Object::Field& field : object.fields)
        if (std::ranges::find(used, std::string_view(field.name)) == used.end() &&
            !record.object.find(field.name))
            record.object.fields.push_back(std::move(field));
}

// The source that a caption has: as --caption says for the field, else `source`.
Column caption_column(const ImportSettings& settings, std::string_view field,
                      std::string_view source, std::string_view form) {
    for (const auto& caption : settings.map.captions)
        if (caption.column == field)
            return {std::string(field), Role::kCaption, caption.source, caption.form};
    return {std::string(field), Role::kCaption, std::string(source), std::string(form)};
}

void add_regions(Record& record, const std::vector<Region>& regions) {
    std::string raw = "[";
    for (const Region& region : regions) {
        raw += raw.size() > 1 ? ",{\"box\":[" : "{\"box\":[";
        for (std::size_t i = 0; i < 4; ++i) {
            if (i) raw += ',';
            append_score(raw, std::clamp(region.box[i], 0.0, 1.0));
        }
        raw += "],\"text\":";
        cli::append_json_string(raw, region.text);
        raw += ",\"source\":";
        cli::append_json_string(raw, region.source);
        if (region.score) {
            raw += ",\"score\":";
            append_score(raw, *region.score);
        }
        raw += '}';
    }
    record.object.set("regions", raw + "]");
}

// {"id", "image", "conversations": [{"from", "value"}]}: the first answer is the caption.
cli::Result<Record> conversation(Object& object, const ImportSettings& settings) {
    const std::string image = text_of(object, "image");
    if (image.empty()) return cli::Reject{kTextOnly, "a conversation without an image"};
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

// {"url", "caption", "width", "height", "noun_chunks": [[begin, end, x0, y0, x1, y1, score]]}, with
// places in the caption counted in characters.
cli::Result<Record> grit(Object& object, const ImportSettings& settings) {
    const std::string caption = text_of(object, "caption");
    RecordBuilder builder(settings);
    builder.add({"key", Role::kKey, {}, {}}, text_of(object, "key"));
    builder.add({"url", Role::kUrl, {}, {}}, text_of(object, "url"));
    builder.add({"width", Role::kWidth, {}, {}}, text_of(object, "width"));
    builder.add({"height", Role::kHeight, {}, {}}, text_of(object, "height"));
    builder.add(caption_column(settings, "caption", "raw", "raw"), caption);

    std::vector<std::size_t> starts;  // of characters
    for (std::size_t i = 0; i < caption.size(); ++i)
        if ((static_cast<unsigned char>(caption[i]) & 0xC0) != 0x80) starts.push_back(i);
    starts.push_back(caption.size());
    std::vector<Region> regions;
    for (const char* field : {"noun_chunks", "ref_exps"})
        for (const std::string& item : list_of(object, field)) {
            bool is_array = false;
            std::vector<double> numbers;
            for (const std::string& raw : array_items(item, is_array))
                if (double value = 0; read_number(raw, value)) numbers.push_back(value);
            const auto last = static_cast<double>(starts.size() - 1);
            if (numbers.size() < 6 || numbers[0] < 0 || numbers[1] > last ||
                numbers[0] >= numbers[1])
                return cli::Reject{"bad-region",
                                   std::string("a region of \"") + field + "\" is malformed"};
            const std::size_t begin = starts[static_cast<std::size_t>(numbers[0])],
                              end = starts[static_cast<std::size_t>(numbers[1])];
            Region region{{numbers[2], numbers[3], numbers[4], numbers[5]},
                          caption.substr(begin, end - begin),
                          "grit",
                          {}};
            if (numbers.size() > 6) region.score = numbers[6];
            regions.push_back(std::move(region));
        }
    auto record = builder.finish();
    if (!record) return record;
    add_regions(*record, regions);
    keep_others(*record, object,
                {"key", "url", "width", "height", "caption", "noun_chunks", "ref_exps"});
    return record;
}

// {"id", "regions": [{"x", "y", "width", "height", "phrase"}]} in pixels; the size of the image,
// which boxes need, stands in another file of the release and must have been put in.
cli::Result<Record> visual_genome(Object& object, const ImportSettings& settings) {
    double width = 0, height = 0;
    if (!number_of(object, "width", width) || !number_of(object, "height", height) || width < 1 ||
        height < 1)
        return cli::Reject{"bad-record",
                           "no width and height: add those of image_data.json to the objects"};
    RecordBuilder builder(settings);
    std::string id = text_of(object, "id");
    if (id.empty()) id = text_of(object, "image_id");
    builder.add({"id", Role::kKey, {}, {}}, id);
    builder.add({"url", Role::kUrl, {}, {}}, text_of(object, "url"));
    builder.add({"width", Role::kWidth, {}, {}}, text_of(object, "width"));
    builder.add({"height", Role::kHeight, {}, {}}, text_of(object, "height"));
    std::vector<Region> regions;
    for (const std::string& item : list_of(object, "regions")) {
        const auto region = parse_object(item);
        double x = 0, y = 0, w = 0, h = 0;
        if (!region || !number_of(*region, "x", x) || !number_of(*region, "y", y) ||
            !number_of(*region, "width", w) || !number_of(*region, "height", h))
            return cli::Reject{"bad-region", "a region has no x, y, width and height"};
        regions.push_back({{x / width, y / height, (x + w) / width, (y + h) / height},
                           text_of(*region, "phrase"),
                           "human",
                           {}});
    }
    auto record = builder.finish();
    if (!record) return record;
    add_regions(*record, regions);
    keep_others(*record, object, {"id", "image_id", "url", "width", "height", "regions"});
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

using Make = cli::Result<Record> (*)(Object&, const ImportSettings&);

Convert with(Make make, const ImportSettings& settings) {
    return [make, settings](const std::string& json) -> cli::Result<Record> {
        auto object = parse_object(json);
        if (!object) return object.reject();
        return make(*object, settings);
    };
}

// All bytes of a source.
std::string read_all(ByteSource& source, std::size_t most, const std::string& name) {
    std::string all, block(1 << 20, '\0');
    while (const std::size_t n = source.read(block.data(), block.size())) {
        all.append(block, 0, n);
        if (all.size() > most)
            throw cli::DataError(name + ": more than " + std::to_string(most >> 20) +
                                 " MiB: this format is read as a whole");
    }
    return all;
}

constexpr std::size_t kMostDocument = std::size_t{1} << 30;

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

std::unique_ptr<RowReader> open_grit(std::unique_ptr<ByteSource> source,
                                     const ImportSettings& settings, const std::string&,
                                     const Shape& shape) {
    return json_rows(std::move(source), settings, shape, with(grit, settings),
                     "raw:raw from \"caption\", regions from \"noun_chunks\" and \"ref_exps\"");
}

std::unique_ptr<RowReader> open_visual_genome(std::unique_ptr<ByteSource> source,
                                              const ImportSettings& settings, const std::string&,
                                              const Shape& shape) {
    return json_rows(std::move(source), settings, shape, with(visual_genome, settings),
                     "regions from \"regions\"");
}

// Captions stand behind all images, so the file is read as a whole (118,000 images: 90 MB).
std::unique_ptr<RowReader> open_coco(std::unique_ptr<ByteSource> source,
                                     const ImportSettings& settings, const std::string& name,
                                     const Shape&) {
    const auto document = parse_object(read_all(*source, kMostDocument, name));
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
    // The source shares the text with the reader that comes back.
    struct Held final : ByteSource {
        std::shared_ptr<std::string> text;
        std::unique_ptr<ByteSource> bytes;
        std::size_t read(char* to, std::size_t size) override { return bytes->read(to, size); }
        bool would_wait() override { return false; }
    };
    auto held = std::make_unique<Held>();
    held->text = lines;
    held->bytes = memory_bytes(*lines);
    return json_lines(std::move(held), settings, with(coco_image, settings),
                      "human:short from \"annotations\"");
}

}  // namespace lip::record
