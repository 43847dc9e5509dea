#include "record/join.h"

#include "cli/values.h"
#include "record/url.h"

#include <xxhash.h>

namespace lip::record {

std::string join_reference(const Record& record, JoinOn on) {
    switch (on) {
        case JoinOn::kUrl:
            return normalize_reference(record.url);
        case JoinOn::kKey:
            return record.key;
        case JoinOn::kPath:
            break;
    }
    return normalize_reference(record.image);
}

void from_text(std::string_view text, JoinPart& part) {
    const std::size_t slash = text.find('/');
    if (slash == text.npos)
        throw cli::UsageError("'" + std::string(text) +
                              "' is not of the form I/N, for example 2/8");
    const auto index = cli::parse_integer(text.substr(0, slash), cli::Kind::kPlain);
    const auto count = cli::parse_integer(text.substr(slash + 1), cli::Kind::kPlain);
    const std::string last = std::to_string(count);
    if (count < 1 || index < 1 || index > count)
        throw cli::UsageError(std::string(text) + ": expected 1/" + last + " to " + last + "/" +
                              last);
    part = {static_cast<std::uint64_t>(index - 1), static_cast<std::uint64_t>(count)};
}

std::string to_text(const JoinPart& part) {
    return std::to_string(part.index + 1) + "/" + std::to_string(part.count);
}

bool JoinPart::holds(std::string_view reference) const {
    if (count == 1) return true;
    if (reference.empty()) return index == 0;
    return XXH3_64bits(reference.data(), reference.size()) % count == index;
}

CaptionIndex::CaptionIndex(const std::vector<std::string>& paths, const std::string& format,
                           const ImportSettings& settings, JoinOn on, JoinPart part,
                           ErrorLog& errors, const Where& where)
    : on_(on),
      most_bytes_(settings.max_line),
      rows_(
          paths, format, settings, "--join",
          [&](const Record& record) -> std::string {
              if (!where.empty() && !where.takes(record, where_counts_)) return {};
              std::string reference = join_reference(record, on);
              return part.holds(reference) ? reference : std::string();
          },
          errors) {}

std::optional<Record> CaptionIndex::find(const Record& record, GroupCounts& counts) const {
    const std::string reference = join_reference(record, on_);
    std::optional<Record> found;
    std::size_t bytes = 0;
    for (const RowIndex::Entry& entry : rows_.find(reference)) {
        Record next = rows_.read(entry);
        for (const Caption& caption : next.captions) bytes += caption.text.size();
        if (bytes > static_cast<std::size_t>(most_bytes_))
            throw cli::DataError("the captions for \"" + reference +
                                 "\" are more than one record can hold, --max-line");
        if (found)
            gather(*found, std::move(next), counts);
        else
            found = std::move(next);
    }
    if (found) found->update_captions();
    return found;
}

}  // namespace lip::record
