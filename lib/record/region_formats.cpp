// Releases with regions: boxes and their texts.
#include "cli/log.h"
#include "record/json_fields.h"
#include "record/pixel_regions.h"
#include "text/flags.h"
#include "text/utf8.h"

#include <algorithm>

namespace lip::record {
namespace {

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

    const std::vector<std::size_t> starts = text::character_starts(caption);
    RegionList regions;
    for (const char* field : {"noun_chunks", "ref_exps"})
        for (const std::string& item : list_of(object, field)) {
            bool is_array = false;
            std::vector<double> numbers;
            for (const std::string_view raw : array_items(item, is_array))
                if (double value = 0; read_number(raw, value)) numbers.push_back(value);
            const auto last = static_cast<double>(starts.size() - 1);
            if (numbers.size() < 6 || numbers[0] < 0 || numbers[1] > last ||
                numbers[0] >= numbers[1]) {
                regions.add_bad(std::string("an item of \"") + field + "\" is malformed", item);
                continue;
            }
            const std::size_t begin = starts[static_cast<std::size_t>(numbers[0])],
                              end = starts[static_cast<std::size_t>(numbers[1])];
            PixelRegion region{{numbers[2], numbers[3], numbers[4], numbers[5]},
                               caption.substr(begin, end - begin),
                               "grit"};
            if (numbers.size() > 6) {
                region.others.push_back({"score", {}});
                append_score(region.others.back().raw, numbers[6]);
            }
            regions.add(std::move(region), item);
        }
    auto record = builder.finish();
    if (!record) return record;
    regions.store(*record, {1, 1});
    keep_others(*record, object,
                {"key", "url", "width", "height", "caption", "noun_chunks", "ref_exps"});
    return record;
}

// {"image_id", "ann_id", "sentences": [{"raw"}]}: expressions for a box of COCO's, which --join
// brings.
cli::Result<Record> refcoco(Object& object, const ImportSettings& settings) {
    const std::string box = text_of(object, "ann_id");
    std::string texts = "[";
    for (const std::string& item : list_of(object, "sentences")) {
        const auto sentence = parse_object(item);
        if (!sentence) return sentence.reject();
        Object text;
        text.set("id", box);
        std::string words = text_of(*sentence, "raw");
        text.set_text("text", words.empty() ? text_of(*sentence, "sent") : words);
        text.set_text("source", "human");
        if (texts.size() > 1) texts += ',';
        text.append_json(texts);
    }
    RecordBuilder builder(settings);
    builder.add({"image_id", Role::kKey, {}, {}}, text_of(object, "image_id"));
    auto record = builder.finish();
    if (!record) return record;
    if (box.empty()) return cli::Reject{"bad-record", "it has no \"ann_id\"", record->key};
    record->object.set("region_texts", texts + "]");
    if (const std::string* split = object.find("split")) record->object.set("split", *split);
    return record;
}

// {"id", "regions": [{"x", "y", "width", "height", "phrase"}]} in pixels. The size of the image,
// which boxes need, stands in another file of the release: it may have been put into the objects,
// else --join brings it.
cli::Result<Record> visual_genome(Object& object, const ImportSettings& settings) {
    Size size = size_of(object);
    if (size.width < 1 || size.height < 1) size = {};
    RecordBuilder builder(settings);
    std::string id = text_of(object, "id");
    if (id.empty()) id = text_of(object, "image_id");
    builder.add({"id", Role::kKey, {}, {}}, id);
    builder.add({"url", Role::kUrl, {}, {}}, text_of(object, "url"));
    builder.add({"width", Role::kWidth, {}, {}}, text_of(object, "width"));
    builder.add({"height", Role::kHeight, {}, {}}, text_of(object, "height"));
    RegionList regions;
    for (const std::string& item : list_of(object, "regions")) {
        const auto region = parse_object(item);
        double x = 0, y = 0, w = 0, h = 0;
        if (region && number_of(*region, "x", x) && number_of(*region, "y", y) &&
            number_of(*region, "width", w) && number_of(*region, "height", h))
            regions.add({{x, y, x + w, y + h}, text_of(*region, "phrase"), "human"}, item);
        else
            regions.add_bad("it has no x, y, width and height", item);
    }
    auto record = builder.finish();
    if (!record) return record;
    regions.store(*record, size);
    keep_others(*record, object, {"id", "image_id", "url", "width", "height", "regions"});
    return record;
}

// Corners as DCI writes them: {"topLeft": {"x", "y"}, "bottomRight": {"x", "y"}} or
// [[x, y], [x, y]].
bool read_bounds(const std::string& raw, std::array<double, 4>& box) {
    std::size_t sides = 0;
    const auto add = [&](std::string_view number) {
        sides += sides < 4 && read_number(number, box[sides]);
    };
    bool is_array = false;
    if (const auto corners = parse_object(raw)) {
        for (const char* name : {"topLeft", "bottomRight"})
            if (const auto corner = parse_object(text_of(*corners, name)))
                for (const char* axis : {"x", "y"}) add(text_of(*corner, axis));
    } else {
        for (const std::string_view corner : array_items(raw, is_array))
            for (const std::string_view number : array_items(corner, is_array)) add(number);
    }
    return sides == 4;
}

// The size that a PNG in base64 has by its header: the masks are as large as their image.
Size png_size(std::string_view base64) {
    constexpr std::string_view kLetters =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string bytes;
    std::uint32_t bits = 0;
    for (std::size_t i = 0; i < std::min<std::size_t>(base64.size(), 32); ++i) {
        const std::size_t value = kLetters.find(base64[i]);
        if (value == kLetters.npos) return {};
        bits = bits << 6 | static_cast<std::uint32_t>(value);
        if (i % 4 == 3)
            for (int shift = 16; shift >= 0; shift -= 8)
                bytes += static_cast<char>(bits >> shift & 0xFF);
    }
    if (bytes.size() < 24 || !bytes.starts_with("\x89PNG\r\n\x1a\n")) return {};
    const auto number = [&](std::size_t at) {
        std::uint32_t value = 0;
        for (std::size_t i = at; i < at + 4; ++i)
            value = value << 8 | static_cast<unsigned char>(bytes[i]);
        return static_cast<double>(value);
    };
    return {number(16), number(20)};
}

// "mask_data": {id: {"label", "caption", "bounds", "outer_mask", "mask_quality"}}: a region for
// each mask that has a text and was not found bad. The bounds are in pixels; where the object does
// not say how large the image is, its masks do, if all are of one size that holds all bounds.
void add_masks(Record& record) {
    const std::string* raw = record.object.find("mask_data");
    const auto masks = parse_object(raw ? *raw : "");
    if (!masks) return;
    Size size, of_masks;
    bool is_given = number_of(record.object, "width", size.width) &&
                    number_of(record.object, "height", size.height);
    bool is_known = true;
    RegionList regions;
    for (const Object::Field& field : masks->fields) {
        const auto mask = parse_object(field.raw);
        if (!mask) continue;
        PixelRegion region{{}, text_of(*mask, "caption"), "human", text_of(*mask, "label")};
        if (text::is_missing_caption(region.text)) region.text = std::exchange(region.label, "");
        if (text::is_missing_caption(region.text) || text_of(*mask, "mask_quality") == "2")
            continue;
        const std::string* bounds = mask->find("bounds");
        if (!bounds || !read_bounds(*bounds, region.box)) {
            regions.add_bad("the bounds of mask " + field.name + " are malformed",
                            bounds ? *bounds : "");
            continue;
        }
        const Size own = png_size(text_of(*mask, "outer_mask"));
        if (of_masks.width == 0) of_masks = own;
        is_known = is_known && own.width > 0 && own.width == of_masks.width &&
                   own.height == of_masks.height && region.box[2] <= own.width &&
                   region.box[3] <= own.height;
        regions.add(std::move(region), *bounds);
    }
    if (!is_given) size = is_known ? of_masks : Size{};
    std::erase_if(record.object.fields,
                  [](const Object::Field& field) { return field.name == "mask_data"; });
    if (!regions.empty()) regions.store(record, size);
}

}  // namespace

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

std::unique_ptr<RowReader> open_refcoco(std::unique_ptr<ByteSource> source,
                                        const ImportSettings& settings, const std::string&,
                                        const Shape& shape) {
    return json_rows(std::move(source), settings, shape, with(refcoco, settings),
                     "texts of regions from \"sentences\"");
}

std::unique_ptr<RowReader> open_dci(std::unique_ptr<ByteSource> source,
                                    const ImportSettings& settings, const std::string& name,
                                    const Shape& shape) {
    const Release* release = find_release("dci");
    std::vector<std::string> names = shape.names;
    std::erase(names, "mask_data");
    for (const KnownColumn& column : release->columns)
        if (!shape.has(column.name)) names.emplace_back(column.name);
    auto columns = assign_roles(names, release, settings.map, name, true);
    std::string description = describe(columns) + "; regions from the bounds in \"mask_data\"";
    const auto convert = [captions = by_columns(std::move(columns), settings, false)](
                             const std::string& json) -> cli::Result<Record> {
        auto record = captions(json);
        if (record) add_masks(*record);
        return record;
    };
    return json_rows(std::move(source), settings, shape, convert, std::move(description));
}

}  // namespace lip::record
