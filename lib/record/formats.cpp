#include "record/formats.h"

#include "cli/log.h"
#include "record/content.h"
#include "record/delimited.h"
#include "record/json_rows.h"
#include "record/lines.h"
#include "record/parquet.h"
#include "record/url.h"
#include "text/flags.h"
#include "text/utf8.h"

#include <algorithm>

namespace lip::record {
namespace {

// Two columns without a header: in the first row and nearly all others one is a URL.
bool is_url_column(const Shape& shape, std::size_t column) {
    if (shape.tab.empty() || shape.tab[0].size() != 2 || !is_url(shape.tab[0][column]))
        return false;
    std::size_t urls = 0;
    for (const auto& row : shape.tab) {
        if (row.size() != 2) return false;
        urls += is_url(row[column]);
    }
    return urls * 100 >= shape.tab.size() * 95;
}

// Records as this tool kit writes them. A key alone will do when nothing else fits.
bool is_record(const Shape& shape) {
    return shape.is_objects() && shape.has("key") && (shape.has("captions") || shape.has("record"));
}
bool is_keyed(const Shape& shape) {
    return shape.is_objects() && shape.has("key");
}

constexpr CaptionFormat kFormats[] = {
    {"records", "records of this tool kit (JSONL)", is_record, open_records},
    {"dreamlip-csv",
     "DreamLIP release CSV: Image Path, raw_caption, short and long captions of three models",
     nullptr, nullptr},
    {"dreamlip-packed", "DreamLIP JSON arrays: ImagePath, RawCaption, IBCaptionShort, ...", nullptr,
     nullptr},
    {"dreamlip-json", "DreamLIP JSON, an object an image: ImagePath and the names of the CSV",
     nullptr, nullptr},
    {"recap-datacomp", "Recap-DataComp-1B: url, re_caption, org_caption", nullptr, nullptr},
    {"pixelprose", "PixelProse: url, vlm_caption with its source in vlm_model, original_caption",
     nullptr, nullptr},
    {"llavanext-jsonl", "CC12M with LLaVA-NeXT captions: url, caption_llava, caption_llava_short",
     nullptr, nullptr},
    {"docci", "DOCCI: example_id, image_file, description", nullptr, nullptr},
    {"dci", "DCI, an object an image: image, short_caption, extra_caption, mask_data as regions",
     [](const Shape& s) { return s.is_objects() && has_columns(*find_release("dci"), s.names); },
     open_dci},
    {"iiw", "ImageInWords: IIW, IIW-P5B, DOCCI, image/key", nullptr, nullptr},
    {"detailcaps", "DetailCaps: image, GT_Caption_GPT4V, GT_Caption_GPT4O, ...", nullptr, nullptr},
    {"yfcc15m", "YFCC15M rows: downloadurl, title, description", nullptr, nullptr},
    {"yfcc15m-tokens", "YFCC15M with texts as CLIP's token ids: images, texts; needs --vocabulary",
     [](const Shape& s) { return s.is_objects() && s.has("images") && s.has("texts"); },
     open_token_ids},
    {"img2dataset-table", "img2dataset's tables of a download: url, caption, key, status", nullptr,
     nullptr},
    {"conversations", "ShareGPT4V, LLaVA: image and conversations; the first answer is the caption",
     [](const Shape& s) { return s.is_objects() && s.has("conversations"); }, open_conversations},
    {"grit", "GRIT: url, caption, noun_chunks and ref_exps as regions",
     [](const Shape& s) { return s.is_objects() && s.has("noun_chunks"); }, open_grit},
    {"visual-genome", "Visual Genome regions: id and regions, width and height if they are there",
     [](const Shape& s) { return s.is_objects() && s.has("regions") && !s.has("key"); },
     open_visual_genome},
    {"coco", "COCO captions: images and annotations; read as a whole",
     [](const Shape& s) { return s.is_json() && s.has("images") && s.has("annotations"); },
     open_coco},
    {"karpathy", "Karpathy's splits of COCO and Flickr30k: images with sentences",
     [](const Shape& s) { return s.is_json() && (s.has("images") || s.has("sentences")); },
     open_karpathy},
    {"urban1k", "Urban-1k, DOCCI and IIW for retrieval: annotations with image_id, image, caption",
     [](const Shape& s) {
         return s.is_objects() &&
                (s.has("annotations") || has_columns(*find_release("urban1k"), s.names));
     },
     nullptr},
    {"flickr", "Flickr30k for retrieval: image, caption (a text or a list)",
     [](const Shape& s) { return s.is_objects() && has_columns(*find_release("flickr"), s.names); },
     nullptr},
    {"recap-long", "Recap-Long-LAION and -COYO: a URL and long captions of several models", nullptr,
     nullptr},
    {"cc3m", "Conceptual Captions 3M: caption, tab, URL",
     [](const Shape& s) { return is_url_column(s, 1) && !is_url_column(s, 0); }, open_cc3m},
    {"cc12m", "Conceptual 12M: URL, tab, caption",
     [](const Shape& s) { return is_url_column(s, 0) && !is_url_column(s, 1); }, open_cc12m},
    {"csv", "comma-separated text with a header; needs --map and --caption", nullptr, open_csv},
    {"tsv", "tab-separated text with a header; needs --map and --caption", nullptr, open_tsv},
    {"jsonl", "JSON objects, a line each or in an array; needs --map and --caption", nullptr,
     open_jsonl},
    {"parquet", "Parquet with the columns of a release, or any with --map and --caption", nullptr,
     open_jsonl},
};

bool matches(const CaptionFormat& format, const Shape& shape) {
    if (format.matches) return format.matches(shape);
    const Release* release = find_release(format.name);
    if (!release) return false;  // only when named
    const auto fits = [&](const auto& rows) {
        return !rows.empty() && has_columns(*release, rows[0]);
    };
    return shape.is_objects() ? has_columns(*release, shape.names)
                              : fits(shape.comma) || fits(shape.tab);
}

std::unique_ptr<RowReader> open_as(const CaptionFormat& format, std::unique_ptr<ByteSource> source,
                                   const ImportSettings& settings, const std::string& name,
                                   const Shape& shape) {
    if (format.open) return format.open(std::move(source), settings, name, shape);
    const Release* release = find_release(format.name);
    if (shape.is_objects()) {
        std::vector<std::string> names;
        if (!shape.has("annotations")) names = shape.names;
        for (const KnownColumn& column : release->columns)
            if (!shape.has(column.name)) names.emplace_back(column.name);
        auto columns = assign_roles(names, release, settings.map, name,
                                    /*open_ended=*/!shape.parquet);
        if (shape.parquet) report_kept(columns, name);
        std::string description = describe(columns);
        return json_rows(std::move(source), settings, shape,
                         by_columns(std::move(columns), settings, format.name == "dreamlip-json"),
                         std::move(description), "annotations");
    }
    const bool is_tab = !shape.tab.empty() && has_columns(*release, shape.tab[0]);
    return delimited_rows(std::move(source), settings, name, is_tab ? '\t' : ',', release);
}

const CaptionFormat* find_format(std::string_view name) {
    const auto at = std::find_if(std::begin(kFormats), std::end(kFormats),
                                 [&](const CaptionFormat& format) { return format.name == name; });
    return at == std::end(kFormats) ? nullptr : at;
}

// The container alone, where --map and --caption say the rest.
const CaptionFormat* mapped_format(const Shape& shape) {
    if (shape.parquet) return find_format("parquet");
    if (shape.is_json()) return find_format("jsonl");
    const auto width = [](const auto& rows) { return rows.empty() ? 0 : rows[0].size(); };
    return find_format(width(shape.tab) > width(shape.comma) ? "tsv" : "csv");
}

// In place of the bytes of a Parquet file, for a format that would read them as text.
class NoText final : public ByteSource {
public:
    explicit NoText(std::string name) : name_(std::move(name)) {}
    std::size_t read(char*, std::size_t) override {
        throw cli::DataError(
            name_ +
            ": is a Parquet file, but files of this format are not (leave out --input-format)");
    }
    bool would_wait() override { return false; }

private:
    std::string name_;
};

// Why no format fits, and what to do.
std::string not_recognised(const Shape& shape) {
    std::vector<std::string> names = shape.names;
    if (!shape.is_objects())
        names = shape.tab.empty() || shape.tab[0].size() < 2
                    ? (shape.comma.empty() ? names : shape.comma[0])
                    : shape.tab[0];
    std::string columns;
    for (std::size_t i = 0; i < std::min<std::size_t>(names.size(), 12); ++i)
        columns +=
            (i ? ", \"" : "\"") + text::replace_invalid_utf8(names[i].substr(0, 40)).text + "\"";
    return std::string("the format is not recognised: ") +
           (shape.parquet     ? "Parquet"
            : shape.is_json() ? "JSON"
                              : "text") +
           " with the columns " + (columns.empty() ? "without names" : columns) +
           " (name the columns with --map url=COLUMN --caption SOURCE:FORM=COLUMN, or the format "
           "with --input-format; --list-formats lists the formats)";
}

std::pair<std::string, std::string> split_at_equals(std::string_view given, const char* form) {
    const std::string text(given);
    const std::size_t equals = text.find('=');
    if (equals == 0 || equals == text.npos || equals + 1 == text.size())
        throw cli::UsageError("'" + text + "' is not of the form " + form);
    return {text.substr(0, equals), text.substr(equals + 1)};
}

}  // namespace

std::span<const CaptionFormat> caption_formats() {
    return kFormats;
}

void from_text(std::string_view text, FieldColumn& column) {
    auto [field, name] = split_at_equals(text, "FIELD=COLUMN");
    constexpr std::string_view kFields[] = {"key", "image", "url", "width", "height", "label"};
    if (std::find(std::begin(kFields), std::end(kFields), field) == std::end(kFields))
        throw cli::UsageError("'" + field + "' is none of key, image, url, width, height, label");
    column = {std::move(field), std::move(name)};
}

std::string to_text(const FieldColumn& column) {
    return column.field + "=" + column.column;
}

void from_text(std::string_view text, CaptionColumn& column) {
    auto [what, name] = split_at_equals(text, "SOURCE:FORM=COLUMN, for example human:raw=caption");
    const std::size_t colon = what.find(':');
    const std::string source = what.substr(0, colon);
    const std::string form = colon != what.npos ? what.substr(colon + 1)
                             : source == "raw"  ? "raw"
                                                : "long";
    if (form != "raw" && form != "short" && form != "long")
        throw cli::UsageError("the form '" + form + "' is none of raw, short, long");
    column = {source, form, std::move(name)};
}

std::string to_text(const CaptionColumn& column) {
    return column.source + ":" + column.form + "=" + column.column;
}

CaptionSource::CaptionSource(const std::string& path)
    : source_(open_bytes(path)), path_(path), name_(display_name(path)) {}

std::string_view CaptionSource::head() {
    constexpr std::size_t kMost = 1 << 16;
    std::string block(kMost, '\0');
    ScanState json;
    while (head_.size() < kMost) {
        const std::size_t begin = head_.find_first_not_of(" \t\r\n\xEF\xBB\xBF");
        const bool is_json = begin != head_.npos && (head_[begin] == '{' || head_[begin] == '[');
        const bool seen = is_json ? scan_value(std::string_view(head_).substr(begin), json) > 0
                                  : begin != head_.npos && head_.find('\n', begin) != head_.npos;
        if (seen && source_->would_wait()) break;
        const std::size_t n = source_->read(block.data(), kMost - head_.size());
        if (n == 0) break;
        head_.append(block, 0, n);
    }
    return head_;
}

std::size_t CaptionSource::read(char* to, std::size_t size) {
    if (at_ == head_.size()) return source_->read(to, size);
    const std::size_t n = head_.copy(to, size, at_);
    at_ += n;
    return n;
}

bool CaptionSource::would_wait() {
    return at_ == head_.size() && source_->would_wait();
}

std::unique_ptr<RowReader> open_captions(std::unique_ptr<CaptionSource> source,
                                         const ImportSettings& settings, std::string& format) {
    const std::string name = source->name();
    Shape shape = detect_shape(source->head());
    // Where a format is named, its text may hold any bytes.
    if (format.empty() && shape.kind != Shape::Kind::kParquet)
        if (const ContentKind kind = content_of(source->head());
            kind.content == Content::kTar || kind.content == Content::kForeign ||
            kind.content == Content::kPicture)
            throw cli::DataError(name + ": " + kind.message());
    std::unique_ptr<ByteSource> bytes;
    if (shape.kind == Shape::Kind::kParquet) {
        shape.parquet = open_parquet(source->path(), name, settings.map);
        shape.names = shape.parquet->columns;
        bytes = std::make_unique<NoText>(name);
    } else if (format == "parquet") {
        throw cli::DataError(name + ": is not Parquet: it does not begin with PAR1");
    } else {
        bytes = std::move(source);
    }
    const bool is_any_parquet = format == "parquet" && settings.map.empty();
    const CaptionFormat* found = nullptr;
    if (!format.empty() && !is_any_parquet) {
        found = find_format(format);
        if (!found)
            throw cli::DataError(name + ": " + format +
                                 " cannot be read here (convert it to records first: "
                                 "recaption-ingest FILE -o FILE.jsonl)");
    } else if (shape.kind == Shape::Kind::kEmpty) {
        found = find_format("records");
    } else {
        for (const CaptionFormat& candidate : kFormats)
            if (!found && matches(candidate, shape)) found = &candidate;
        if (!found && !settings.map.empty()) found = mapped_format(shape);
        if (!found && is_keyed(shape)) found = find_format("records");
        if (!found) throw cli::DataError(name + ": " + not_recognised(shape));
    }
    format = found->name;
    auto reader = open_as(*found, std::move(bytes), settings, name, shape);
    cli::verbose(name + ": " + std::string(found->name) + ": " + reader->describe());
    return reader;
}

void add_caption(Record& record, std::string_view words, std::string source, std::string form) {
    if (text::is_missing_caption(words)) return;
    Caption caption;
    caption.source = std::move(source);
    caption.form = std::move(form);
    text::Repaired repaired = text::replace_invalid_utf8(words);
    caption.text = std::move(repaired.text);
    if (repaired.changed) caption.flags = {"invalid_utf8"};
    record.captions.push_back(std::move(caption));
}

void keep_field(Record& record, Object::Field field) {
    constexpr std::string_view kOurs[] = {"record", "key",    "image",    "url",     "mask",
                                          "width",  "height", "captions", "regions", "label"};
    if (record.object.find(field.name)) return;
    if (std::ranges::find(kOurs, field.name) != std::end(kOurs)) {
        Object alone;
        alone.set_text("key", "k");
        alone.set(field.name, field.raw);
        std::string line;
        alone.append_json(line);
        if (!parse_record(line)) field.name.insert(0, "x_");
        if (record.object.find(field.name)) return;
    }
    record.object.fields.push_back(std::move(field));
}

bool set_reference(Record& record, std::string_view given_key, std::string_view url,
                   std::string_view path, const ImportSettings& settings) {
    const bool by_path = settings.key == ImportSettings::Key::kPath;
    const std::string_view reference = by_path || url.empty() ? path : url;
    if (settings.key == ImportSettings::Key::kAuto && !given_key.empty())
        record.key = settings.key_prefix + std::string(given_key);
    else if (!reference.empty())
        record.key = settings.key_prefix + reference_key(reference);
    if (record.key.empty()) return false;
    record.key = text::replace_invalid_utf8(record.key).text;
    record.url = text::replace_invalid_utf8(url).text;
    record.image = text::replace_invalid_utf8(path).text;
    record.object.set_text("key", record.key);
    if (!record.image.empty()) record.object.set_text("image", record.image);
    if (!record.url.empty()) record.object.set_text("url", record.url);
    return true;
}

}  // namespace lip::record
