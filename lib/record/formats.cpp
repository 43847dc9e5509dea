#include "record/formats.h"

#include "cli/log.h"
#include "record/content.h"
#include "record/delimited.h"
#include "record/json_document.h"
#include "record/json_rows.h"
#include "record/lines.h"
#include "record/parquet.h"
#include "record/recognise.h"
#include "record/region_columns.h"
#include "record/shape.h"
#include "record/url.h"
#include "text/flags.h"
#include "text/utf8.h"

#include <algorithm>

namespace lip::record {
namespace {

constexpr std::size_t kMostHead = 1 << 16;

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

// Of records a key alone will do when nothing else fits.
bool is_keyed(const Shape& shape) {
    return shape.is_objects() && shape.has("key");
}

const CaptionFormat* find_format(std::string_view name) {
    for (const CaptionFormat& format : caption_formats())
        if (format.name == name) return &format;
    return nullptr;
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
    const auto matching = [&](const Shape& s) -> const CaptionFormat* {
        for (const CaptionFormat& candidate : caption_formats()) {
            const Release* release = find_release(candidate.name);
            const bool yields = release && release->yields && !settings.map.empty();
            if (!yields && matches(candidate, s)) return &candidate;
        }
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

// Where all columns are known, one that --region names and that is not there is a mistake.
void check_regions(const Shape& shape, const ImportSettings& settings, const std::string& name) {
    if (!shape.parquet && (shape.kind != Shape::Kind::kDelimited || !settings.header)) return;
    std::vector<std::string> known = shape.names;
    for (const auto& [delimiter, rows] : tables(shape))
        if (!rows->empty()) known.insert(known.end(), rows->front().begin(), rows->front().end());
    for (const RegionColumn& column : settings.map.regions)
        for (const std::string& path : names_of(column))
            if (std::ranges::find(known, path) == known.end() &&
                std::ranges::find(known, path.substr(0, path.find('.'))) == known.end())
                throw cli::DataError(name + ": --region: no column \"" + path + "\"");
}

// A misspelt column of JSON shows in none of the first objects.
void warn_unseen(const Shape& shape, const ImportSettings& settings, const std::string& name) {
    if (!shape.is_json() || shape.samples.empty()) return;
    std::vector<std::string> seen;
    for (const Object& object : shape.samples)
        for (const Object::Field& field : object.fields)
            if (std::ranges::find(seen, field.name) == seen.end()) seen.push_back(field.name);
    const auto check = [&](const std::string& column) {
        const auto is_there = [&](std::string_view part) {
            return std::ranges::find(seen, part) != seen.end();
        };
        if (is_there(column) || is_there(column.substr(0, column.find('.')))) return;
        std::string known;
        for (const std::string& one : seen) known += (known.empty() ? "" : ", ") + one;
        cli::warn(
            name + ": no column \"" + column + "\" in the first " +
            (shape.samples.size() == 1 ? "row" : std::to_string(shape.samples.size()) + " rows") +
            " (columns: " + known + ")");
    };
    for (const FieldColumn& field : settings.map.fields) check(field.column);
    for (const CaptionColumn& caption : settings.map.captions) check(caption.column);
    for (const RegionColumn& region : settings.map.regions)
        for (const std::string& column : names_of(region)) check(column);
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
    check_regions(shape, settings, name);
    warn_unseen(shape, settings, name);
    std::vector<RegionColumn> regions = settings.map.regions;
    const Release* release = find_release(found->name);
    if (regions.empty() && release && !release->regions.empty()) {
        from_text(release->regions, regions.emplace_back());
        regions.back().source = "human";
    }
    auto reader =
        with_regions(open_as(*found, std::move(bytes), settings, name, shape), std::move(regions));
    cli::verbose(name + ": " + std::string(found->name) + ": " + reader->describe());
    return reader;
}

}  // namespace

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
