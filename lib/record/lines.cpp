#include "record/lines.h"

#include "record/operands.h"
#include "record/record.h"
#include "text/byte_order_mark.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

namespace lip::record {
namespace {

constexpr std::size_t kBlockBytes = 1 << 18;

bool is_blank(std::string_view line) {
    return line.find_first_not_of(" \t\r") == line.npos;
}

// Records of a folder are *.jsonl; what exists under the very name is no pattern.
std::vector<std::string> files_of(const std::string& operand) {
    std::error_code error;
    const auto status = std::filesystem::status(operand, error);
    if (std::filesystem::is_directory(status)) {
        auto files = tables_in(operand, /*records_only=*/true);
        if (files.empty())
            throw cli::DataError(operand + ": the folder holds no records (*.jsonl)");
        return files;
    }
    if (operand == "-" || std::filesystem::exists(status) || !is_pattern(operand)) return {operand};
    return expand_pattern(operand);
}

}  // namespace

std::vector<std::string> resolve_inputs(const std::vector<std::string>& operands) {
    if (operands.empty()) {
        if (::isatty(STDIN_FILENO) == 1)
            throw cli::UsageError("no input (name a file, pipe data in, or give \"-\")");
        return {"-"};
    }
    if (std::count(operands.begin(), operands.end(), "-") > 1)
        throw cli::UsageError("\"-\" (standard input) can be given once only");
    std::vector<std::string> inputs;
    for (const std::string& operand : operands)
        for (std::string& path : files_of(operand)) inputs.push_back(std::move(path));
    check_can_open(inputs);
    return inputs;
}

void check_can_open(const std::vector<std::string>& paths) {
    for (const std::string& path : paths) {
        if (path == "-") continue;
        const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
        if (fd < 0) throw cli::DataError(path + ": cannot be opened: " + std::strerror(errno));
        ::close(fd);
    }
}

LineReader::LineReader(const StreamSettings& settings)
    : settings_(settings), names_(resolve_inputs(settings.inputs)) {}

LineReader::LineReader(const StreamSettings& settings, OpenInput input)
    : settings_(settings), names_{settings.inputs}, opened_(std::move(input)) {}

bool LineReader::open_next() {
    if (next_ == names_.size()) return false;
    file_ = display_name(names_[next_]);
    OpenInput input = opened_ ? std::move(*opened_) : open_input(names_[next_]);
    opened_.reset();
    ++next_;
    // Where a form is named, its text may hold any bytes.
    const std::string problem = no_records_because(input.kind);
    if (!problem.empty() && (settings_.input_format.empty() || input.kind.content == Content::kTar))
        throw cli::DataError(file_ + ": " + problem);
    window_ = std::make_unique<Window>(std::move(input.bytes));
    number_ = 0;
    return true;
}

void LineReader::skip_long_line(LineBlock& block, std::string_view view) {
    Line line{{}, ++number_, window_->offset(), true, false};
    view = view.substr(0, kShownBytes);
    block.bytes.assign(view.begin(), view.end());
    line.text = {block.bytes.data(), block.bytes.size()};
    block.lines.push_back(line);
    ++records_;
    window_->skip_line();
}

std::optional<LineBlock> LineReader::next_block() {
    const auto max_line = static_cast<std::size_t>(settings_.max_line);
    for (;;) {
        if (!window_ && !open_next()) return std::nullopt;
        if (records_ >= settings_.limit) return std::nullopt;
        LineBlock block;
        block.file = file_;
        std::string_view view = window_->view();
        std::size_t end = view.substr(0, kBlockBytes).rfind('\n');
        if (end == view.npos) end = view.find('\n');
        bool is_cut = false;
        if (end == view.npos) {
            if (view.size() > max_line) {
                skip_long_line(block, view);
                return block;
            }
            if (window_->more()) continue;
            view = window_->view();
            if (view.empty()) {
                window_.reset();
                continue;
            }
            end = view.size() - 1;
            is_cut = true;
        }
        view = view.substr(0, end + 1);
        block.bytes.assign(view.begin(), view.end());
        const std::uint64_t base = window_->offset();
        window_->take(end + 1);
        const std::string_view bytes(block.bytes.data(), block.bytes.size());
        for (std::size_t begin = 0; begin < bytes.size() && records_ < settings_.limit;) {
            std::size_t stop = bytes.find('\n', begin);
            const bool last_cut = stop == bytes.npos && is_cut;
            if (stop == bytes.npos) stop = bytes.size();
            std::string_view text = bytes.substr(begin, stop - begin);
            if (text.ends_with('\r')) text.remove_suffix(1);
            ++number_;
            if (number_ == 1) text = lip::text::without_byte_order_mark(text);
            if (settings_.keep_blank || !is_blank(text)) {
                const bool too_large = text.size() > max_line;
                const auto at = static_cast<std::uint64_t>(text.data() - bytes.data());
                block.lines.push_back({too_large ? text.substr(0, kShownBytes) : text, number_,
                                       base + at, too_large, last_cut});
                ++records_;
            }
            begin = stop + 1;
        }
        if (!block.lines.empty()) return block;
    }
}

bool RecordReader::next(Record& record, Place& place) {
    for (;;) {
        while (!block_ || at_ == block_->lines.size()) {
            block_ = lines_.next_block();
            at_ = 0;
            if (!block_) return false;
        }
        const Line& line = block_->lines[at_++];
        place = {block_->file, line.number, line.offset, false, {}};
        log_.count_records(1);
        if (line.too_large) {
            log_.report(place, too_large(), line.text);
            continue;
        }
        auto parsed = parse_record(line.text);
        if (!parsed) {
            if (line.is_cut && parsed.reject().word == "bad-json") throw_truncated_input(place);
            log_.report(place, parsed.reject(), line.text);
            continue;
        }
        record = std::move(*parsed);
        place.key = record.key;
        return true;
    }
}

}  // namespace lip::record
