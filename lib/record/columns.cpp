#include "record/columns.h"

#include "cli/log.h"
#include "record/url.h"
#include "text/flags.h"
#include "text/utf8.h"

#include <algorithm>
#include <cctype>

namespace lip::record {
namespace {

using enum Role;

// DreamLIP: its JSON has one object an image with the names of the CSV; older files hold fewer, and
// some copies of the CSV use other names.
constexpr KnownColumn kDreamlipNames[] = {
    {"ImagePath", kReference},
    {"raw_caption", kCaption, "raw", "raw"},
    {"shortIB_captions", kCaption, "instructblip", "short"},
    {"longIB_captions", kCaption, "instructblip", "long"},
    {"shortSV_captions", kCaption, "sharegpt4v", "short"},
    {"longSV_captions", kCaption, "sharegpt4v", "long"},
    {"shortLLA_captions", kCaption, "llava15", "short"},
    {"longLLA_captions", kCaption, "llava15", "long"},
    {"Image Path", kReference},
    {"Image Url", kUrl},
    {"caption", kCaption, "raw", "raw"},
    {"short_caption_0", kCaption, "caption_0", "short"},
    {"short_caption_1", kCaption, "caption_1", "short"},
    {"short_caption_2", kCaption, "caption_2", "short"},
    {"long_caption_0", kCaption, "caption_0", "long"},
    {"long_caption_1", kCaption, "caption_1", "long"},
    {"long_caption_2", kCaption, "caption_2", "long"},
};
constexpr std::span<const KnownColumn> kDreamlipJsonColumns = std::span(kDreamlipNames).first(8);
constexpr std::span<const KnownColumn> kDreamlipColumns = std::span(kDreamlipNames).subspan(1);
constexpr std::string_view kDreamlipNeeds[] = {"Image Path"};
constexpr std::string_view kDreamlipJsonNeeds[] = {"ImagePath"};

// The packed arrays have names of their own.
constexpr KnownColumn kDreamlipPackedColumns[] = {
    {"ImagePath", kReference},
    {"RawCaption", kCaption, "raw", "raw"},
    {"IBCaptionShort", kCaption, "instructblip", "short"},
    {"IBCaptionLong", kCaption, "instructblip", "long"},
    {"LLACaptionShort", kCaption, "llava15", "short"},
    {"LLACaptionLong", kCaption, "llava15", "long"},
    {"SVCaptionShort", kCaption, "sharegpt4v", "short"},
    {"SVCaptionLong", kCaption, "sharegpt4v", "long"},
};
constexpr std::string_view kDreamlipPackedNeeds[] = {"ImagePath", "RawCaption"};

constexpr KnownColumn kDatacompColumns[] = {
    {"url", kUrl},
    {"key", kKey},
    {"re_caption", kCaption, "llava-llama3", "long"},
    {"org_caption", kCaption, "raw", "raw"},
};
constexpr std::string_view kDatacompNeeds[] = {"url", "re_caption", "org_caption"};

constexpr KnownColumn kPixelproseColumns[] = {
    {"url", kUrl},
    {"key", kKey},
    {"uid", kKey},
    {"vlm_caption", kCaption, "gemini", "long", /*source_from=*/"vlm_model"},
    {"original_caption", kCaption, "raw", "raw"},
    {"image_width", kWidth},
    {"image_height", kHeight},
};
constexpr std::string_view kPixelproseNeeds[] = {"url", "vlm_caption"};

constexpr KnownColumn kDocciColumns[] = {
    {"example_id", kKey},
    {"image_file", kImage},
    {"description", kCaption, "human", "long"},
};
constexpr std::string_view kDocciNeeds[] = {"example_id", "image_file", "description"};

constexpr KnownColumn kIiwColumns[] = {
    {"image/key", kKey},
    {"ex_id", kKey},
    {"image", kImage},
    {"image-url", kUrl},
    {"IIW", kCaption, "human", "long"},
    {"IIW-P5B", kCaption, "iiw-p5b", "long"},
    {"DOCCI", kCaption, "docci", "long"},
};
constexpr std::string_view kIiwNeeds[] = {"IIW"};

constexpr KnownColumn kDetailcapsColumns[] = {
    {"image", kImage},
    {"GT_Caption_GPT4V", kCaption, "gpt4v", "long"},
    {"GT_Caption_GPT4O", kCaption, "gpt4o", "long"},
    {"GT_Caption_Gemini15Pro", kCaption, "gemini15pro", "long"},
};
constexpr std::string_view kDetailcapsNeeds[] = {"image", "GT_Caption_GPT4V"};

constexpr KnownColumn kLlavanextColumns[] = {
    {"key", kKey},
    {"url", kUrl},
    {"caption_llava", kCaption, "llava-next", "long"},
    {"caption_llava_short", kCaption, "llava-next", "short"},
    {"caption", kCaption, "raw", "raw"},
};
constexpr std::string_view kLlavanextNeeds[] = {"url", "caption_llava"};

constexpr KnownColumn kYfccColumns[] = {
    {"key", kKey},
    {"photoid", kKey},
    {"downloadurl", kUrl},
    {"title", kCaption, "raw", "raw"},
    {"description", kCaption, "raw", "raw"},
};
constexpr std::string_view kYfccNeeds[] = {"downloadurl", "title", "description"};

// What img2dataset writes beside its tars: a row for each URL, also for those that are gone.
constexpr KnownColumn kDownloadColumns[] = {
    {"key", kKey},     {"url", kUrl},       {"caption", kCaption, "raw", "raw"},
    {"width", kWidth}, {"height", kHeight},
};
constexpr std::string_view kDownloadNeeds[] = {"url", "caption", "key", "status"};

constexpr KnownColumn kUrban1kColumns[] = {
    {"image", kImage},
    {"caption", kCaption, "gpt4v", "long"},
};
constexpr std::string_view kUrban1kNeeds[] = {"image", "image_id", "caption"};

constexpr KnownColumn kFlickrColumns[] = {
    {"image", kImage},
    {"caption", kCaption, "human", "short"},
};
constexpr std::string_view kFlickrNeeds[] = {"image", "caption"};

constexpr KnownColumn kDciColumns[] = {
    {"image", kImage},
    {"short_caption", kCaption, "human", "short"},
    {"extra_caption", kCaption, "human", "long"},
};
constexpr std::string_view kDciNeeds[] = {"image", "short_caption", "extra_caption"};

constexpr Release kReleases[] = {
    {"dreamlip-csv", kDreamlipNeeds, kDreamlipColumns},
    {"dreamlip-packed", kDreamlipPackedNeeds, kDreamlipPackedColumns},
    {"dreamlip-json", kDreamlipJsonNeeds, kDreamlipJsonColumns},
    {"recap-datacomp", kDatacompNeeds, kDatacompColumns},
    {"pixelprose", kPixelproseNeeds, kPixelproseColumns},
    {"docci", kDocciNeeds, kDocciColumns},
    {"iiw", kIiwNeeds, kIiwColumns},
    {"detailcaps", kDetailcapsNeeds, kDetailcapsColumns},
    {"llavanext-jsonl", kLlavanextNeeds, kLlavanextColumns},
    {"yfcc15m", kYfccNeeds, kYfccColumns},
    {"img2dataset-table", kDownloadNeeds, kDownloadColumns},
    {"dci", kDciNeeds, kDciColumns},
    {"urban1k", kUrban1kNeeds, kUrban1kColumns},
    {"flickr", kFlickrNeeds, kFlickrColumns},
    {"recap-long", {}, {}, /*guess=*/true},
};

Role role_of_field(const std::string& field) {
    constexpr std::pair<std::string_view, Role> kRoles[] = {{"key", kKey},       {"image", kImage},
                                                            {"url", kUrl},       {"width", kWidth},
                                                            {"height", kHeight}, {"label", kLabel}};
    for (const auto& [name, role] : kRoles)
        if (name == field) return role;
    return kExtra;
}

std::string lower_case(std::string_view text) {
    std::string out(text);
    for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return out;
}

bool equal_names(std::string_view a, std::string_view b) {
    return lower_case(a) == lower_case(b);
}

// A model's name as a source: without what --sources and --caption cut at.
std::string source_name(std::string_view model) {
    std::string name = text::replace_invalid_utf8(text::trim(model)).text;
    for (char& c : name)
        if (c == ':' || c == ',' || c == '=') c = '-';
    return name;
}

}  // namespace

const Release* find_release(std::string_view format) {
    for (const Release& release : kReleases)
        if (release.name == format) return &release;
    return nullptr;
}

bool has_columns(const Release& release, const std::vector<std::string>& names) {
    if (release.guess) {  // a URL and captions of at least two models
        int references = 0, captions = 0;
        for (const std::string& name : names) {
            const KnownColumn column = guess_column(name);
            references += column.role == kUrl;
            captions += column.role == kCaption && column.source != "raw";
        }
        return references == 1 && captions >= 2;
    }
    return std::ranges::all_of(release.required, [&](std::string_view need) {
        return std::ranges::any_of(names,
                                   [&](const auto& name) { return equal_names(name, need); });
    });
}

KnownColumn guess_column(std::string_view name) {
    const std::string lower = lower_case(name);
    const auto holds = [&](std::string_view part) { return lower.find(part) != lower.npos; };
    for (const std::string_view url : {"url", "imageurl", "image_url", "image url", "downloadurl"})
        if (lower == url) return {name, kUrl};
    // IB, SV and LLA as words of their own: shortIB_captions, ib_long.
    const auto word = [&](std::string_view part) {
        for (std::size_t at = name.find(part); at != name.npos; at = name.find(part, at + 1)) {
            const std::size_t end = at + part.size();
            const bool starts = at == 0 || !std::isupper(static_cast<unsigned char>(name[at - 1]));
            const bool ends =
                end == name.size() || !std::isalpha(static_cast<unsigned char>(name[end]));
            if (starts && ends) return true;
        }
        return false;
    };
    std::string_view source;
    if (word("IB") || holds("instructblip") || holds("instruct_blip")) source = "instructblip";
    if (word("LLA") || holds("llava")) source = "llava15";
    if (word("SV") || holds("sharegpt") || holds("share_gpt")) source = "sharegpt4v";
    if (!source.empty()) return {name, kCaption, source, holds("short") ? "short" : "long"};
    if (holds("caption") && (holds("raw") || holds("org") || holds("original") || holds("alt")))
        return {name, kCaption, "raw", "raw"};
    if (holds("path") || holds("filename") || holds("file_name") || lower == "image")
        return {name, kReference};
    return {name, kExtra};
}

std::vector<Column> assign_roles(const std::vector<std::string>& names, const Release* release,
                                 const ColumnMap& map, const std::string& where, bool open_ended) {
    std::vector<Column> columns;
    for (const std::string& name : names) {
        Column column{text::replace_invalid_utf8(name).text, kExtra, {}, {}};
        KnownColumn known;
        if (release && release->guess) known = guess_column(name);
        if (release)
            for (const KnownColumn& candidate : release->columns)
                if (equal_names(candidate.name, name)) known = candidate;
        column.role = known.role;
        column.source = known.source;
        column.form = known.form;
        column.source_from = known.source_from;
        columns.push_back(std::move(column));
    }
    const auto all_names = [&] {
        std::string out;
        for (const Column& column : columns) out += (out.empty() ? "" : ", ") + column.name;
        return out;
    };
    const auto need = [&](const std::string& name) -> Column& {
        auto at = std::ranges::find(columns, name, &Column::name);
        if (at == columns.end() && open_ended)
            at = columns.insert(columns.end(), Column{name, kExtra, {}, {}});
        if (at == columns.end())
            throw cli::DataError(where + ": no column \"" + name + "\" (columns: " + all_names() +
                                 ")");
        return *at;
    };
    std::vector<std::string> taken;
    const auto take = [&](const std::string& name, Role role) -> Column& {
        Column& column = need(name);
        const bool is_taken = std::ranges::find(taken, name) != taken.end();
        const auto is_reference = [](Role r) { return r == kImage || r == kUrl; };
        column.is_key_too = is_taken && ((column.role == kKey && is_reference(role)) ||
                                         (role == kKey && is_reference(column.role)));
        if (is_taken && !column.is_key_too)
            throw cli::UsageError("--map and --caption take the column \"" + name +
                                  "\" twice, for different fields");
        taken.push_back(name);
        if (!is_taken || column.role == kKey) column.role = role;
        return column;
    };
    for (const auto& [field, column] : map.fields) take(column, role_of_field(field));
    for (const auto& caption : map.captions) {
        Column& column = take(caption.column, kCaption);
        column.source = caption.source;
        column.form = caption.form;
        column.source_from.clear();
    }
    const bool has_reference = std::ranges::any_of(columns, [](const Column& column) {
        return column.role == kKey || column.role == kReference || column.role == kImage ||
               column.role == kUrl;
    });
    if (!has_reference)
        throw cli::DataError(where + ": no column is a key, url or image (columns: " + all_names() +
                             "; say which with --map url=COLUMN)");
    return columns;
}

void report_kept(const std::vector<Column>& columns, const std::string& where) {
    std::string kept;
    for (const Column& column : columns)
        if (column.role == kExtra) kept += (kept.empty() ? "\"" : ", \"") + column.name + "\"";
    if (!kept.empty())
        cli::info(where + ": columns kept unchanged, not read as captions: " + kept +
                  " (--caption SOURCE:FORM=COLUMN reads one as captions)");
}

std::string describe(const std::vector<Column>& columns) {
    constexpr std::pair<Role, std::string_view> kWords[] = {
        {kExtra, "kept"},        {kKey, "the key"},    {kReference, "the url or image"},
        {kImage, "the image"},   {kUrl, "the url"},    {kWidth, "the width"},
        {kHeight, "the height"}, {kLabel, "the label"}};
    std::string text;
    for (const Column& column : columns) {
        text += (text.empty() ? "\"" : ", \"") + column.name + "\" is ";
        if (column.role == kCaption)
            text += column.source_from.empty() ? column.source + ":" + column.form
                                               : "\"" + column.source_from + "\":" + column.form;
        else
            text +=
                std::ranges::find(kWords, column.role, &std::pair<Role, std::string_view>::first)
                    ->second;
        if (column.is_key_too) text += " and the key";
    }
    return text;
}

void RecordBuilder::add(const Column& column, std::string_view value, std::string_view model) {
    std::int64_t number = 0;
    const bool is_key = column.role == kKey || column.is_key_too;
    if (is_key && key_.empty() && !text::is_missing_caption(value)) key_ = value;
    switch (column.role) {
        case kKey:
            break;
        case kUrl:
            url_ = value;
            break;
        case kImage:
            image_ = value;
            break;
        case kReference:
            (is_url(value) ? url_ : image_) = value;
            break;
        case kWidth:
        case kHeight:
            if (read_integer(value, number))
                record_.object.set(column.role == kWidth ? "width" : "height",
                                   std::to_string(number));
            break;
        case kLabel:
            if (!text::is_missing_caption(value))
                record_.object.set_text("label", text::replace_invalid_utf8(value).text);
            break;
        case kCaption:
            add_caption(record_, value,
                        text::is_missing_caption(model) ? column.source : source_name(model),
                        column.form);
            break;
        case kExtra:
            break;
    }
}

cli::Result<Record> RecordBuilder::finish() {
    // Key and reference stand first in a record.
    Object fields = std::move(record_.object);
    record_.object = {};
    if (!set_reference(record_, key_, url_, image_, settings_))
        return cli::Reject{"bad-record", "the row has no key, url or path"};
    for (Object::Field& field : fields.fields) record_.object.fields.push_back(std::move(field));
    record_.update_captions();
    return std::move(record_);
}

}  // namespace lip::record
