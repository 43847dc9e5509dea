#include "cmd/recaption-ingest/convert.h"

#include "text/flags.h"
#include "text/utf8.h"

#include <algorithm>
#include <cctype>

namespace lip::cmd {
namespace {

using namespace record;

// The letters of a name in lower case, without the mark of a name that was taken.
std::string letters_of(std::string_view name) {
    if (name.starts_with("x_")) name.remove_prefix(2);
    std::string letters;
    for (const char c : name)
        if (std::isalpha(static_cast<unsigned char>(c)))
            letters += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return letters;
}

bool is_caption_name(std::string_view name) {
    constexpr std::string_view kParts[] = {"caption",  "text",   "descri",      "sentence",
                                           "comment",  "title",  "prompt",      "summar",
                                           "utteranc", "narrat", "conversation"};
    constexpr std::string_view kWhole[] = {"alt", "content", "answer", "messages"};
    const std::string letters = letters_of(name);
    return std::ranges::any_of(kParts,
                               [&](auto part) { return letters.find(part) != letters.npos; }) ||
           std::ranges::find(kWhole, letters) != std::end(kWhole);
}

// Two words at least, and no address.
bool is_sentence(std::string_view raw) {
    std::string text;
    if (!read_text(raw, text) || text::is_missing_caption(text)) return false;
    const std::string_view words = text::trim(text);
    return words.find(' ') != words.npos && words.find("://") == words.npos;
}

// The records of a block, one after the other.
class BlockConverter {
public:
    BlockConverter(const RowBlock& block, const ConvertSettings& settings)
        : block_(block), settings_(settings), gatherer_(settings.group, settings.most_bytes) {}

    Converted run() {
        out_.rows = block_.rows.size();
        for (const Row& row : block_.rows)
            if (!add_row(row) && settings_.stops) break;
        for (const RowIndex::Entry& entry : block_.entries) {
            Record record = block_.index->read(entry);
            settings_.masks->add_to(record);
            note_bad_parts(record, {block_.index->file_of(entry), 0, 0, false, {}});
            if (!record.bad_parts.empty() && settings_.stops) break;
            add_record(std::move(record));
        }
        if (auto record = gatherer_.finish()) {
            (out_.first ? out_.last : out_.first) = std::move(record);
        }
        out_.counts.group = gatherer_.counts();
        return std::move(out_);
    }

private:
    // False: the row is bad.
    bool add_row(const Row& row) {
        std::optional<cli::Reject> reject = row.reject;
        if (!reject) {
            auto record = block_.reader->record(row);
            if (record) return take(row, std::move(*record));
            reject = record.reject();
        }
        if (reject->word == kTextOnly) {
            ++out_.counts.text_only;
            return true;
        }
        out_.bad.push_back({place_of(row), *reject,
                            row.raw.empty() && row.fields.size() == 1 ? row.fields[0] : row.raw,
                            row.is_cut && reject->word == "bad-json", row.is_part});
        out_.rows -= row.is_part;
        return false;
    }

    record::Place place_of(const Row& row) const {
        return {block_.file, row.line, row.offset, false, {}};
    }

    void note_bad_parts(Record& record, const record::Place& place) {
        for (BadPart& part : record.bad_parts)
            out_.bad.push_back({place, part.reject, std::move(part.raw), false, true});
    }

    // False: a part of it is bad, and that stops the run.
    bool take(const Row& row, Record record) {
        if (!settings_.where->empty() && !settings_.where->takes(record, out_.counts.where))
            return true;
        settings_.masks->add_to(record);
        note_bad_parts(record, place_of(row));
        if (!record.bad_parts.empty() && settings_.stops) return false;
        add_record(std::move(record));
        return true;
    }

    void add_record(Record record) {
        out_.counts.empty_boxes += record.empty_boxes;
        out_.counts.boxes += record.boxes;
        out_.counts.cut_boxes += record.cut_boxes;
        for (const Object::Field& field : record.object.fields)
            if (looks_like_caption(field)) ++out_.counts.unused[field.name];
        auto done = gatherer_.add(std::move(record));
        if (!done) return;
        if (!out_.first) {
            out_.first = std::move(done);
            return;
        }
        out_.counts.add(*done);
        out_.middle_keys.push_back(KeyMemory::hash(done->key));
        append_json(out_.middle, *done);
        out_.middle += '\n';
    }

    const RowBlock& block_;
    const ConvertSettings& settings_;
    Gatherer gatherer_;
    Converted out_;
};

}  // namespace

void Counts::add(const Record& record) {
    ++records;
    const bool has_regions = record.object.find("regions") || record.object.find("pixel_regions");
    with_regions += has_regions;
    in_pixels += record.object.find("pixel_regions") != nullptr;
    bare += record.captions.empty() && record.labels.empty() && !record.object.find("label") &&
            !has_regions;
    for (const Caption& caption : record.captions) ++captions[caption.source + ":" + caption.form];
}

void Counts::add(const Counts& other) {
    records += other.records;
    bare += other.bare;
    text_only += other.text_only;
    empty_boxes += other.empty_boxes;
    with_regions += other.with_regions;
    in_pixels += other.in_pixels;
    boxes += other.boxes;
    cut_boxes += other.cut_boxes;
    orphans += other.orphans;
    matched += other.matched;
    missing += other.missing;
    for (const auto& [name, n] : other.captions) captions[name] += n;
    for (const auto& [name, n] : other.unused) unused[name] += n;
    group.add(other.group);
    where.add(other.where);
}

bool looks_like_caption(const Object::Field& field) {
    constexpr std::string_view kOurs[] = {"key",           "image",       "url",    "captions",
                                          "regions",       "label",       "record", "mask",
                                          "pixel_regions", "region_texts"};
    const std::string& raw = field.raw;
    if (raw.empty() || (raw[0] != '"' && raw[0] != '[')) return false;
    if (std::ranges::find(kOurs, field.name) != std::end(kOurs)) return false;
    if (!is_caption_name(field.name)) return false;
    if (raw[0] == '"') return is_sentence(raw);
    // A list: of texts, or of objects with one.
    bool is_array = false;
    for (const std::string_view item : array_items(raw, is_array)) {
        if (is_sentence(item)) return true;
        if (!item.starts_with('{')) continue;
        const auto object = slice_object(item);
        if (object && std::ranges::any_of(object->fields, [](const Object::Field& inner) {
                return is_sentence(inner.raw);
            }))
            return true;
    }
    return false;
}

Converted convert(const RowBlock& block, const ConvertSettings& settings) {
    return BlockConverter(block, settings).run();
}

}  // namespace lip::cmd
