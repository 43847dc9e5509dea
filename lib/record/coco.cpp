// COCO's files and those made like them: "images", "annotations" of their ids, "categories".
#include "cli/log.h"
#include "record/errors.h"
#include "record/json_document.h"
#include "record/json_fields.h"
#include "record/json_walk.h"
#include "record/pixel_regions.h"
#include "text/utf8.h"

#include <deque>
#include <map>
#include <unordered_map>

namespace lip::record {
namespace {

struct Categories {
    std::vector<std::string> names;          // in the order of the file
    std::map<std::string, std::size_t> ids;  // their numbers, from 1
    bool has_outlines = false;               // regions keep their outlines, with these numbers
};

// Places in a caption, [[begin, end], ...] in characters, as the words that stand there.
std::string words_at(const std::string& caption, const std::string& places) {
    const std::vector<std::size_t> starts = text::character_starts(caption);
    std::string words;
    bool is_array = false;
    for (const std::string_view place : array_items(places, is_array)) {
        const auto ends = array_items(place, is_array);
        std::int64_t begin = 0, end = 0;
        if (ends.size() != 2 || !read_integer(ends[0], begin) || !read_integer(ends[1], end) ||
            begin < 0 || begin >= end || end >= static_cast<std::int64_t>(starts.size()))
            continue;
        const std::size_t from = starts[static_cast<std::size_t>(begin)];
        if (!words.empty()) words += ' ';
        words += caption.substr(from, starts[static_cast<std::size_t>(end)] - from);
    }
    return words;
}

// An annotation with a "bbox" [x, y, width, height] in pixels. Its text is what it says itself,
// the words of the image's caption that it points to, or its category.
void add_region(RegionList& regions, const Object& annotation, const std::string& raw,
                const std::string& image_caption, const Categories& categories,
                bool is_segment = false) {
    std::vector<double> box;
    for (const std::string& side : list_of(annotation, "bbox"))
        if (double value = 0; read_number(side, value)) box.push_back(value);
    if (box.size() != 4) return regions.add_bad("its \"bbox\" is not four numbers", raw);
    PixelRegion region{{box[0], box[1], box[0] + box[2], box[1] + box[3]}, {}, "human"};
    for (const char* name : {"caption", "phrase", "expression"})
        if (region.text.empty()) region.text = text_of(annotation, name);
    const std::string places = text_of(annotation, "tokens_positive");
    if (region.text.empty()) region.text = words_at(image_caption, places);
    const auto category = categories.ids.find(text_of(annotation, "category_id"));
    const bool is_known = category != categories.ids.end();
    if (!is_known && region.text.empty() && !categories.names.empty())
        return regions.add_bad("its category_id " + text_of(annotation, "category_id") +
                                   " is not among the categories",
                               raw);
    if (is_known && places.empty())  // those of MDETR are all "object"
        (region.text.empty() ? region.text : region.label) = categories.names[category->second - 1];
    for (const Object::Field& field : annotation.fields)
        if (field.name == "id" || (field.name == "iscrowd" && field.raw != "0"))
            region.others.push_back(field);
    const std::string* outline = annotation.find("segmentation");
    if ((outline || is_segment) && is_known && categories.has_outlines) {
        if (outline) region.others.push_back({"segmentation", *outline});
        region.others.push_back({"class", std::to_string(category->second)});
    }
    regions.add(std::move(region), raw);
}

// An image with the annotations that were found for it, in "annotations".
cli::Result<Record> coco_image(Object& object, const Categories& categories,
                               const ImportSettings& settings) {
    const Size size = size_of(object);
    const std::string url = text_of(object, "coco_url");
    std::string path = text_of(object, "file_name"), id = text_of(object, "original_img_id");
    // LVIS has COCO's images by their address alone: val2017/000000397133.jpg.
    if (const std::size_t name = url.rfind('/'); path.empty() && name != url.npos)
        path = url.substr(name == 0 ? 0 : url.rfind('/', name - 1) + 1);
    if (id.empty()) id = text_of(object, "id");
    RecordBuilder builder(settings);
    builder.add({"id", Role::kKey, {}, {}}, id);
    builder.add({"coco_url", Role::kUrl, {}, {}}, url);
    builder.add({"file_name", Role::kImage, {}, {}}, path);
    builder.add({"width", Role::kWidth, {}, {}}, text_of(object, "width"));
    builder.add({"height", Role::kHeight, {}, {}}, text_of(object, "height"));
    const Column column = caption_column(settings, "annotations", "human", "short");
    const std::string image_caption = text_of(object, "caption");
    builder.add(column, image_caption);
    RegionList regions;
    bool has_boxes = false;
    for (const std::string& item : list_of(object, "annotations")) {
        const auto annotation = parse_object(item);
        if (!annotation) return annotation.reject();
        const auto segments = list_of(*annotation, "segments_info");
        has_boxes |= annotation->find("bbox") || !segments.empty();
        if (annotation->find("bbox"))
            add_region(regions, *annotation, item, image_caption, categories);
        else
            builder.add(column, text_of(*annotation, "caption"));
        for (const std::string& raw : segments)
            if (const auto segment = parse_object(raw))
                add_region(regions, *segment, raw, image_caption, categories, /*is_segment=*/true);
    }
    auto record = builder.finish();
    if (!record) return record;
    if (has_boxes) regions.store(*record, size);
    keep_others(*record, object,
                {"id", "original_img_id", "coco_url", "file_name", "width", "height", "caption",
                 "annotations"});
    return record;
}

// Reads a file once. What annotations say is kept by image, without what records have no use for.
class CocoFile {
public:
    CocoFile(std::unique_ptr<ByteSource> source, const ImportSettings& settings)
        : walk_(std::move(source), static_cast<std::size_t>(settings.max_line)) {
        categories->has_outlines = settings.outlines;
        bool is_whole = walk_.enter('{');
        for (std::string name; is_whole && walk_.next_name(name);) {
            const bool is_wanted =
                name == "images" || name == "annotations" || name == "categories";
            if (is_wanted && walk_.enter('['))
                is_whole = take_list(name);
            else
                walk_.skip_value();
        }
        if (is_whole && walk_.enter('}')) return;
        JsonWalk::Element end;
        end.line = walk_.line();
        end.is_cut = true;
        end.reject = cli::Reject{"bad-json", "not JSON: the object does not end"};
        if (bad.empty() || !bad.back().is_cut) bad.push_back(std::move(end));
    }

    // Its images as JSON lines. Takes them out.
    std::string lines() {
        std::string lines;
        for (; !images_.empty(); images_.pop_front()) {
            Object& image = images_.front();
            Said& said = annotations_[text_of(image, "id")];
            image.set("annotations", "[" + said.json + "]");
            image.append_json(lines);
            lines += '\n';
            said.has_image = true;
        }
        return lines;
    }
    // Once lines() was called: annotations of images that are not in the file.
    std::uint64_t orphans() const {
        std::uint64_t n = 0;
        for (const auto& [image, said] : annotations_) n += said.has_image ? 0 : said.count;
        return n;
    }

    std::vector<JsonWalk::Element> bad;
    std::vector<std::uint64_t> image_lines;  // where each begins in the file
    std::shared_ptr<Categories> categories = std::make_shared<Categories>();
    bool replaced = false;  // as in Object, of any part

private:
    struct Said {
        std::string json;  // elements of an array
        std::uint64_t count = 0;
        bool has_image = false;
    };

    // False: the file ends in it.
    bool take_list(const std::string& name) {
        JsonWalk::Element element;
        while (walk_.next_element(element)) {
            auto object =
                element.reject ? cli::Result<Object>(*element.reject) : parse_object(element.text);
            if (object && name == "annotations" && text_of(*object, "image_id").empty())
                object = cli::Reject{"bad-record", "an annotation has no \"image_id\""};
            if (!object) {
                element.reject = object.reject();
                bad.push_back(std::move(element));
                if (bad.back().is_cut) return false;
                continue;
            }
            replaced |= object->replaced;
            if (name == "images") {
                images_.push_back(std::move(*object));
                image_lines.push_back(element.line);
            } else if (name == "categories") {
                categories->names.push_back(text_of(*object, "name"));
                categories->ids[text_of(*object, "id")] = categories->names.size();
            } else {
                take_annotation(*object);
            }
        }
        return true;
    }
    void take_annotation(Object& annotation) {
        Said& said = annotations_[text_of(annotation, "image_id")];
        const bool has_outlines = categories->has_outlines;
        std::erase_if(annotation.fields, [has_outlines](const Object::Field& field) {
            return field.name == "image_id" || field.name == "area" ||
                   (field.name == "segmentation" && !has_outlines);
        });
        if (!said.json.empty()) said.json += ',';
        annotation.append_json(said.json);
        ++said.count;
    }

    JsonWalk walk_;
    std::deque<Object> images_;
    std::unordered_map<std::string, Said> annotations_;  // by image
};

// What was bad in the file, and then its images.
class CocoRows final : public WrappedRows {
public:
    CocoRows(CocoFile& file, std::unique_ptr<RowReader> images)
        : WrappedRows(std::move(images)),
          bad_(std::move(file.bad)),
          lines_(std::move(file.image_lines)),
          categories_(file.categories),
          orphans_(file.orphans()) {}
    bool next(Row& row) override {
        if (at_ == bad_.size()) {
            if (!WrappedRows::next(row)) return false;
            row.line = lines_[row.line - 1];
            return true;
        }
        JsonWalk::Element& element = bad_[at_++];
        row = {};
        row.line = element.line;
        row.offset = element.offset;
        row.reject = std::move(element.reject);
        row.is_cut = element.is_cut;
        row.raw = std::move(element.text);
        return true;
    }
    bool would_wait() override { return false; }
    std::uint64_t orphans() const override { return orphans_; }
    std::vector<std::string> classes() const override { return categories_->names; }

private:
    std::vector<JsonWalk::Element> bad_;
    std::vector<std::uint64_t> lines_;
    std::size_t at_ = 0;
    std::shared_ptr<const Categories> categories_;
    std::uint64_t orphans_;
};

}  // namespace

// Captions and boxes stand apart from their images, so all of them are held in memory.
std::unique_ptr<RowReader> open_coco(std::unique_ptr<ByteSource> source,
                                     const ImportSettings& settings, const std::string& name,
                                     const Shape&) {
    CocoFile file(std::move(source), settings);
    const auto lines = std::make_shared<const std::string>(file.lines());
    if (lines->empty() && file.bad.empty())
        throw cli::DataError(name + ": there is no image in \"images\", which annotations need");
    if (file.orphans() > 0)
        cli::warn(name + ": " + std::to_string(file.orphans()) +
                  (file.orphans() == 1 ? " annotation" : " annotations") +
                  " left out: no such image is in the file");
    const Convert convert = [settings, categories = file.categories, replaced = file.replaced](
                                const std::string& json) -> cli::Result<Record> {
        auto object = parse_object(json);
        if (!object) return object.reject();
        auto record = coco_image(*object, *categories, settings);
        if (record && replaced) flag_replaced(*record);
        return record;
    };
    auto images = json_lines(shared_bytes(lines), settings, convert,
                             "human:short and regions from \"annotations\"");
    return std::make_unique<CocoRows>(file, held_rows(std::move(images), lines));
}

}  // namespace lip::record
