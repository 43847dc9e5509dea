#include "cmd/split-captions/sources.h"

#include "cli/error.h"
#include "cli/log.h"

#include <algorithm>

namespace lip::cmd {
namespace {

constexpr std::size_t kMaxListed = 20;

// "human:raw", "human", ":long", "": as the record has it.
std::string kind_of(const record::Caption& caption) {
    return caption.source + (caption.form.empty() ? "" : ":" + caption.form);
}

bool matches(const std::string& wanted, const std::string& kind) {
    return kind == wanted ||
           (kind.size() > wanted.size() && kind.starts_with(wanted) && kind[wanted.size()] == ':');
}

// ": the data has human:raw, joined:long"
std::string listing(const std::map<std::string, bool>& seen) {
    if (seen.empty()) return ": the data has no captions";
    std::string list;
    std::size_t count = 0;
    for (const auto& [kind, taken] : seen) {
        if (++count > kMaxListed) break;
        list += list.empty() ? ": the data has " : ", ";
        const std::string form = kind.starts_with(':') ? " of the form " + kind.substr(1) : "";
        list += kind.empty() || kind.starts_with(':') ? "captions without a source" + form : kind;
    }
    if (seen.size() > kMaxListed)
        list += " and " + std::to_string(seen.size() - kMaxListed) + " more";
    return list;
}

}  // namespace

SourceFilter::SourceFilter(std::vector<std::string> wanted) : wanted_(std::move(wanted)) {
    for (const std::string& entry : wanted_)
        if (entry.empty() || entry.starts_with(':') || entry.ends_with(':'))
            throw cli::UsageError("--sources: '" + entry + "' is neither SOURCE nor SOURCE:FORM");
}

bool SourceFilter::takes(const record::Caption& caption) const {
    if (wanted_.empty()) return true;
    const std::string kind = kind_of(caption);
    return std::ranges::any_of(wanted_, [&](const std::string& w) { return matches(w, kind); });
}

void SourceFilter::note(const record::Record& record) {
    if (wanted_.empty()) return;
    for (const record::Caption& caption : record.captions) {
        const bool taken = takes(caption);
        const std::lock_guard lock(mutex_);
        seen_.try_emplace(kind_of(caption), taken);
    }
}

void SourceFilter::check() const {
    if (wanted_.empty()) return;
    std::vector<std::string> missing;
    for (const std::string& entry : wanted_)
        if (std::ranges::none_of(seen_, [&](const auto& s) { return matches(entry, s.first); }))
            missing.push_back(entry);
    if (missing.size() == wanted_.size()) {
        std::string list;
        for (const std::string& entry : missing) list += (list.empty() ? "" : ",") + entry;
        throw cli::DataError("--sources " + list + listing(seen_));
    }
    for (const std::string& entry : missing)
        cli::warn("--sources " + entry + ": no caption has this source" + listing(seen_));
}

}  // namespace lip::cmd
