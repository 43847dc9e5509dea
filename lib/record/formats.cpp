#include "record/formats.h"

#include "cli/log.h"
#include "record/content.h"
#include "record/delimited.h"
#include "record/json_document.h"
#include "record/json_rows.h"
#include "record/lines.h"
#include "record/parquet.h"
#include "record/recognise.h"
#include "record/shape.h"
#include "record/url.h"
#include "text/flags.h"
#include "text/utf8.h"

#include <algorithm>

namespace lip::record {
namespace {

constexpr std::size_t kMostHead = 1 << 16;

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

// "1.jpg#0" in front of a tab.
bool is_numbered_image(std::string_view field) {
    const std::size_t hash = field.rfind('#');
    return hash != field.npos && hash > 0 && hash + 1 < field.size() &&
           field.find_first_not_of("0123456789", hash + 1) == field.npos;
}
bool is_flickr_tokens(const Shape& shape) {
    std::size_t numbered = 0;
    for (const auto& row : shape.tab) {
        if (row.size() != 2) return false;
        numbered += is_numbered_image(row[0]);
    }
    return numbered > 0 && numbered * 100 >= shape.tab.size() * 95;
}

// COCO's file has its images first and the captions far behind, out of sight; Karpathy's has them
// in the images.
bool has_coco_images(const Shape& shape) {
    const auto images = inside(shape, "images");
    return images && images->has("file_name") && !images->has("sentences");
}

constexpr CaptionFormat kFormats[] = {
    {"records", "records of this tool kit (JSONL)", is_record, open_records, "a key and captions"},
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
     open_dci, "columns \"image\", \"short_caption\", \"extra_caption\""},
    {"iiw", "ImageInWords: IIW, IIW-P5B, DOCCI, image/key", nullptr, nullptr},
    {"detailcaps", "DetailCaps: image, GT_Caption_GPT4V, GT_Caption_GPT4O, ...", nullptr, nullptr},
    {"yfcc15m", "YFCC15M rows: downloadurl, title, description", nullptr, nullptr},
    {"yfcc15m-tokens", "YFCC15M with texts as CLIP's token ids: images, texts; needs --vocabulary",
     [](const Shape& s) { return s.is_objects() && s.has("images") && s.has("texts"); },
     open_token_ids, "fields \"images\" and \"texts\""},
    {"img2dataset-table", "img2dataset's tables of a download: url, caption, key, status", nullptr,
     nullptr},
    {"conversations", "ShareGPT4V, LLaVA: image and conversations; the first answer is the caption",
     [](const Shape& s) { return s.is_objects() && s.has("conversations"); }, open_conversations,
     "a field \"conversations\""},
    {"grit", "GRIT: url, caption, noun_chunks and ref_exps as regions",
     [](const Shape& s) { return s.is_objects() && s.has("noun_chunks"); }, open_grit,
     "a field \"noun_chunks\""},
    {"visual-genome", "Visual Genome regions: id and regions, width and height if they are there",
     [](const Shape& s) { return s.is_objects() && s.has("regions") && !s.has("key"); },
     open_visual_genome, "a field \"regions\" and no key"},
    {"coco", "COCO captions: images and annotations; read as a whole",
     [](const Shape& s) {
         return s.is_json() && s.has("images") && (s.has("annotations") || has_coco_images(s));
     },
     open_coco, "a list \"images\" beside \"annotations\""},
    {"karpathy", "Karpathy's splits of COCO and Flickr30k: images with sentences",
     [](const Shape& s) {
         const auto images = inside(s, "images");
         return s.is_json() && (s.has("sentences") || (images && images->has("sentences")));
     },
     open_karpathy, "images with \"sentences\""},
    {"urban1k", "Urban-1k, DOCCI and IIW for retrieval: image_id, image, caption, long ones",
     nullptr, nullptr},
    {"blip", "BLIP's coco_karpathy_train.json and others: image_id, image, caption, short ones",
     nullptr, nullptr},
    {"flickr", "Flickr8k, Flickr30k, BLIP: image, caption (short; a text or a list)", nullptr,
     nullptr},
    {"flickr30k-csv", "Flickr30k's results.csv: image_name| comment_number| comment", nullptr,
     open_flickr30k_csv},
    {"flickr-tokens", "Flickr8k.token.txt: image#number, tab, caption", is_flickr_tokens,
     open_flickr_tokens, "image#number in front of a tab"},
    {"redcaps", "RedCaps annotations: image_id, url, caption, raw_caption, subreddit", nullptr,
     nullptr},
    {"textcaps", "TextCaps: image_id, image_path, caption_str", nullptr, nullptr},
    {"sbu", "SBU captions, an object of columns: image_urls, captions; read as a whole",
     [](const Shape& s) {
         return !s.document.empty() && has_columns(*find_release("sbu"), s.names);
     },
     open_sbu, "the columns \"image_urls\", \"captions\""},
    {"localized-narratives", "Localized Narratives: dataset_id, image_id, caption, timed_caption",
     nullptr, nullptr},
    {"folder-metadata", "metadata.jsonl or .csv of a folder of images: file_name, text or caption",
     nullptr, nullptr},
    {"recap-long", "Recap-Long-LAION and -COYO: a URL and long captions of several models", nullptr,
     nullptr},
    {"cc3m", "Conceptual Captions 3M: caption, tab, URL",
     [](const Shape& s) { return is_url_column(s, 1) && !is_url_column(s, 0); }, open_cc3m,
     "two columns, the second of URLs"},
    {"cc12m", "Conceptual 12M: URL, tab, caption",
     [](const Shape& s) { return is_url_column(s, 0) && !is_url_column(s, 1); }, open_cc12m,
     "two columns, the first of URLs"},
    {"csv", "text with a header and a delimiter; needs --map and --caption", nullptr, open_csv},
    {"tsv", "tab-separated text with a header; needs --map and --caption", nullptr, open_tsv},
    {"jsonl", "JSON objects, a line each or in an array; needs --map and --caption", nullptr,
     open_jsonl},
    {"parquet", "Parquet with the columns of a release, or any with --map and --caption", nullptr,
     open_jsonl},
};

std::unique_ptr<RowReader> open_as(const CaptionFormat& format, std::unique_ptr<ByteSource> source,
                                   const ImportSettings& settings, const std::string& name,
                                   const Shape& shape) {
    if (format.open) return format.open(std::move(source), settings, name, shape);
    const Release* release = find_release(format.name);
    if (shape.is_objects()) {
        std::vector<std::string> names = shape.names;
        for (const KnownColumn& column : release->columns)
            if (!shape.has(column.name)) names.emplace_back(column.name);
        auto columns = assign_roles(names, release, settings.map, name,
                                    /*open_ended=*/!shape.parquet);
        if (shape.parquet) report_kept(columns, name);
        std::string description = describe(columns);
        return json_rows(std::move(source), settings, shape,
                         by_columns(std::move(columns), settings, format.name == "dreamlip-json"),
                         std::move(description));
    }
    char delimiter = settings.delimiter == '\0' ? ',' : settings.delimiter;
    for (const auto& [tried, rows] : tables(shape))
        if (!rows->empty() && has_columns(*release, rows->front())) delimiter = tried;
    return delimited_rows(std::move(source), settings, name, delimiter, release);
}

const CaptionFormat* find_format(std::string_view name) {
    const auto at = std::find_if(std::begin(kFormats), std::end(kFormats),
                                 [&](const CaptionFormat& format) { return format.name == name; });
    return at == std::end(kFormats) ? nullptr : at;
}

// The container alone, where --map and --caption say the rest.
const CaptionFormat* mapped_format(const Shape& shape, const ImportSettings& settings) {
    if (shape.parquet) return find_format("parquet");
    if (shape.is_json()) return find_format("jsonl");
    return find_format(mapped_delimiter(shape, settings) == '\t' ? "tsv" : "csv");
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

// Rows of Parquet that are looked at before they are read.
void look_at_rows(Shape& shape) {
    constexpr std::size_t kRows = 20;
    for (const std::string& row : shape.parquet->look_ahead(kRows))
        if (auto object = parse_object(row)) shape.samples.push_back(std::move(*object));
}

// The format that the shape shows, or the list inside the document that shows one: `shape` becomes
// that of the list. nullptr: none.
const CaptionFormat* recognise(Shape& shape, const ImportSettings& settings) {
    const auto matching = [](const Shape& s) -> const CaptionFormat* {
        for (const CaptionFormat& candidate : kFormats)
            if (matches(candidate, s)) return &candidate;
        return nullptr;
    };
    const bool has_names = settings.header || shape.is_objects();
    if (const CaptionFormat* found = has_names ? matching(shape) : nullptr) return found;
    if (const auto list = is_keyed(shape) ? std::nullopt : only_list(shape)) {
        const CaptionFormat* found = matching(*list);
        if (!found && !settings.map.empty() && !names_all(settings.map, shape.names))
            found = find_format("jsonl");
        if (found) {
            shape = *list;
            return found;
        }
    }
    if (!settings.map.empty()) return mapped_format(shape, settings);
    return is_keyed(shape) ? find_format("records") : nullptr;
}

std::unique_ptr<RowReader> open_shape(Shape shape, std::unique_ptr<ByteSource> bytes,
                                      const std::string& name, const ImportSettings& settings,
                                      std::string& format) {
    const CaptionFormat* found = nullptr;
    const bool is_any_parquet = format == "parquet" && settings.map.empty();
    const bool is_named = !format.empty() && !is_any_parquet;
    if (is_named) {
        found = find_format(format);
        if (!found)
            throw cli::DataError(name + ": " + format +
                                 " cannot be read here: make records of it first "
                                 "(recaption-ingest FILE -o FILE.jsonl)");
        const Release* release = find_release(found->name);
        const auto list = found->open ? std::nullopt : only_list(shape);
        if (release && list && !has_columns(*release, shape.names)) shape = *list;
    } else if (shape.kind == Shape::Kind::kEmpty) {
        found = find_format("records");
    } else {
        found = recognise(shape, settings);
        if (!found) throw cli::DataError(name + ": " + not_recognised(shape));
    }
    format = found->name;
    if (!is_named && settings.found && shape.kind != Shape::Kind::kEmpty)
        settings.found(name, found->name,
                       settings.header || shape.is_objects() ? why_recognised(*found, shape)
                                                             : "columns by number");
    auto reader = open_as(*found, std::move(bytes), settings, name, shape);
    cli::verbose(name + ": " + std::string(found->name) + ": " + reader->describe());
    return reader;
}

}  // namespace

std::span<const CaptionFormat> caption_formats() {
    return kFormats;
}

CaptionSource::CaptionSource(const std::string& path)
    : source_(open_bytes(path)), path_(path), name_(display_name(path)) {}

std::string_view CaptionSource::head() {
    std::string block(kMostHead, '\0');
    ScanState json;
    while (head_.size() < kMostHead) {
        const std::size_t begin = head_.find_first_not_of(" \t\r\n\xEF\xBB\xBF");
        const bool is_json = begin != head_.npos && (head_[begin] == '{' || head_[begin] == '[');
        const bool seen = is_json ? scan_value(std::string_view(head_).substr(begin), json) > 0
                                  : begin != head_.npos && head_.find('\n', begin) != head_.npos;
        if (seen && source_->would_wait()) break;
        const std::size_t n = source_->read(block.data(), kMostHead - head_.size());
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
    if (!settings.records.empty()) {
        ImportSettings inner = settings;
        inner.records.clear();
        const auto lines = std::make_shared<const std::string>(
            rows_of_document(read_document(*source, name), settings.records, name));
        return held_rows(open_shape(detect_shape(std::string_view(*lines).substr(0, kMostHead)),
                                    shared_bytes(lines), name, inner, format),
                         lines);
    }
    Shape shape = detect_shape(source->head(), settings.delimiter);
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
        look_at_rows(shape);
        bytes = std::make_unique<NoText>(name);
    } else if (format == "parquet") {
        throw cli::DataError(name + ": is not Parquet: it does not begin with PAR1");
    } else {
        bytes = std::move(source);
    }
    return open_shape(std::move(shape), std::move(bytes), name, settings, format);
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
