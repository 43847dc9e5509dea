#include "cmd/recaption-ingest/marks.h"

#include "record/lines.h"
#include "record/url.h"
#include "text/letters.h"

namespace lip::cmd {
namespace {

using record::Caption;
using record::Record;

// References and texts share one set: the first byte tells them apart.
std::string reference_of(const Record& record) {
    const std::string& reference = record.url.empty() ? record.image : record.url;
    return reference.empty() ? "" : "R" + record::normalize_reference(reference);
}
std::string text_of(const Caption& caption) {
    return "T" + text::normalise_for_comparison(caption.text);
}

void add_flag(Caption& caption, const char* flag) {
    if (caption.has_flag(flag)) return;
    if (!caption.flags) caption.flags.emplace();
    caption.flags->push_back(flag);
}

}  // namespace

Marks::Marks(const IngestOptions& options, record::ErrorLog& errors)
    : mark_duplicates_(options.mark_duplicates) {
    if (options.leak_check.empty()) return;
    evaluation_.emplace();
    std::string format;
    const auto reader = open_any(options.leak_check, {}, format);
    std::uint64_t count = 0;
    for (record::Row row; reader->next(row); ++count) {
        const record::Place place{
            record::display_name(options.leak_check), row.line, row.offset, false, {}};
        auto record = row.reject ? cli::Result<Record>(*row.reject) : reader->record(row);
        if (!record) {
            errors.count_records(1);
            errors.report(place, record.reject(), row.raw);
            continue;
        }
        if (const std::string reference = reference_of(*record); !reference.empty())
            evaluation_->insert(reference);
        for (const Caption& caption : record->captions) evaluation_->insert(text_of(caption));
    }
    if (count == 0) record::throw_no_records(record::display_name(options.leak_check));
}

void Marks::apply(Record& record) {
    const std::string reference = reference_of(record);
    const bool leaks = evaluation_ && !reference.empty() && evaluation_->contains(reference);
    const bool is_second = mark_duplicates_ && !reference.empty() && !seen_.insert(reference);
    // The captions of one record may be equal: that is no duplicate.
    std::vector<std::string> texts;
    std::vector<bool> was_seen;
    for (const Caption& caption : record.captions) {
        texts.push_back(text_of(caption));
        was_seen.push_back(mark_duplicates_ && seen_.contains(texts.back()));
    }
    for (std::size_t i = 0; i < record.captions.size(); ++i) {
        Caption& caption = record.captions[i];
        if (mark_duplicates_) seen_.insert(texts[i]);
        if (is_second || was_seen[i]) {
            add_flag(caption, "duplicate");
            ++duplicates_;
        }
        if (leaks || (evaluation_ && evaluation_->contains(texts[i]))) {
            add_flag(caption, "leak");
            ++leaks_;
        }
    }
    record.update_captions();
}

}  // namespace lip::cmd
