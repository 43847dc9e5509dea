// Lines of text files and of standard input, with their places.
#pragma once

#include "record/content.h"
#include "record/errors.h"
#include "record/input.h"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lip::record {

struct Line {
    std::string_view text;  // without the newline (and without a CR before it)
    std::uint64_t number = 0;
    std::uint64_t offset = 0;
    bool too_large = false;  // longer than the limit; `text` holds its beginning
    bool is_cut = false;     // the last one, without its newline
};

// Some neighbouring lines of one file. The texts point into `bytes`.
struct LineBlock {
    std::string file;         // as messages name it
    std::vector<char> bytes;  // not std::string: the texts must hold when the block is moved
    std::vector<Line> lines;
};

// Reads all inputs of `settings` in order, in blocks of what is at hand, at most about 256 KiB and
// a line. Blank lines are left out unless settings.keep_blank. All files are opened once at the
// start, so that a misspelt name costs no time. Throws DataError.
class LineReader {
public:
    explicit LineReader(const StreamSettings& settings);
    // Of one input that is open already, the only one of `settings`.
    LineReader(const StreamSettings& settings, OpenInput input);
    std::optional<LineBlock> next_block();

private:
    bool open_next();
    void skip_long_line(LineBlock& block, std::string_view view);

    StreamSettings settings_;
    std::vector<std::string> names_;
    std::optional<OpenInput> opened_;
    std::size_t next_ = 0;
    std::unique_ptr<Window> window_;
    std::string file_;
    std::uint64_t number_ = 0;
    std::int64_t records_ = 0;
};

// The inputs of a tool: files, patterns and folders of records taken apart, or "-" when there are
// none. Throws UsageError at a terminal, DataError for a file that cannot be opened.
std::vector<std::string> resolve_inputs(const std::vector<std::string>& operands);
// Throws DataError for the first that cannot be opened.
void check_can_open(const std::vector<std::string>& paths);

// Name of an input in messages.
inline std::string display_name(const std::string& path) {
    return path == "-" ? "standard input" : path;
}

// One record after the other, bad ones handed to the log. For tools that need no threads here.
class RecordReader {
public:
    RecordReader(const StreamSettings& settings, ErrorLog& log) : lines_(settings), log_(log) {}
    RecordReader(const StreamSettings& settings, OpenInput input, ErrorLog& log)
        : lines_(settings, std::move(input)), log_(log) {}
    // The next good record and its place; false at the end.
    bool next(struct Record& record, Place& place);

private:
    LineReader lines_;
    ErrorLog& log_;
    std::optional<LineBlock> block_;
    std::size_t at_ = 0;
};

}  // namespace lip::record
