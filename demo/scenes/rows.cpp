#include "scenes/rows.h"

#include <array>
#include <charconv>

namespace lip::demo {

namespace {

void append_field(std::string_view field, std::string& row) {
    if (field.find_first_of(",\"\r\n") == std::string_view::npos) {
        row += field;
        return;
    }
    row += '"';
    for (const char c : field) {
        if (c == '"') row += '"';
        row += c;
    }
    row += '"';
}

// The shortest decimal that reads back as the same number.
void append_number(double value, std::string& row) {
    std::array<char, 32> text{};
    const auto result = std::to_chars(text.data(), text.data() + text.size(), value);
    row.append(text.data(), result.ptr);
}

void append_member(std::string_view name, std::string_view value, std::string& row) {
    row.append("\"").append(name).append("\":\"").append(value).append("\"");
}

void append_region(const SceneObject& object, int size, std::span<const Kind> kinds,
                   std::string& row) {
    row += "{\"box\":[";
    const PixelBox& box = object.box;
    for (const int edge : {box.x0, box.y0, box.x1, box.y1}) {
        if (row.back() != '[') row += ',';
        append_number(static_cast<double>(edge) / size, row);
    }
    row += "],";
    append_member("text", region_text(object, kinds), row);
    row += ',';
    append_member("label", kinds[object.kind].name, row);
    row += ",\"source\":\"scene\"}";
}

}  // namespace

const std::string_view kCsvHeader =
    "Image Path,raw_caption,shortIB_captions,longIB_captions,shortSV_captions,longSV_captions,"
    "shortLLA_captions,longLLA_captions\n";

std::string csv_row(const SceneFiles& files, const Captions& captions) {
    const std::string_view fields[] = {
        files.image,
        captions.raw,
        captions.instructblip.short_text,
        captions.instructblip.long_text,
        captions.sharegpt4v.short_text,
        captions.sharegpt4v.long_text,
        captions.llava15.short_text,
        captions.llava15.long_text,
    };
    std::string row;
    for (const std::string_view field : fields) {
        append_field(field, row);
        row += ',';
    }
    row.back() = '\n';
    return row;
}

std::string objects_row(const SceneFiles& files, const Scene& scene, std::span<const Kind> kinds,
                        std::string_view label) {
    const std::string size = std::to_string(scene.size);
    std::string row = "{";
    append_member("key", files.key, row);
    row += ',';
    append_member("image", files.image, row);
    row.append(",\"width\":").append(size).append(",\"height\":").append(size);
    row += ",\"regions\":[";
    for (const SceneObject& object : scene.objects) {
        if (row.back() != '[') row += ',';
        append_region(object, scene.size, kinds, row);
    }
    row += ']';
    if (!label.empty()) {
        row += ',';
        append_member("label", label, row);
    }
    if (!files.mask.empty()) {
        row += ',';
        append_member("mask", files.mask, row);
    }
    row += "}\n";
    return row;
}

}  // namespace lip::demo
