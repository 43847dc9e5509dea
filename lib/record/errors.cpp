#include "record/errors.h"

#include "cli/log.h"
#include "cli/values.h"
#include "record/object.h"
#include "text/utf8.h"

#include <charconv>
#include <exception>
#include <utility>

namespace lip::record {
namespace {

constexpr std::uint64_t kReportedOneByOne = 10;
constexpr std::uint64_t kShareLooksAfter = 1000;  // a share of few records says nothing

// Of the thread that holds back, for the log it holds back from.
thread_local const ErrorLog* held_log = nullptr;
thread_local ErrorLog::Held held_back;
thread_local std::uint64_t held_records = 0;  // with those

// Of the first line: the file was never made of records.
bool is_foreign(const cli::Reject& reject, std::string_view raw) {
    return reject.word == "bad-json" ? !raw.empty() && raw.find('{') == raw.npos
                                     : reject.message == "no \"key\"";
}

}  // namespace

std::string to_string(const Place& place) {
    if (place.line == 0) return place.file;
    return place.file + (place.is_sample ? ": sample " : ":") + std::to_string(place.line);
}

void throw_truncated_input(const Place& place, const cli::Reject& reject) {
    if (reject.message == kHidesOthers)
        throw cli::DataError(to_string(place) + ": byte " + std::to_string(place.offset) + ": " +
                             reject.message);
    throw cli::DataError(to_string(place) +
                         ": the input is truncated: its last line is not a complete object");
}

void throw_no_records(const std::string& name) {
    throw cli::DataError("no records in " + name +
                         " (an earlier step may have failed; --allow-empty accepts it)");
}

cli::Reject too_large() {
    return {"too-large", "the line is longer than --max-line"};
}

void from_text(std::string_view text, ErrorLimit& limit) {
    limit = {};
    if (text.empty()) return;
    const bool share = text.ends_with('%');
    std::string_view number = text;
    if (share) number.remove_suffix(1);
    if (!read_number(number, limit.value) || limit.value < 0)
        throw cli::UsageError("'" + std::string(text) +
                              "' is neither a count nor a percentage such as 1%");
    limit.kind = share ? ErrorLimit::Kind::kShare : ErrorLimit::Kind::kCount;
    if (share) limit.value /= 100;
}

std::string to_text(const ErrorLimit& limit) {
    switch (limit.kind) {
        case ErrorLimit::Kind::kCount:
            return cli::real_text(limit.value);
        case ErrorLimit::Kind::kShare:
            return cli::real_text(limit.value * 100) + "%";
        case ErrorLimit::Kind::kNone:
            break;
    }
    return "";
}

ErrorLog::ErrorLog(const StreamSettings& settings, bool force) : settings_(settings) {
    if (!settings_.rejects.empty()) {
        settings_.skip_bad = true;
        file_ = std::make_unique<Output>(settings_.rejects, force);
    }
}

ErrorLog::~ErrorLog() {
    if (!file_ || skipped_ + parts_ == 0) return;
    try {
        file_->close();
    } catch (const std::exception&) {  // the run has failed already
    }
}

void ErrorLog::check_limit() const {
    const ErrorLimit& limit = settings_.max_errors;
    const bool is_share = limit.kind == ErrorLimit::Kind::kShare;
    if (limit.kind == ErrorLimit::Kind::kNone) return;
    if (is_share && records_ < kShareLooksAfter) return;
    const double most = limit.value * (is_share ? static_cast<double>(records_) : 1);
    if (static_cast<double>(skipped_ + parts_) > most)
        throw cli::DataError("too many bad records: " + std::to_string(skipped_ + parts_) + " of " +
                             std::to_string(records_) + " (--max-errors " + to_text(limit) + ")");
}

void ErrorLog::count_records(std::uint64_t n) {
    if (Held* held = held_by_thread()) {
        held_records += n;
        held->push_back([n](ErrorLog& log) { log.count_records(n); });
    } else {
        records_ += n;
    }
}

std::uint64_t ErrorLog::records() const {
    return held_by_thread() ? held_records : records_;
}

void ErrorLog::report(const Place& place, const cli::Reject& reject, std::string_view raw) {
    if (Held* held = held_by_thread())
        held->push_back([place, reject, raw = std::string(raw)](ErrorLog& log) {
            log.report(place, reject, raw);
        });
    else
        add(place, reject, raw, false);
}

void ErrorLog::report_part(const Place& place, const cli::Reject& reject, std::string_view raw) {
    if (Held* held = held_by_thread())
        held->push_back([place, reject, raw = std::string(raw)](ErrorLog& log) {
            log.report_part(place, reject, raw);
        });
    else
        add(place, reject, raw, true);
}

ErrorLog::Held* ErrorLog::held_by_thread() const {
    return held_log == this ? &held_back : nullptr;
}

void ErrorLog::hold() {
    held_log = this;
    held_records = records_;
    held_back.clear();
}

ErrorLog::Held ErrorLog::release() {
    held_log = nullptr;
    return std::exchange(held_back, {});
}

std::size_t ErrorLog::held() const {
    const Held* held = held_by_thread();
    return held ? held->size() : 0;
}

void ErrorLog::say(const Held& held, std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) held[i](*this);
}

void ErrorLog::add(const Place& place, const cli::Reject& reject, std::string_view raw,
                   bool is_part) {
    std::uint64_t& count = is_part ? parts_ : skipped_;
    std::uint64_t& of_word = (is_part ? parts_by_word_ : by_word_)[std::string(reject.word)];
    if (muted_until_ > 0 && records_ <= muted_until_) {
        ++count;
        ++of_word;
        return;
    }
    const std::string& key = place.key.empty() ? reject.key : place.key;
    std::string text = to_string(place) + ": " + reject.message;
    if (!key.empty()) text += " (" + key + ")";
    if (!settings_.skip_bad && place.line <= 1 && !is_part && is_foreign(reject, raw))
        throw cli::DataError(text +
                             ": this is not a file of records (recaption-ingest converts caption "
                             "files; some tools read plain text with --input-format lines)");
    // Skipping the second record of a key would lose its captions: no advice for that.
    const char* advice = reject.word == "duplicate-key" ? "]"
                         : is_part ? "; --on-error=skip leaves out this part of the record]"
                                   : "; --on-error=skip skips such records]";
    if (!settings_.skip_bad) throw cli::DataError(text + " [" + std::string(reject.word) + advice);
    ++count;
    ++of_word;
    text += " [" + std::string(reject.word) + "]";
    if (skipped_ + parts_ <= kReportedOneByOne)
        cli::warn(text);
    else
        cli::verbose(text);
    if (file_) {
        std::string line = "{\"file\":";
        cli::append_json_string(line, place.file);
        if (place.line > 0) {
            line += place.is_sample ? ",\"sample\":" : ",\"line\":";
            append_integer(line, static_cast<std::int64_t>(place.line));
            line += ",\"offset\":";
            append_integer(line, static_cast<std::int64_t>(place.offset));
        }
        if (!key.empty()) {
            line += ",\"key\":";
            cli::append_json_string(line, key);
        }
        line += ",\"error\":";
        cli::append_json_string(line, reject.word);
        line += ",\"message\":";
        cli::append_json_string(line, reject.message);
        if (!raw.empty()) {
            line += ",\"raw\":";
            cli::append_json_string(line, text::replace_invalid_utf8(raw).text);
        }
        file_->write(line + "}\n");
    }
    check_limit();
}

void ErrorLog::require_some(std::uint64_t count, const char* missing) const {
    if (count == 0 && records_ > skipped_ && !settings_.allow_empty)
        throw cli::DataError(std::string(missing) + " (--allow-empty accepts this)");
}

int ErrorLog::finish() {
    check_limit();  // the share that was passed before record 1,000
    if (file_) std::exchange(file_, nullptr)->close();
    if (records_ == 0 && !settings_.allow_empty) {
        const std::string where =
            settings_.inputs.empty() ? "standard input" : settings_.inputs.front();
        throw_no_records(where);
    }
    const auto counts = [](std::string text, const std::map<std::string, std::uint64_t>& words) {
        for (const auto& [word, count] : words)
            text += (text.back() == ':' ? " " : ", ") + std::to_string(count) + " " + word;
        return text;
    };
    if (parts_ > 0)
        cli::warn(counts("left out " + std::to_string(parts_) +
                             (parts_ == 1 ? " part of a record:" : " parts of records:"),
                         parts_by_word_));
    if (skipped_ > 0)
        cli::warn(counts(
            "skipped " + std::to_string(skipped_) + " of " + std::to_string(records_) + " records:",
            by_word_));
    return skipped_ + parts_ == 0 ? cli::kDone : cli::kSkipped;
}

}  // namespace lip::record
