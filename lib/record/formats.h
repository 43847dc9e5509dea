// Readers of caption files, one a format, behind one table.
#pragma once

#include "record/errors.h"
#include "record/input.h"
#include "record/record.h"

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace lip::record {

// A reject that is no mistake of the file: an entry without an image, passed over and counted.
inline constexpr std::string_view kTextOnly = "text-only";

// Which column is what, as the user says it: --map FIELD=COLUMN, --caption SOURCE:FORM=COLUMN.
struct FieldColumn {
    std::string field, column;  // key image url width height label
};
struct CaptionColumn {
    std::string source, form, column;
};
// Where boxes stand, in which layout, and with which texts: paths of names joined by dots.
struct RegionColumn {
    enum class Layout { kXyxy, kXywh, kCxcywh, kYxyx } layout = Layout::kXyxy;
    double scale = 0;                // what the sides of an image count as; 0: its pixels
    std::vector<std::string> boxes;  // one path to boxes, or four to their numbers
    std::string text, label;
    std::string source;  // of the regions; empty: not known
};
struct ColumnMap {
    std::vector<FieldColumn> fields;
    std::vector<CaptionColumn> captions;
    std::vector<RegionColumn> regions;
    bool empty() const { return fields.empty() && captions.empty(); }
};
// "url=col"; "xywh/1000=boxes:phrases"; "llava15:long=col", where raw is the form of the source raw
// unless one is named, and long that of others. Throw UsageError.
void from_text(std::string_view text, FieldColumn& column);
void from_text(std::string_view text, CaptionColumn& column);
void from_text(std::string_view text, RegionColumn& column);
std::string to_text(const FieldColumn& column);
std::string to_text(const CaptionColumn& column);
std::string to_text(const RegionColumn& column);

struct ImportSettings {
    ColumnMap map;
    enum class Key { kAuto, kUrl, kPath } key = Key::kAuto;
    std::string key_prefix;
    bool quotes = true;                  // delimited text: fields may be in quotes
    char delimiter = '\0';               // of delimited text; 0: found by looking
    bool header = true;                  // the first row holds names; else columns have numbers
    std::vector<std::string> records;    // where the rows stand in a JSON document
    std::int64_t max_line = 64LL << 20;  // bytes of a row, --max-line
    bool outlines = false;               // regions keep "segmentation", and "class", a number
    std::string vocabulary;              // of CLIP's, for captions that are token ids
    // Is told of each file which format was found, and what by.
    std::function<void(const std::string& name, std::string_view format, const std::string& why)>
        found = {};
};

// One entry of a caption file, not yet made into a record.
struct Row {
    std::vector<std::string> fields;  // delimited text: a row; JSON: one field, the object's text
    std::uint64_t line = 0, offset = 0;
    std::optional<cli::Reject> reject;  // the row cannot be used
    std::string raw;                    // of a rejected row
    bool is_cut = false;                // JSON: the last line, without its newline
    bool is_part = false;               // what is refused is a part of a record that is kept
};

class RowReader {
public:
    virtual ~RowReader() = default;
    // One thread at a time. False at the end.
    virtual bool next(Row& row) = 0;
    virtual bool would_wait() = 0;
    // Thread-safe. Rejects: bad-json, bad-record (nothing to make a key from).
    virtual cli::Result<Record> record(const Row& row) const = 0;
    // Parses the row whose first byte is text[0]; `text` may go on beyond it. False if it is cut.
    virtual bool row_at(std::string_view text, bool at_end, Row& row) const = 0;
    // What the offsets of rows count in, where that is not the file: a format that is read as a
    // whole. Empty: the file.
    virtual std::string_view held_text() const { return {}; }
    // Entries of the file that belong to no row; they were reported.
    virtual std::uint64_t orphans() const { return 0; }
    // The names of the classes that regions have as numbers, from 1, with ImportSettings::outlines.
    virtual std::vector<std::string> classes() const { return {}; }
    // What was found: "url from \"Image Path\", raw:raw from \"raw_caption\", ...".
    virtual std::string describe() const = 0;
};

// The rows of another reader, of which one thing or two are changed.
class WrappedRows : public RowReader {
public:
    explicit WrappedRows(std::unique_ptr<RowReader> rows) : rows_(std::move(rows)) {}
    bool next(Row& row) override { return rows_->next(row); }
    bool would_wait() override { return rows_->would_wait(); }
    cli::Result<Record> record(const Row& row) const override { return rows_->record(row); }
    bool row_at(std::string_view text, bool at_end, Row& row) const override {
        return rows_->row_at(text, at_end, row);
    }
    std::string_view held_text() const override { return rows_->held_text(); }
    std::uint64_t orphans() const override { return rows_->orphans(); }
    std::vector<std::string> classes() const override { return rows_->classes(); }
    std::string describe() const override { return rows_->describe(); }

private:
    std::unique_ptr<RowReader> rows_;
};

struct Shape;

struct CaptionFormat {
    std::string_view name;
    std::string_view summary;
    // Looks at the beginning of a file. nullptr: by the columns of the release of this name.
    bool (*matches)(const Shape& shape);
    // nullptr: by the columns of the release of this name.
    std::unique_ptr<RowReader> (*open)(std::unique_ptr<ByteSource> source,
                                       const ImportSettings& settings, const std::string& name,
                                       const Shape& shape);
    // What it is recognised by, for messages. Empty: the columns of its release.
    std::string_view signs = {};
};

// Tried in this order: special formats before general ones.
std::span<const CaptionFormat> caption_formats();

// The unpacked bytes of a caption file, whose beginning can be looked at.
class CaptionSource final : public ByteSource {
public:
    // Throws DataError as open_bytes does.
    explicit CaptionSource(const std::string& path);

    const std::string& path() const { return path_; }
    const std::string& name() const { return name_; }  // as messages name it
    // The first bytes: what is at hand, at most 64 KiB, waiting only for as much as it takes to see
    // the shape: a line of text, or the end of the first JSON object or array. Before any read().
    std::string_view head();
    std::size_t read(char* to, std::size_t size) override;
    bool would_wait() override;

private:
    std::unique_ptr<ByteSource> source_;
    std::string path_, name_, head_;
    std::size_t at_ = 0;
};

// Opens a caption file: the format named, or the one that its first bytes show. Throws DataError
// when none fits, naming the columns that are there. `format` comes back as the format's name.
std::unique_ptr<RowReader> open_captions(std::unique_ptr<CaptionSource> source,
                                         const ImportSettings& settings, std::string& format);
inline std::unique_ptr<RowReader> open_captions(const std::string& path,
                                                const ImportSettings& settings,
                                                std::string& format) {
    return open_captions(std::make_unique<CaptionSource>(path), settings, format);
}

// What formats share. Adds a caption unless the words mean that there is none; invalid UTF-8
// becomes U+FFFD and the caption gets the flag invalid_utf8.
void add_caption(Record& record, std::string_view words, std::string source, std::string form);
// A field that the format has no use for follows as it stands, unless the record has one of its
// name. Where it would be malformed as a field of a record (a text called "regions", a "record"
// that is no version) it follows as x_NAME.
void keep_field(Record& record, Object::Field field);
// A line of our own, with --key-prefix in front of its key. Rejects as parse_record.
cli::Result<Record> import_record(const std::string& line, const ImportSettings& settings);
// Sets key and image or url from a reference. False if there is neither.
bool set_reference(Record& record, std::string_view given_key, std::string_view url,
                   std::string_view path, const ImportSettings& settings);

// Formats that are more than columns of a name.
#define LIP_CAPTION_FORMAT(open)                                                        \
    std::unique_ptr<RowReader> open(std::unique_ptr<ByteSource>, const ImportSettings&, \
                                    const std::string&, const Shape&)
LIP_CAPTION_FORMAT(open_csv);
LIP_CAPTION_FORMAT(open_tsv);
LIP_CAPTION_FORMAT(open_flickr_tokens);
LIP_CAPTION_FORMAT(open_flickr30k_csv);
LIP_CAPTION_FORMAT(open_sbu);
LIP_CAPTION_FORMAT(open_cc3m);
LIP_CAPTION_FORMAT(open_cc12m);
LIP_CAPTION_FORMAT(open_records);
LIP_CAPTION_FORMAT(open_jsonl);
LIP_CAPTION_FORMAT(open_conversations);
LIP_CAPTION_FORMAT(open_karpathy);
LIP_CAPTION_FORMAT(open_coco);
LIP_CAPTION_FORMAT(open_grit);
LIP_CAPTION_FORMAT(open_visual_genome);
LIP_CAPTION_FORMAT(open_refcoco);
LIP_CAPTION_FORMAT(open_dci);
LIP_CAPTION_FORMAT(open_token_ids);
#undef LIP_CAPTION_FORMAT

}  // namespace lip::record
