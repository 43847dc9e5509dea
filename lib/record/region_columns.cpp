#include "record/region_columns.h"

#include "cli/values.h"
#include "record/json_fields.h"
#include "record/pixel_regions.h"

#include <algorithm>
#include <array>

namespace lip::record {
namespace {

struct LayoutName {
    std::string_view name;
    RegionColumn::Layout layout;
};
constexpr LayoutName kLayouts[] = {{"xyxy", RegionColumn::Layout::kXyxy},
                                   {"xywh", RegionColumn::Layout::kXywh},
                                   {"cxcywh", RegionColumn::Layout::kCxcywh},
                                   {"yxyx", RegionColumn::Layout::kYxyx}};

std::string_view layout_name(RegionColumn::Layout layout) {
    return std::ranges::find(kLayouts, layout, &LayoutName::layout)->name;
}

std::vector<std::string> split(std::string_view text, char at) {
    std::vector<std::string> parts;
    for (;;) {
        const std::size_t end = text.find(at);
        parts.emplace_back(text.substr(0, end));
        if (end == text.npos) return parts;
        text.remove_prefix(end + 1);
    }
}

// What stands at a path of names joined by dots, below `raw`: of a list, of each element.
void collect(std::string_view raw, std::string_view path, std::vector<std::string>& found) {
    if (path.empty()) {
        found.emplace_back(raw);
        return;
    }
    bool is_array = false;
    for (const std::string_view item : array_items(raw, is_array)) collect(item, path, found);
    if (!raw.starts_with('{')) return;
    const auto object = slice_object(raw);
    if (!object) return;
    if (const std::string* value = object->find(path)) return collect(*value, {}, found);
    const std::size_t dot = path.find('.');
    if (dot == path.npos) return;
    if (const std::string* value = object->find(path.substr(0, dot)))
        collect(*value, path.substr(dot + 1), found);
}

// The field that a path begins with: the whole path, or its part up to a dot. A name that records
// have for something else stands behind x_.
const Object::Field* first_field(const Object& object, std::string_view path,
                                 std::string_view& rest) {
    for (std::size_t end = path.size(); end != path.npos && end > 0;
         end = path.rfind('.', end - 1)) {
        const std::string_view name = path.substr(0, end);
        for (const std::string& tried : {std::string(name), "x_" + std::string(name)})
            for (const Object::Field& field : object.fields)
                if (field.name == tried) {
                    rest = end == path.size() ? std::string_view() : path.substr(end + 1);
                    return &field;
                }
    }
    return nullptr;
}

// The values at a path in a record. A text that holds JSON, as columns of CSV do, is that JSON.
std::vector<std::string> values_at(const Object& object, std::string_view path,
                                   std::vector<std::string>& used) {
    std::vector<std::string> found;
    std::string_view rest;
    const Object::Field* field = first_field(object, path, rest);
    if (!field) return found;
    used.push_back(field->name);
    std::string text;
    const bool holds_json = read_text(field->raw, text) &&
                            (text.starts_with('[') || text.starts_with('{')) &&
                            parse_object("{\"a\":" + text + "}");
    collect(holds_json ? text : field->raw, rest, found);
    return found;
}

// A number, or a text that is one.
bool read_side(std::string_view raw, double& value) {
    std::string text;
    return read_text(raw, text) ? read_number(text, value) : read_number(raw, value);
}

// The elements of lists of lists, each of which is a box; values that are no lists stay.
std::vector<std::string> flat(std::vector<std::string> values, bool of_lists) {
    std::vector<std::string> out;
    for (std::string& value : values) {
        bool is_array = false;
        const auto items = array_items(value, is_array);
        const bool is_outer =
            is_array && (!of_lists || (!items.empty() && items.front().starts_with('[')));
        if (is_outer)
            for (const std::string_view item : items) out.emplace_back(item);
        else if (!is_array || !items.empty())
            out.push_back(std::move(value));
    }
    return out;
}

struct RawBox {
    std::string raw;
    std::array<double, 4> sides{};
    bool is_sound = false;
};

// From one column of lists of four, or of lists of those.
std::vector<RawBox> boxes_in(const std::vector<std::string>& values) {
    std::vector<RawBox> boxes;
    for (const std::string& value : flat(values, true)) {
        RawBox box{value};
        bool is_array = false;
        const auto items = array_items(value, is_array);
        box.is_sound = items.size() == 4;
        for (std::size_t i = 0; box.is_sound && i < 4; ++i)
            box.is_sound = read_side(items[i], box.sides[i]);
        boxes.push_back(std::move(box));
    }
    return boxes;
}

// From four columns of numbers, or of lists of those.
std::vector<RawBox> boxes_of(const std::array<std::vector<std::string>, 4>& columns) {
    std::vector<RawBox> boxes(
        std::ranges::max(columns, {}, &std::vector<std::string>::size).size());
    for (std::size_t i = 0; i < boxes.size(); ++i) {
        boxes[i].is_sound = true;
        for (std::size_t side = 0; side < 4; ++side) {
            const std::string raw = i < columns[side].size() ? columns[side][i] : "null";
            boxes[i].raw += (side ? "," : "[") + raw;
            boxes[i].is_sound &= read_side(raw, boxes[i].sides[side]);
        }
        boxes[i].raw += "]";
    }
    return boxes;
}

std::array<double, 4> corners(RegionColumn::Layout layout, const std::array<double, 4>& s) {
    switch (layout) {
        case RegionColumn::Layout::kXyxy:
            break;
        case RegionColumn::Layout::kXywh:
            return {s[0], s[1], s[0] + s[2], s[1] + s[3]};
        case RegionColumn::Layout::kCxcywh:
            return {s[0] - s[2] / 2, s[1] - s[3] / 2, s[0] + s[2] / 2, s[1] + s[3] / 2};
        case RegionColumn::Layout::kYxyx:
            return {s[1], s[0], s[3], s[2]};
    }
    return s;
}

// Why a box cannot be of this layout and scale; empty if it can.
std::string problem(const RegionColumn& column, const RawBox& box) {
    if (!box.is_sound) return "it is not four numbers";
    const std::string layout(layout_name(column.layout));
    const auto c = corners(column.layout, box.sides);
    if (c[0] > c[2] || c[1] > c[3])
        return "its corners are in the wrong order for " + layout +
               (column.layout == RegionColumn::Layout::kXyxy
                    ? " (x, y, width, height? that is xywh)"
                    : "");
    if (column.scale != 1 && c[2] <= 1 && c[3] <= 1 && (c[2] > 0 || c[3] > 0))
        return "it lies within 0..1, and " + layout +
               (column.scale == 0 ? " is in pixels"
                                  : "/" + cli::real_text(column.scale) + " is in parts of that") +
               " (fractions are " + layout + "/1)";
    if (column.scale > 0 && std::ranges::max(c) > 2 * column.scale)
        return "it lies far outside of 0.." + cli::real_text(column.scale) + " (pixels are " +
               layout + " without /" + cli::real_text(column.scale) + ")";
    return {};
}

// Texts that cannot be put beside boxes.
std::string no_pair(std::size_t boxes, const std::string& column, std::size_t texts) {
    if (texts == 0) return "there is no \"" + column + "\"";
    return "there are " + std::to_string(boxes) + " boxes, but " + std::to_string(texts) +
           " texts in \"" + column + "\"";
}

class MappedRegions final : public WrappedRows {
public:
    MappedRegions(std::unique_ptr<RowReader> rows, std::vector<RegionColumn> columns)
        : WrappedRows(std::move(rows)), columns_(std::move(columns)) {}
    cli::Result<Record> record(const Row& row) const override {
        auto record = WrappedRows::record(row);
        if (record)
            for (const RegionColumn& column : columns_) add_region_column(*record, column);
        return record;
    }
    std::string describe() const override {
        std::string text = WrappedRows::describe();
        for (const RegionColumn& column : columns_)
            text += ", regions from \"" + cli::join(column.boxes, ",") + "\" as " +
                    std::string(layout_name(column.layout));
        return text;
    }

private:
    std::vector<RegionColumn> columns_;
};

}  // namespace

void from_text(std::string_view text, RegionColumn& column) {
    const std::string given(text);
    const auto refuse = [&](const std::string& why) -> cli::UsageError {
        return cli::UsageError("'" + given + "' " + why);
    };
    const std::size_t equals = text.find('=');
    if (equals == text.npos || equals + 1 == text.size())
        throw refuse(
            "is not of the form LAYOUT[/SCALE]=BOX[:TEXT[:LABEL]], for example "
            "xywh=bbox:phrase");
    const std::vector<std::string> layout = split(text.substr(0, equals), '/');
    const auto at = std::ranges::find(kLayouts, layout[0], &LayoutName::name);
    if (at == std::end(kLayouts))
        throw refuse("does not begin with one of the layouts xyxy, xywh, cxcywh, yxyx");
    column.layout = at->layout;
    if (layout.size() > 2 ||
        (layout.size() == 2 && (!read_number(layout[1], column.scale) || column.scale <= 0)))
        throw refuse("has a scale that is no positive number");
    const std::vector<std::string> paths = split(text.substr(equals + 1), ':');
    column.boxes = split(paths[0], ',');
    if (paths.size() > 3 || (column.boxes.size() != 1 && column.boxes.size() != 4) ||
        std::ranges::any_of(column.boxes, &std::string::empty))
        throw refuse("names neither one column of boxes nor four of their sides");
    if (paths.size() > 1) column.text = paths[1];
    if (paths.size() > 2) column.label = paths[2];
}

std::string to_text(const RegionColumn& column) {
    std::string text(layout_name(column.layout));
    if (column.scale > 0) text += "/" + cli::real_text(column.scale);
    text += "=" + cli::join(column.boxes, ",");
    if (!column.text.empty() || !column.label.empty()) text += ":" + column.text;
    if (!column.label.empty()) text += ":" + column.label;
    return text;
}

std::vector<std::string> names_of(const RegionColumn& column) {
    std::vector<std::string> names = column.boxes;
    for (const std::string& name : {column.text, column.label})
        if (!name.empty()) names.push_back(name);
    return names;
}

void add_region_column(Record& record, const RegionColumn& column) {
    std::vector<std::string> used;
    std::vector<RawBox> boxes;
    if (column.boxes.size() == 1) {
        boxes = boxes_in(values_at(record.object, column.boxes[0], used));
    } else {
        std::array<std::vector<std::string>, 4> sides;
        for (std::size_t i = 0; i < 4; ++i)
            sides[i] = flat(values_at(record.object, column.boxes[i], used), false);
        boxes = boxes_of(sides);
    }
    if (used.empty()) return;
    const auto words = [&](const std::string& path) {
        std::vector<std::string> texts;
        if (path.empty()) return texts;
        for (const std::string& raw : flat(values_at(record.object, path, used), false))
            if (!read_text(raw, texts.emplace_back()) && raw != "null") texts.back() = raw;
        if (texts.size() == 1 && boxes.size() > 1) texts.resize(boxes.size(), texts.front());
        return texts;
    };
    const std::vector<std::string> texts = words(column.text), labels = words(column.label);
    RegionList regions;
    const auto fits = [&](const std::string& path, const std::vector<std::string>& values) {
        return path.empty() || values.size() == boxes.size();
    };
    const bool is_paired = fits(column.text, texts) && fits(column.label, labels);
    for (std::size_t i = 0; i < boxes.size(); ++i) {
        std::string why = problem(column, boxes[i]);
        if (why.empty() && !is_paired)
            why = no_pair(boxes.size(), fits(column.text, texts) ? column.label : column.text,
                          fits(column.text, texts) ? labels.size() : texts.size());
        if (!why.empty()) {
            regions.add_bad(why, boxes[i].raw);
            continue;
        }
        PixelRegion region{corners(column.layout, boxes[i].sides),
                           column.text.empty() ? "" : texts[i], column.source};
        if (!column.label.empty()) region.label = labels[i];
        if (region.text.empty()) region.text = std::exchange(region.label, "");
        regions.add(std::move(region), boxes[i].raw);
    }
    std::erase_if(record.object.fields, [&](const Object::Field& field) {
        return std::ranges::find(used, field.name) != used.end();
    });
    const Size size = column.scale > 0 ? Size{column.scale, column.scale} : size_of(record.object);
    regions.store(record, size);
}

std::unique_ptr<RowReader> with_regions(std::unique_ptr<RowReader> rows,
                                        std::vector<RegionColumn> columns) {
    if (columns.empty()) return rows;
    return std::make_unique<MappedRegions>(std::move(rows), std::move(columns));
}

}  // namespace lip::record
