// What the columns of known caption releases mean, whether they come as CSV, TSV or JSON objects.
#pragma once

#include "record/formats.h"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace lip::record {

// kReference is a URL or a path, whichever it looks like.
enum class Role { kExtra, kKey, kReference, kImage, kUrl, kWidth, kHeight, kLabel, kCaption };

struct KnownColumn {
    std::string_view name;
    Role role = Role::kExtra;
    std::string_view source = {}, form = {};  // of a caption
    std::string_view source_from = {};        // the column that names its source, row by row
};

// A release: it is recognised by columns that it must have, and read by those it may have.
struct Release {
    std::string_view name;
    std::span<const std::string_view> required;
    std::span<const KnownColumn> columns;
    bool guess = false;                             // other columns by the patterns of their names
    std::span<const std::string_view> one_of = {};  // one of these at least, too
    // How long its captions are: what tells releases with the same columns apart.
    enum class Length { kAny, kShort, kLong } length = Length::kAny;
    std::string_view regions = {};  // as --region takes them
    bool yields = false;            // to --map and --caption: where they are given it is a table
};

// Captions of more words than this on average are long ones.
inline constexpr double kLongCaption = 25;

// All of them.
std::span<const Release> releases();
// nullptr if there is none of this name.
const Release* find_release(std::string_view format);
bool has_columns(const Release& release, const std::vector<std::string>& names);
// The first column that is a caption; empty if there is none.
std::string_view caption_name(const Release& release);

// What a column of an unknown release holds, by its name: url, path, and captions of the known
// models. kExtra: nothing is recognised.
KnownColumn guess_column(std::string_view name);

struct Column {
    std::string name;
    Role role = Role::kExtra;
    std::string source, form;
    std::string source_from = {};
    bool is_key_too = false;  // a reference that is also the key
};

// Roles of columns: as the release says, then as the user says. Throws DataError with `where` in
// front if the user names a column that is not there (`open_ended`: more may come), or there is
// neither key nor reference; UsageError if the user takes a column for two things other than key
// and reference.
std::vector<Column> assign_roles(const std::vector<std::string>& names, const Release* release,
                                 const ColumnMap& map, const std::string& where, bool open_ended);

// Says once which columns are no captions of the release and stay as they are: a misspelt name
// shows.
void report_kept(const std::vector<Column>& columns, const std::string& where);

// "url is "URL", raw:raw is "caption", ...".
std::string describe(const std::vector<Column>& columns);

// Fills a record from columns in the order given, each with its value.
class RecordBuilder {
public:
    explicit RecordBuilder(const ImportSettings& settings) : settings_(settings) {}
    // `model`: what stands in the column source_from.
    void add(const Column& column, std::string_view text, std::string_view model = {});
    // The record, or bad-record without key and reference.
    cli::Result<Record> finish();
    Record& record() { return record_; }

private:
    const ImportSettings& settings_;
    Record record_;
    std::string key_, url_, image_;
};

}  // namespace lip::record
