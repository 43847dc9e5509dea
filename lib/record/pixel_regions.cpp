#include "record/pixel_regions.h"

#include "cli/log.h"

#include <algorithm>

namespace lip::record {
namespace {

std::string box_json(const std::array<double, 4>& box, Size size) {
    std::string raw = "[";
    for (std::size_t i = 0; i < 4; ++i) {
        if (i) raw += ',';
        const double side = i % 2 ? size.height : size.width;
        append_score(raw, side > 0 ? std::clamp(box[i] / side, 0.0, 1.0) : box[i]);
    }
    return raw + "]";
}

// Within the image, is there anything of the box?
bool has_area(const std::array<double, 4>& box, Size size) {
    const auto length = [&](std::size_t at, double side) {
        return std::clamp(box[at + 2], 0.0, side) - std::clamp(box[at], 0.0, side);
    };
    return size.width <= 0 || size.height <= 0 ||
           (length(0, size.width) > 0 && length(1, size.height) > 0);
}

}  // namespace

void add_pixel_regions(Record& record, const std::vector<PixelRegion>& regions, Size size) {
    std::string raw = "[";
    for (const PixelRegion& region : regions) {
        if (!has_area(region.box, size)) {
            ++record.empty_boxes;
            continue;
        }
        Object object;
        object.set("box", box_json(region.box, size));
        object.set_text("text", region.text);
        object.set_text("source", region.source);
        if (!region.label.empty()) object.set_text("label", region.label);
        if (raw.size() > 1) raw += ',';
        object.append_json(raw);
    }
    record.object.set(size.width > 0 && size.height > 0 ? "regions" : "pixel_regions", raw + "]");
}

void resolve_pixel_regions(Record& record) {
    const std::string* width = record.object.find("width");
    const std::string* height = record.object.find("height");
    const std::string* all = record.object.find("pixel_regions");
    Size size;
    if (!all || record.object.find("regions") || !width || !height ||
        !read_number(*width, size.width) || !read_number(*height, size.height) || size.width <= 0 ||
        size.height <= 0)
        return;
    std::string raw = "[";
    bool is_array = false;
    std::uint64_t empty = 0;
    for (const std::string_view item : array_items(*all, is_array)) {
        auto region = parse_object(item);
        const std::string* given = region ? region->find("box") : nullptr;
        std::array<double, 4> box{};
        std::size_t sides = 0;
        if (given)
            for (const std::string_view side : array_items(*given, is_array))
                if (sides < 4 && read_number(side, box[sides])) ++sides;
        if (sides != 4) return;  // not ours
        if (!has_area(box, size)) {
            ++empty;
            continue;
        }
        region->set("box", box_json(box, size));
        if (raw.size() > 1) raw += ',';
        region->append_json(raw);
    }
    std::erase_if(record.object.fields,
                  [](const Object::Field& field) { return field.name == "pixel_regions"; });
    record.object.set("regions", raw + "]");
    record.empty_boxes += empty;
}

}  // namespace lip::record
