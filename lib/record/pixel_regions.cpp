#include "record/pixel_regions.h"

#include "cli/log.h"

#include <algorithm>
#include <map>
#include <set>

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

// By more than rounding.
bool reaches_beyond(const std::array<double, 4>& box, Size size) {
    constexpr double kMuch = 0.01;
    const double x = kMuch * size.width, y = kMuch * size.height;
    return size.width > 0 && size.height > 0 &&
           (box[0] < -x || box[1] < -y || box[2] > size.width + x || box[3] > size.height + y);
}

}  // namespace

Size size_of(const Object& object) {
    const std::string* width = object.find("width");
    const std::string* height = object.find("height");
    Size size;
    const bool is_known = width && height && read_number(*width, size.width) &&
                          read_number(*height, size.height) && size.width > 0 && size.height > 0;
    return is_known ? size : Size{};
}

void RegionList::add(PixelRegion region, std::string_view raw) {
    if (region.box[0] > region.box[2] || region.box[1] > region.box[3])
        return add_bad("its box has the corners in the wrong order", raw);
    regions_.push_back(std::move(region));
}

void RegionList::add_bad(const std::string& why, std::string_view raw) {
    const std::string number = std::to_string(regions_.size() + bad_.size() + 1);
    bad_.push_back({{"bad-region", "region " + number + ": " + why}, std::string(raw)});
}

void RegionList::store(Record& record, Size size) {
    std::string raw = "[";
    for (const PixelRegion& region : regions_) {
        if (!has_area(region.box, size)) {
            ++record.empty_boxes;
            continue;
        }
        ++record.boxes;
        record.cut_boxes += reaches_beyond(region.box, size);
        Object object;
        object.set("box", box_json(region.box, size));
        if (!region.text.empty()) object.set_text("text", region.text);
        if (!region.source.empty()) object.set_text("source", region.source);
        if (!region.label.empty()) object.set_text("label", region.label);
        for (const Object::Field& field : region.others) object.set(field.name, field.raw);
        if (raw.size() > 1) raw += ',';
        object.append_json(raw);
    }
    for (BadPart& part : bad_) {
        part.reject.key = record.key;
        record.bad_parts.push_back(std::move(part));
    }
    record.object.set(size.width > 0 && size.height > 0 ? "regions" : "pixel_regions", raw + "]");
}

void resolve_pixel_regions(Record& record) {
    const std::string* all = record.object.find("pixel_regions");
    const Size size = size_of(record.object);
    if (!all || record.object.find("regions") || size.width <= 0) return;
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

void resolve_region_texts(Record& record) {
    const std::string* all = record.object.find("region_texts");
    const std::string* regions =
        record.object.find(record.object.find("regions") ? "regions" : "pixel_regions");
    if (!all || !regions) return;
    bool is_array = false;
    std::multimap<std::string, Object> texts;  // by the id of their region
    std::string rest = "[", resolved = "[";
    const auto add = [](std::string& list, std::string_view item) {
        if (list.size() > 1) list += ',';
        list += item;
    };
    std::set<std::string> ids;
    for (const std::string_view item : array_items(*regions, is_array))
        ids.insert(std::string(find_value(item, "id")));
    for (const std::string_view item : array_items(*all, is_array)) {
        auto text = slice_object(item);
        const std::string* id = text ? text->find("id") : nullptr;
        if (id && ids.contains(*id))
            texts.emplace(*id, std::move(*text));
        else
            add(rest, item);
    }
    for (const std::string_view item : array_items(*regions, is_array)) {
        const auto [first, last] = texts.equal_range(std::string(find_value(item, "id")));
        if (first == last) add(resolved, item);
        for (auto at = first; at != last; ++at) {
            auto region = slice_object(item);
            if (!region) continue;
            if (const std::string* had = region->find("text"); had && !region->find("label"))
                region->set("label", *had);
            for (const char* name : {"text", "source"})
                if (const std::string* value = at->second.find(name)) region->set(name, *value);
            std::string json;
            region->append_json(json);
            add(resolved, json);
        }
    }
    record.object.set(record.object.find("regions") ? "regions" : "pixel_regions", resolved + "]");
    if (rest.size() > 1)
        record.object.set("region_texts", rest + "]");
    else
        std::erase_if(record.object.fields,
                      [](const Object::Field& field) { return field.name == "region_texts"; });
}

}  // namespace lip::record
