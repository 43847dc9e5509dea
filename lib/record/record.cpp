#include "record/record.h"

#include "cli/log.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace lip::record {
namespace {

using cli::Reject;

struct Problem {  // carried up to parse_record
    Reject reject;
};

[[noreturn]] void bad_record(std::string message) {
    throw Problem{{"bad-record", std::move(message)}};
}

std::vector<std::string_view> items_of(std::string_view raw, const char* name) {
    bool is_array = false;
    auto items = array_items(raw, is_array);
    if (!is_array) bad_record("\"" + std::string(name) + "\" is not a list");
    return items;
}

void take_text(std::string_view raw, const char* name, std::string& value) {
    if (!read_text(raw, value)) bad_record("\"" + std::string(name) + "\" is not a string");
}

// Nothing for null.
void take_optional(std::string_view raw, const char* name, std::string& value) {
    if (raw != "null") take_text(raw, name, value);
}

std::vector<std::string> texts_of(std::string_view raw, const char* name) {
    std::vector<std::string> texts;
    for (const std::string_view item : items_of(raw, name))
        take_text(item, name, texts.emplace_back());
    return texts;
}

std::vector<Span> spans_of(std::string_view raw, std::size_t text_size) {
    std::vector<Span> spans;
    std::int64_t last = 0;
    for (const std::string_view item : items_of(raw, "sentences")) {
        const auto pair = items_of(item, "sentences");
        std::int64_t begin = 0, end = 0;
        if (pair.size() != 2 || !read_integer(pair[0], begin) || !read_integer(pair[1], end))
            bad_record("\"sentences\" has an item that is not [begin, end]");
        if (begin < last || end < begin || end > static_cast<std::int64_t>(text_size))
            bad_record("sentence [" + std::string(pair[0]) + "," + std::string(pair[1]) +
                       "] is out of order or outside its text");
        spans.push_back({static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end)});
        last = end;
    }
    return spans;
}

Object object_of(Slicer& slicer, const char* name) {
    Object object;
    const auto no_reader = [](std::string_view) { return false; };
    if (const auto reject = slice_fields(slicer, object, no_reader))
        bad_record("\"" + std::string(name) +
                   "\" has an item that is not an object: " + reject->message);
    return object;
}

Caption caption_of(Slicer& slicer) {
    Caption caption;
    caption.object = object_of(slicer, "captions");
    bool has_text = false;
    const std::string* sentences = nullptr;
    for (const Object::Field& field : caption.object.fields) {
        const std::string_view name = field.name;
        if (name == "text") {
            has_text = true;
            take_text(field.raw, "text", caption.text);
        } else if (name == "source") {
            take_optional(field.raw, "source", caption.source);
        } else if (name == "form") {
            take_optional(field.raw, "form", caption.form);
        } else if (name == "sentences") {
            sentences = &field.raw;
        } else if (name == "phrases") {
            caption.phrases = texts_of(field.raw, "phrases");
        } else if (name == "flags") {
            caption.flags = texts_of(field.raw, "flags");
        }
    }
    if (!has_text) bad_record("a caption has no \"text\"");
    if (sentences) caption.sentences = spans_of(*sentences, caption.text.size());
    return caption;
}

std::vector<Caption> captions_of(Slicer& slicer) {
    std::vector<Caption> captions;
    if (!slicer.enter('[')) bad_record("\"captions\" is not a list");
    captions.reserve(8);
    while (slicer.more(']')) captions.push_back(caption_of(slicer));
    return captions;
}

// Detectors and divisions overshoot the image by a hair.
constexpr double kRounding = 1e-3;

Region region_of(std::string_view raw) {
    Slicer slicer(raw);
    const Object object = object_of(slicer, "regions");
    Region region;
    const std::string* box = object.find("box");
    bool is_array = false;
    const auto sides = box ? array_items(*box, is_array) : std::vector<std::string_view>{};
    if (sides.size() != 4) throw Problem{{"bad-region", "a region has no \"box\" of four numbers"}};
    for (std::size_t i = 0; i < 4; ++i) {
        double& side = region.box[i];
        if (!read_number(sides[i], side) || side < -kRounding || side > 1 + kRounding)
            throw Problem{
                {"bad-region", "box " + *box + " is not within 0..1 (fractions of the image)"}};
        side = std::clamp(side, 0.0, 1.0);
    }
    if (region.box[0] > region.box[2] || region.box[1] > region.box[3])
        throw Problem{
            {"bad-region", "box " + *box +
                               " has its corners in the wrong order (x, y, width, height? "
                               "recaption-ingest --region xywh/1=regions.box reads those)"}};
    if (const auto* text = object.find("text")) take_optional(*text, "text", region.text);
    if (const auto* source = object.find("source")) take_optional(*source, "source", region.source);
    if (const auto* label = object.find("label")) take_optional(*label, "label", region.label);
    double score = 0;
    if (const auto* number = object.find("score"); number && read_number(*number, score))
        region.score = score;
    return region;
}

void take_labels(std::string_view raw, std::vector<std::string>& labels) {
    if (raw == "null") return;
    if (raw.starts_with('[')) {
        labels = texts_of(raw, "label");
    } else if (!read_text(raw, labels.emplace_back())) {
        labels.back() = raw;  // a number is a label too
    }
}

void read_known(Record& record) {
    const Object& object = record.object;
    if (const auto* version = object.find("record"); version && *version != "1")
        throw Problem{{"bad-version", "the record has version " + *version +
                                          ", but this tool knows only version 1"}};
    const std::string* key = object.find("key");
    if (!key) bad_record("no \"key\"");
    take_text(*key, "key", record.key);
    if (record.key.empty()) bad_record("\"key\" is empty");
    for (const Object::Field& field : object.fields) {
        const std::string_view name = field.name;
        if (name == "image") {
            take_optional(field.raw, "image", record.image);
        } else if (name == "url") {
            take_optional(field.raw, "url", record.url);
        } else if (name == "mask") {
            take_optional(field.raw, "mask", record.mask);
        } else if (name == "width") {
            read_integer(field.raw, record.width);
        } else if (name == "height") {
            read_integer(field.raw, record.height);
        } else if (name == "label") {
            take_labels(field.raw, record.labels);
        }
    }
    if (const auto* regions = object.find("regions"))
        for (const std::string_view item : items_of(*regions, "regions"))
            record.regions.push_back(region_of(item));
}

void append_spans(std::string& out, const std::vector<Span>& spans) {
    out += '[';
    for (const Span& span : spans) {
        std::array<char, 32> item;  // ",[4294967295,4294967295]" takes 24
        char* end = item.data();
        if (&span != spans.data()) *end++ = ',';
        *end++ = '[';
        end = std::to_chars(end, item.end(), span.begin).ptr;
        *end++ = ',';
        end = std::to_chars(end, item.end(), span.end).ptr;
        *end++ = ']';
        out.append(item.data(), end);
    }
    out += ']';
}

void append_texts(std::string& out, const std::vector<std::string>& texts) {
    out += '[';
    for (const std::string& text : texts) {
        if (out.back() != '[') out += ',';
        cli::append_json_string(out, text);
    }
    out += ']';
}

}  // namespace

bool Caption::has_flag(std::string_view flag) const {
    return flags && std::find(flags->begin(), flags->end(), flag) != flags->end();
}

cli::Result<Record> parse_record(std::string_view line) {
    std::string buffer;
    const auto checked = check_object(line, buffer);
    if (!checked) return checked.reject();
    Record record;
    Slicer slicer(checked->text);
    std::optional<Problem> in_captions;  // what is wrong with the record itself is said first
    // Captions are most of a line: they are read on the way, in the same pass.
    const auto read_captions = [&](std::string_view name) {
        if (name != "captions") return false;
        const std::size_t begin = slicer.position();
        try {
            record.captions = captions_of(slicer);
            return true;
        } catch (const Problem& problem) {
            in_captions = problem;
            slicer.return_to(begin);
            return false;
        }
    };
    try {
        if (auto reject = slice_fields(slicer, record.object, read_captions)) return *reject;
        read_known(record);
        if (in_captions) throw *in_captions;
    } catch (Problem& problem) {
        problem.reject.key = record.key;
        return problem.reject;
    }
    if (checked->replaced) flag_replaced(record);
    return record;
}

void flag_replaced(Record& record) {
    bool is_changed = false;
    for (Caption& caption : record.captions) {
        if (caption.text.find("\xEF\xBF\xBD") == std::string::npos) continue;
        if (caption.has_flag("invalid_utf8")) continue;
        if (!caption.flags) caption.flags.emplace();
        caption.flags->push_back("invalid_utf8");
        is_changed = true;
    }
    if (is_changed) record.update_captions();
}

void append_box(std::string& out, const std::array<double, 4>& box) {
    out += '[';
    for (const double side : box) {
        if (out.back() != '[') out += ',';
        append_score(out, side);
    }
    out += ']';
}

void append_region_place(std::string& out, const Record& record, std::size_t index) {
    out += ",\"region\":";
    append_integer(out, static_cast<std::int64_t>(index));
    out += ",\"box\":";
    append_box(out, record.regions[index].box);
}

// The fields as they were read, with what the members say in place of theirs or behind them.
void append_json(std::string& out, const Caption& caption) {
    bool has_text = false, has_source = caption.source.empty(), has_form = caption.form.empty();
    bool has_sentences = !caption.sentences, has_phrases = !caption.phrases,
         has_flags = !caption.flags;
    const auto add_name = [&](std::string_view name) {
        if (out.back() != '{') out += ',';
        cli::append_json_string(out, name);
        out += ':';
    };
    // Writes a member the first time that it is asked for; `is_done` notes that.
    const auto add_sentences = [&] {
        if (std::exchange(has_sentences, true)) return false;
        add_name("sentences");
        append_spans(out, *caption.sentences);
        return true;
    };
    const auto add_texts = [&](std::string_view name, bool& is_done, const auto& texts) {
        if (std::exchange(is_done, true)) return false;
        add_name(name);
        append_texts(out, *texts);
        return true;
    };
    const auto add_text = [&](std::string_view name, bool is_done, std::string_view value) {
        if (is_done) return;
        add_name(name);
        cli::append_json_string(out, value);
    };
    out += '{';
    for (const Object::Field& field : caption.object.fields) {
        const std::string_view name = field.name;
        if (name == "sentences" && add_sentences()) continue;
        if (name == "phrases" && add_texts(name, has_phrases, caption.phrases)) continue;
        if (name == "flags" && add_texts(name, has_flags, caption.flags)) continue;
        has_text |= name == "text";
        has_source |= name == "source";
        has_form |= name == "form";
        add_name(name);
        out += field.raw;
    }
    add_text("text", has_text, caption.text);
    add_text("source", has_source, caption.source);
    add_text("form", has_form, caption.form);
    add_sentences();
    add_texts("phrases", has_phrases, caption.phrases);
    add_texts("flags", has_flags, caption.flags);
    out += '}';
}

void Record::update_captions() {
    const std::string* before = object.find("captions");
    std::string raw = "[";
    raw.reserve(before ? before->size() + before->size() / 2 : 0);
    for (const Caption& caption : captions) {
        if (raw.size() > 1) raw += ',';
        append_json(raw, caption);
    }
    raw += ']';
    object.set("captions", std::move(raw));
}

void append_json(std::string& out, const Record& record) {
    record.object.append_json(out);
}

}  // namespace lip::record
