#include "record/record.h"

#include "cli/log.h"

#include <algorithm>
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

std::vector<std::string> items_of(std::string_view raw, const std::string& name) {
    bool is_array = false;
    auto items = array_items(raw, is_array);
    if (!is_array) bad_record("\"" + name + "\" is not a list");
    return items;
}

std::string text_of(const std::string& raw, const std::string& name) {
    std::string value;
    if (!read_text(raw, value)) bad_record("\"" + name + "\" is not a text");
    return value;
}

void read_optional(const Object& object, const char* name, std::string& value) {
    const std::string* raw = object.find(name);
    if (raw && *raw != "null") value = text_of(*raw, name);
}

std::vector<std::string> texts_of(const std::string& raw, const std::string& name) {
    std::vector<std::string> texts = items_of(raw, name);
    for (std::string& text : texts) text = text_of(text, name);
    return texts;
}

std::vector<Span> spans_of(const std::string& raw, std::size_t text_size) {
    std::vector<Span> spans;
    std::int64_t last = 0;
    for (const std::string& item : items_of(raw, "sentences")) {
        const auto pair = items_of(item, "sentences");
        std::int64_t begin = 0, end = 0;
        if (pair.size() != 2 || !read_integer(pair[0], begin) || !read_integer(pair[1], end))
            bad_record("\"sentences\" holds something that is not [begin, end]");
        if (begin < last || end < begin || end > static_cast<std::int64_t>(text_size))
            bad_record("sentence [" + pair[0] + "," + pair[1] +
                       "] is out of order or outside its text");
        spans.push_back({static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end)});
        last = end;
    }
    return spans;
}

Object object_of(const std::string& raw, const std::string& name) {
    auto object = slice_object(raw);
    if (!object)
        bad_record("\"" + name +
                   "\" holds something that is no object: " + object.reject().message);
    return std::move(*object);
}

Caption caption_of(const std::string& raw) {
    Caption caption;
    caption.object = object_of(raw, "captions");
    const std::string* text = caption.object.find("text");
    if (!text) bad_record("a caption has no \"text\"");
    caption.text = text_of(*text, "text");
    read_optional(caption.object, "source", caption.source);
    read_optional(caption.object, "form", caption.form);
    if (const auto* spans = caption.object.find("sentences"))
        caption.sentences = spans_of(*spans, caption.text.size());
    if (const auto* phrases = caption.object.find("phrases"))
        caption.phrases = texts_of(*phrases, "phrases");
    if (const auto* flags = caption.object.find("flags")) caption.flags = texts_of(*flags, "flags");
    return caption;
}

Region region_of(const std::string& raw) {
    const Object object = object_of(raw, "regions");
    Region region;
    const std::string* box = object.find("box");
    bool is_array = false;
    const auto sides = box ? array_items(*box, is_array) : std::vector<std::string>{};
    if (sides.size() != 4) throw Problem{{"bad-region", "a region has no \"box\" of four numbers"}};
    for (std::size_t i = 0; i < 4; ++i)
        if (!read_number(sides[i], region.box[i]) || region.box[i] < 0 || region.box[i] > 1)
            throw Problem{
                {"bad-region", "box " + *box + " is not within 0..1 (fractions of the image)"}};
    if (region.box[0] > region.box[2] || region.box[1] > region.box[3])
        throw Problem{{"bad-region", "box " + *box + " has its corners the wrong way round"}};
    read_optional(object, "text", region.text);
    read_optional(object, "source", region.source);
    double score = 0;
    if (const auto* number = object.find("score"); number && read_number(*number, score))
        region.score = score;
    return region;
}

void read_known(Record& record) {
    const Object& object = record.object;
    if (const auto* version = object.find("record"); version && *version != "1")
        throw Problem{
            {"bad-version", "record version " + *version + ", this tool knows version 1"}};
    const std::string* key = object.find("key");
    if (!key) bad_record("no \"key\"");
    record.key = text_of(*key, "key");
    if (record.key.empty()) bad_record("\"key\" is empty");
    read_optional(object, "image", record.image);
    read_optional(object, "url", record.url);
    read_optional(object, "mask", record.mask);
    if (const auto* width = object.find("width")) read_integer(*width, record.width);
    if (const auto* height = object.find("height")) read_integer(*height, record.height);
    if (const auto* label = object.find("label"); label && *label != "null") {
        std::string one;
        if (read_text(*label, one))
            record.labels.push_back(one);
        else if (label->front() == '[')
            record.labels = texts_of(*label, "label");
        else
            record.labels.push_back(*label);  // a number is a label too
    }
    if (const auto* captions = object.find("captions"))
        for (const std::string& item : items_of(*captions, "captions"))
            record.captions.push_back(caption_of(item));
    if (const auto* regions = object.find("regions"))
        for (const std::string& item : items_of(*regions, "regions"))
            record.regions.push_back(region_of(item));
}

void append_spans(std::string& out, const std::vector<Span>& spans) {
    out += '[';
    for (const Span span : spans) {
        out += out.back() == '[' ? "[" : ",[";
        append_integer(out, span.begin);
        out += ',';
        append_integer(out, span.end);
        out += ']';
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
    auto object = parse_object(line);
    if (!object) return object.reject();
    Record record;
    record.object = std::move(*object);
    try {
        read_known(record);
    } catch (const Problem& problem) {
        return problem.reject;
    }
    return record;
}

// The fields as they were read, with what the members say in place of theirs or behind them.
void append_json(std::string& out, const Caption& caption) {
    const auto append = [&](std::string_view name, const auto& write_value) {
        if (out.back() != '{') out += ',';
        cli::append_json_string(out, name);
        out += ':';
        write_value();
    };
    const auto sentences = [&] { append_spans(out, *caption.sentences); };
    const auto phrases = [&] { append_texts(out, *caption.phrases); };
    const auto flags = [&] { append_texts(out, *caption.flags); };
    bool has_text = false, has_source = caption.source.empty(), has_form = caption.form.empty();
    bool has_sentences = !caption.sentences, has_phrases = !caption.phrases,
         has_flags = !caption.flags;
    out += '{';
    for (const Object::Field& field : caption.object.fields) {
        // True for the field of this name; `done` notes that it is written.
        const auto is = [&](std::string_view name, bool& done) {
            return field.name == name && !std::exchange(done, true);
        };
        if (is("sentences", has_sentences)) {
            append(field.name, sentences);
        } else if (is("phrases", has_phrases)) {
            append(field.name, phrases);
        } else if (is("flags", has_flags)) {
            append(field.name, flags);
        } else {
            has_text |= field.name == "text";
            has_source |= field.name == "source";
            has_form |= field.name == "form";
            append(field.name, [&] { out += field.raw; });
        }
    }
    if (!has_text) append("text", [&] { cli::append_json_string(out, caption.text); });
    if (!has_source) append("source", [&] { cli::append_json_string(out, caption.source); });
    if (!has_form) append("form", [&] { cli::append_json_string(out, caption.form); });
    if (!has_sentences) append("sentences", sentences);
    if (!has_phrases) append("phrases", phrases);
    if (!has_flags) append("flags", flags);
    out += '}';
}

void Record::update_captions() {
    std::string raw = "[";
    for (const Caption& caption : captions) {
        if (raw.size() > 1) raw += ',';
        append_json(raw, caption);
    }
    object.set("captions", raw + "]");
}

void append_json(std::string& out, const Record& record) {
    record.object.append_json(out);
}

}  // namespace lip::record
