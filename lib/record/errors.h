// What happens to records that cannot be used: --on-error, --rejects, --max-errors.
#pragma once

#include "cli/error.h"
#include "record/file.h"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lip::record {

// How many bad records a run may meet: a number, a share of the records read, or any.
struct ErrorLimit {
    enum class Kind { kNone, kCount, kShare } kind = Kind::kNone;
    double value = 0;  // a share is within 0..1
};
// "10" or "1%"; "" is none. Throws UsageError.
void from_text(std::string_view text, ErrorLimit& limit);
std::string to_text(const ErrorLimit& limit);

// How a stream of records is read; the option group "records".
struct StreamSettings {
    std::vector<std::string> inputs;  // operands; empty: standard input
    std::string input_format;         // empty: found by looking
    bool skip_bad = false;            // --on-error=skip
    std::string rejects;              // file for them, implies skip_bad
    ErrorLimit max_errors;
    std::int64_t max_line = 64LL << 20;
    bool allow_empty = false;
    bool keep_blank = false;         // a blank line is one, too
    std::int64_t limit = INT64_MAX;  // records read at most
};

// Where a record came from.
struct Place {
    std::string file;
    std::uint64_t line = 0;    // from 1; 0: only the file is known
    std::uint64_t offset = 0;  // byte in the unpacked file
    bool is_sample = false;    // `line` is the number of a sample in a shard
    std::string key;
};

std::string to_string(const Place& place);  // "caps.jsonl:3"

// Throws DataError: the last line of an input is incomplete, or what follows cannot be told apart,
// as `reject` says. That is an error even where bad records are left out, since nobody knows how
// much is missing.
[[noreturn]] void throw_truncated_input(const Place& place, const cli::Reject& reject = {});
// Of an element of an array that hides where the next one begins.
inline constexpr std::string_view kHidesOthers =
    "not JSON: its brackets or quotes do not match, and "
    "nothing tells where the next element begins (an "
    "array with an element a line has no such problem)";

// Throws DataError: an input is empty and --allow-empty was not given.
[[noreturn]] void throw_no_records(const std::string& name);

// Why a line of any kind is "too-large".
cli::Reject too_large();

// Counts, reports and stores rejects. One thread at a time, and one more that holds back.
class ErrorLog {
public:
    // Throws DataError if the file cannot be made.
    ErrorLog(const StreamSettings& settings, bool force);
    // The rejects stay when the run fails: then they are wanted most.
    ~ErrorLog();
    ErrorLog(const ErrorLog&) = delete;
    ErrorLog& operator=(const ErrorLog&) = delete;

    // Takes one bad record. `raw` is the input line, where there is one. Throws DataError with the
    // place and remedy if bad records stop the run, or there are too many.
    void report(const Place& place, const cli::Reject& reject, std::string_view raw = {});
    // Takes a caption, region or member that cannot be used, of a record that is kept.
    void report_part(const Place& place, const cli::Reject& reject, std::string_view raw);
    void count_records(std::uint64_t n);
    // Until release() what this thread counts and reports is kept, and throws nothing: it reads
    // ahead of another one.
    void hold();
    // What the thread that held back had to say, by that thread...
    using Held = std::vector<std::function<void(ErrorLog&)>>;
    Held release();
    std::size_t held() const;  // how much that is so far
    // ...is said by another one, which this throws to: what is at [begin, end).
    void say(const Held& held, std::size_t begin, std::size_t end);
    // Records up to number `n` were handled by an earlier run: bad ones among them are only
    // counted.
    void mute_until(std::uint64_t n) { muted_until_ = n; }

    std::uint64_t records() const;
    std::uint64_t skipped() const { return skipped_; }
    std::uint64_t parts() const { return parts_; }

    // Closes the file of rejects and says the closing line. 0, or 3 if records or parts of them
    // were skipped. Throws DataError if no record was read at all and that is not allowed.
    int finish();
    // Throws DataError: records were read, but `count` of what was asked for is none. `missing` is
    // the message; --allow-empty accepts it.
    void require_some(std::uint64_t count, const char* missing) const;

private:
    Held* held_by_thread() const;
    void check_limit() const;  // throws DataError above --max-errors
    void add(const Place& place, const cli::Reject& reject, std::string_view raw, bool is_part);

    StreamSettings settings_;
    std::unique_ptr<Output> file_;
    std::uint64_t records_ = 0, skipped_ = 0, parts_ = 0, muted_until_ = 0;
    std::map<std::string, std::uint64_t> by_word_, parts_by_word_;
};

}  // namespace lip::record
