#include "cmd/recaption-ingest/mask_files.h"

#include "image/decode.h"
#include "image/encode.h"
#include "image/outline.h"
#include "image/palette.h"
#include "image/picture_file.h"
#include "record/file.h"
#include "record/json_fields.h"

#include <algorithm>
#include <system_error>
#include <unordered_map>

namespace lip::cmd {
namespace {

namespace fs = std::filesystem;
using namespace record;

constexpr std::size_t kLargestPng = std::size_t{256} << 20;

struct Outline {
    std::string raw;  // polygons, or runs
    std::uint8_t value = 0;
    std::size_t number = 0;  // of its region, from 1
    double area = 0;         // of its box
};

// False if it is malformed, or of another size than the mask.
bool draw_outline(image::Mask& mask, const Outline& outline) {
    bool is_array = false;
    std::vector<double> corners;
    for (const std::string_view polygon : array_items(outline.raw, is_array)) {
        corners.clear();
        bool is_polygon = false;
        for (const std::string_view side : array_items(polygon, is_polygon))
            if (!read_number(side, corners.emplace_back())) return false;
        if (!is_polygon || corners.size() % 2 != 0) return false;
        image::fill_polygon(mask, corners, outline.value);
    }
    if (is_array) return true;
    const auto runs = parse_object(outline.raw);
    const auto size = runs ? list_of(*runs, "size") : std::vector<std::string>();
    if (size.size() != 2 || size[0] != std::to_string(mask.height) ||
        size[1] != std::to_string(mask.width))
        return false;
    std::string packed;
    const std::string* counts = runs->find("counts");
    if (counts && read_text(*counts, packed)) {
        const auto numbers = image::unpack_runs(packed);
        return numbers && image::fill_runs(mask, *numbers, outline.value);
    }
    std::vector<std::uint32_t> numbers;
    for (const std::string& raw : list_of(*runs, "counts")) {
        std::int64_t count = 0;
        if (!read_integer(raw, count) || count < 0 || count > UINT32_MAX) return false;
        numbers.push_back(static_cast<std::uint32_t>(count));
    }
    return image::fill_runs(mask, numbers, outline.value);
}

double area_of(const Object& region) {
    std::vector<double> box;
    for (const std::string& side : list_of(region, "box"))
        if (!read_number(side, box.emplace_back())) return 0;
    return box.size() == 4 ? (box[2] - box[0]) * (box[3] - box[1]) : 0;
}

// What masks are made of: outlines, and segments of a PNG file by the colour that is their id.
struct Shapes {
    std::vector<Outline> outlines;
    std::unordered_map<std::uint32_t, std::uint8_t> segments;
};

// Takes what can be drawn out of a list of regions.
Shapes take_shapes(std::string& regions) {
    Shapes shapes;
    std::string rest = "[";
    bool is_array = false;
    std::size_t number = 0;
    for (const std::string_view item : array_items(regions, is_array)) {
        auto region = slice_object(item);
        if (rest.size() > 1) rest += ',';
        ++number;
        if (!region) {
            rest += item;
            continue;
        }
        const std::string raw = text_of(*region, "segmentation");
        double value = 0;
        const bool is_value = number_of(*region, "class", value) && value >= 1 && value <= 255;
        double id = 0;
        const bool is_id = number_of(*region, "id", id) && id >= 0 && id < 1 << 24;
        if (is_value && (!raw.empty() || is_id)) {
            if (raw.empty())
                shapes.segments[static_cast<std::uint32_t>(id)] = static_cast<std::uint8_t>(value);
            else
                shapes.outlines.push_back(
                    {raw, static_cast<std::uint8_t>(value), number, area_of(*region)});
            std::erase_if(region->fields, [](const Object::Field& field) {
                return field.name == "segmentation" || field.name == "class";
            });
        }
        region->append_json(rest);
    }
    regions = rest + "]";
    return shapes;
}

// The pixels whose colour is a segment's id, red first and least: COCO's panoptic files.
void paint_segments(image::Mask& mask, const fs::path& file, const Shapes& shapes) {
    const auto picture = image::decode(read_file(file.string(), kLargestPng));
    if (!picture) throw cli::DataError(file.string() + ": " + picture.reject().message);
    if (picture->width != mask.width || picture->height != mask.height)
        throw cli::DataError(file.string() + ": has " + std::to_string(picture->width) + " x " +
                             std::to_string(picture->height) + " pixels, but its image has " +
                             std::to_string(mask.width) + " x " + std::to_string(mask.height));
    for (std::size_t i = 0; i < mask.value.size(); ++i) {
        const std::uint8_t* rgb = &picture->rgb[3 * i];
        const std::uint32_t id = rgb[0] | std::uint32_t{rgb[1]} << 8 | std::uint32_t{rgb[2]} << 16;
        if (const auto found = shapes.segments.find(id); found != shapes.segments.end())
            mask.value[i] = found->second;
    }
}

}  // namespace

MaskFiles::MaskFiles(std::string drawn, std::string found, bool force)
    : drawn_(std::move(drawn)), found_(std::move(found)), force_(force) {
    std::error_code error;
    if (!found_.empty() && !fs::is_directory(found_))
        throw cli::DataError("--masks " + found_.string() + ": is no folder");
    if (drawn_.empty()) return;
    fs::create_directories(drawn_, error);
    if (error)
        throw cli::DataError("--mask-dir " + drawn_.string() +
                             ": cannot be made: " + error.message());
}

void MaskFiles::write_classes(const std::vector<std::string>& names) {
    if (!draws() || names.empty() || names == classes_) return;
    if (names.size() > 255)
        throw cli::DataError("--mask-dir: masks hold 255 classes, and the file has " +
                             std::to_string(names.size()));
    if (!classes_.empty())
        throw cli::DataError(
            "--mask-dir: the files have different categories, so that the values "
            "of their masks differ (one run, and one folder, for each)");
    classes_ = names;
    std::string lines;
    for (const std::string& name : names) lines += name + "\n";
    write_file((drawn_ / "classes.txt").string(), lines, force_);
}

void MaskFiles::add_to(Record& record) {
    if (!drawn_.empty() && draw(record)) return;
    if (found_.empty()) return;
    if (const auto path = find(record)) record.object.set_text("mask", path->string()), ++masks_;
}

bool MaskFiles::draw(Record& record) {
    const std::string* found = record.object.find("regions");
    if (!found) return false;
    std::string regions = *found;
    Shapes shapes = take_shapes(regions);
    std::vector<Outline>& outlines = shapes.outlines;
    std::int64_t width = 0, height = 0;
    const std::string* wide = record.object.find("width");
    const std::string* high = record.object.find("height");
    const bool is_known = wide && high && read_integer(*wide, width) &&
                          read_integer(*high, height) && width > 0 && height > 0;
    if ((outlines.empty() && shapes.segments.empty()) || !is_known) return false;
    record.object.set("regions", regions);
    if (!shapes.segments.empty() && found_.empty())
        throw cli::DataError(
            "--mask-dir: the segments of COCO's panoptic files are the colours of PNG files "
            "(--masks DIR says where these are)");
    const auto colours = shapes.segments.empty() ? std::nullopt : find(record);
    if (outlines.empty() && !colours) return true;  // find() has counted it
    if (width > INT32_MAX / height || width * height > image::kMaxPixels)
        throw cli::DataError("an image of " + std::to_string(width) + " x " +
                             std::to_string(height) + " pixels is too large for a mask (" +
                             record.key + ")");
    image::Mask mask{static_cast<int>(width), static_cast<int>(height), {}};
    mask.value.assign(image::pixel_count(mask.width, mask.height), 0);
    if (colours) paint_segments(mask, *colours, shapes);
    // The smaller of two that overlap stays whole.
    std::ranges::stable_sort(outlines, std::greater<>(), &Outline::area);
    for (const Outline& outline : outlines)
        if (!draw_outline(mask, outline))
            record.bad_parts.push_back(
                {{"bad-region",
                  "region " + std::to_string(outline.number) + ": its outline is malformed",
                  record.key},
                 outline.raw.substr(0, kShownBytes)});
    const std::string name =
        record.image.empty() ? record.key : fs::path(record.image).replace_extension().string();
    const std::string path = image::picture_path(drawn_.string(), name);
    image::write_picture(path, image::encode_png_indexed(mask, image::voc_palette()), force_);
    record.object.set_text("mask", path);
    ++masks_;
    return true;
}

std::optional<fs::path> MaskFiles::find(const Record& record) {
    if (record.image.empty()) return std::nullopt;
    // a/b/c.png, b/c.png, c.png
    std::string name = fs::path(record.image).replace_extension(".png").relative_path().string();
    for (;;) {
        fs::path path = found_ / name;
        if (fs::is_regular_file(path)) return path;
        const std::size_t slash = name.find('/');
        if (slash == name.npos) break;
        name.erase(0, slash + 1);
    }
    ++missing_;
    return std::nullopt;
}

}  // namespace lip::cmd
