#include "shard/tar_reader.h"

#include "cli/error.h"
#include "shard/tar_layout.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <optional>
#include <utility>

namespace lip::shard {
namespace {

constexpr std::uint64_t kMaxExtraBytes = std::uint64_t{1} << 20;  // of a pax header or long name
constexpr std::size_t kGrowBytes = std::size_t{1} << 20;
constexpr std::uint64_t kMaxDataBytes = std::numeric_limits<std::int64_t>::max();

bool all_zero(std::string_view bytes) {
    return bytes.find_first_not_of('\0') == std::string_view::npos;
}

std::string_view field(std::string_view block, TarField field) {
    return block.substr(field.at, field.bytes);
}

std::string_view until_nul(std::string_view text) {
    return text.substr(0, text.find('\0'));
}

std::optional<std::uint64_t> parse_decimal(std::string_view digits) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(digits.begin(), digits.end(), value);
    if (error != std::errc{} || end != digits.end() || value > kMaxDataBytes) return std::nullopt;
    return value;
}

}  // namespace

struct TarReader::Extra {
    std::optional<std::string> path;
    std::optional<std::uint64_t> size;
    bool any = false;
};

TarReader::TarReader(ByteSource& source, std::string label, TarEnd end)
    : source_(source), label_(std::move(label)), end_(end), block_(kTarBlock, '\0') {}

void TarReader::fail(const std::string& what) const {
    throw cli::DataError(label_ + ": " + what + " (tar header at byte " +
                         std::to_string(block_at_) + ")");
}

void TarReader::refuse_member(const std::string& what) {
    if (!leaves_out_) fail(what);
    faults_.push_back(what);
}

std::size_t TarReader::pull(char* to, std::size_t n) {
    const std::size_t got = source_.read(to, n);
    offset_ += got;
    return got;
}

void TarReader::read_exactly(char* to, std::size_t n) {
    while (n > 0) {
        const std::size_t got = pull(to, n);
        if (got == 0) {
            fail("ends inside a member at byte " + std::to_string(offset_) +
                 ": the file is truncated");
        }
        to += got;
        n -= got;
    }
}

// The next header block; false at the end of the source.
bool TarReader::read_block() {
    block_at_ = offset_;
    const std::size_t got = pull(block_.data(), kTarBlock);
    if (got == 0) return false;
    read_exactly(block_.data() + got, kTarBlock - got);
    return true;
}

bool TarReader::next(TarEntry& entry) {
    if (done_) return false;
    skip_data();
    Extra extra;
    while (read_block()) {
        if (all_zero(block_)) {
            if (extra.any) fail("ends after a long name without its member");
            finish_end();
            return false;
        }
        check_header();
        if (parse_header(entry, extra)) return true;
    }
    if (extra.any || end_ == TarEnd::kBlocks) {
        fail(offset_ == 0 ? "is empty: a tar archive has at least its two end blocks"
                          : "has no end-of-archive blocks: the file is truncated");
    }
    done_ = true;
    return false;
}

void TarReader::check_header() const {
    // Archives from before ustar have zeros there.
    const std::string_view magic = field(block_, kTarMagic);
    if (!magic.starts_with("ustar") && !all_zero(magic)) {
        fail(block_at_ == 0 ? "is not a tar archive" : "no tar header where one belongs");
    }
    if (number(kTarChecksum.at, kTarChecksum.bytes, "checksum") != tar_checksum(block_)) {
        if (block_at_ == 0 && all_zero(magic)) fail("is not a tar archive");
        fail("wrong checksum of a tar header: the file is damaged");
    }
}

// Octal digits between optional spaces and NULs, or GNU's base 256 (first bit set).
std::uint64_t TarReader::number(std::size_t at, std::size_t bytes, const char* what) const {
    std::string_view text = std::string_view(block_).substr(at, bytes);
    std::uint64_t value = 0;
    if (static_cast<unsigned char>(text[0]) == 0x80) {
        for (const char c : text.substr(1)) {
            if (value > (kMaxDataBytes >> 8)) fail(std::string(what) + " out of range");
            value = (value << 8) | static_cast<unsigned char>(c);
        }
        return value;
    }
    text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
    const std::size_t digits =
        std::min(text.find_first_of(std::string_view(" \0", 2)), text.size());
    const char* first = text.data();
    const auto [end, error] = std::from_chars(first, first + digits, value, /*base=*/8);
    const bool rest_blank =
        text.find_first_not_of(std::string_view(" \0", 2), digits) == std::string_view::npos;
    if (error != std::errc{} || end != first + digits || !rest_blank) {
        fail(std::string(what) + " of a tar header is not an octal number");
    }
    return value;
}

std::string TarReader::block_name() const {
    std::string name(until_nul(field(block_, kTarName)));
    if (!field(block_, kTarMagic).starts_with(kUstarMagic.substr(0, 6))) return name;
    const std::string_view prefix = until_nul(field(block_, kTarPrefix));
    return prefix.empty() ? name : std::string(prefix) + "/" + name;
}

// True if the header at hand is that of a regular file, which `entry` then describes.
bool TarReader::parse_header(TarEntry& entry, Extra& extra) {
    const char type = block_[kTarType.at];
    const std::uint64_t size = number(kTarSize.at, kTarSize.bytes, "size");
    if (type == 'x' || type == 'g' || type == 'L') {
        read_extra(type, size, extra);
        return false;
    }
    entry.name = extra.path ? std::move(*extra.path) : block_name();
    entry.size = extra.size.value_or(size);
    extra = {};
    const bool file = type == '0' || type == '\0' || type == '7';
    const bool folder = type == '5' || (file && entry.name.ends_with('/'));
    const std::string_view problem = member_name_problem(entry.name);
    const bool is_good = (file || folder) && problem.empty();
    if (!file && !folder)
        refuse_member("member " + show_name(entry.name) + " is not a regular file (type " +
                      show_name({&type, 1}) + "): links, devices and sparse files are refused");
    else if (!problem.empty())
        refuse_member("member name " + show_name(entry.name) + " " + std::string(problem));
    if (is_good && folder) {
        if (entry.size != 0) fail("folder " + show_name(entry.name) + " has data");
        return false;
    }
    // A link has no data, whatever size it gives.
    const bool is_link = !file && !folder && type >= '1' && type <= '6';
    left_ = is_link ? 0 : entry.size;
    padding_ = tar_padding(left_);
    if (!is_good) skip_data();
    return is_good;
}

void TarReader::read_extra(char type, std::uint64_t size, Extra& extra) {
    if (size > kMaxExtraBytes) fail("extended header of more than 1 MiB");
    std::string data(static_cast<std::size_t>(size), '\0');
    read_exactly(data.data(), data.size());
    std::array<char, kTarBlock> padding;
    read_exactly(padding.data(), tar_padding(size));
    if (type == 'g') {
        read_pax(data, /*global=*/true, extra);
        return;
    }
    extra.any = true;
    if (type == 'x') {
        read_pax(data, /*global=*/false, extra);
    } else {
        if (data.ends_with('\0')) data.pop_back();
        extra.path = std::move(data);
    }
}

// Records "LENGTH KEY=VALUE\n". Owners, times and comments are nothing to us.
void TarReader::read_pax(std::string_view records, bool global, Extra& extra) {
    while (!records.empty()) {
        const std::size_t space = std::min(records.find(' '), records.size());
        const std::optional<std::uint64_t> length = parse_decimal(records.substr(0, space));
        if (!length || *length < space + 4 || *length > records.size() ||
            records[static_cast<std::size_t>(*length) - 1] != '\n') {
            fail("damaged pax record");
        }
        const std::size_t bytes = static_cast<std::size_t>(*length);
        const std::string_view text = records.substr(space + 1, bytes - space - 2);
        records.remove_prefix(bytes);
        const std::size_t equals = text.find('=');
        if (equals == std::string_view::npos) fail("pax record without '='");
        const std::string_view key = text.substr(0, equals);
        const std::string_view value = text.substr(equals + 1);
        if (key.starts_with("GNU.sparse.")) fail("sparse files are refused");
        if (key != "path" && key != "size") continue;
        if (global) fail("pax header gives one path or size to all members");
        if (key == "path") {
            extra.path = value;
        } else {
            extra.size = parse_decimal(value);
            if (!extra.size) fail("pax size is not a number in range");
        }
    }
}

// After a first zero block: the second, then nothing but zeros.
void TarReader::finish_end() {
    if (!read_block() || !all_zero(block_)) {
        fail("one end-of-archive block instead of two: the file is truncated or damaged");
    }
    std::string rest(kTarBlock * 32, '\0');
    while (const std::size_t got = pull(rest.data(), rest.size())) {
        if (!all_zero(std::string_view(rest).substr(0, got))) {
            fail("data after the end of the archive (joined archives are refused)");
        }
    }
    ended_ = true;
    done_ = true;
}

void TarReader::skip_data() {
    std::array<char, 16 * kTarBlock> scratch;
    while (left_ > 0) {
        read(scratch.data(), scratch.size());
    }
    read_exactly(scratch.data(), std::exchange(padding_, 0));
}

std::size_t TarReader::read(char* to, std::size_t n) {
    const std::size_t wanted = static_cast<std::size_t>(std::min<std::uint64_t>(n, left_));
    if (wanted == 0) return 0;
    const std::size_t got = pull(to, wanted);
    if (got == 0) {
        fail("ends inside a member at byte " + std::to_string(offset_) + ": the file is truncated");
    }
    left_ -= got;
    return got;
}

void TarReader::read_all(std::string& out, std::uint64_t limit) {
    if (left_ > limit) {
        fail("member of " + std::to_string(left_) + " bytes, more than " + std::to_string(limit));
    }
    out.clear();
    while (left_ > 0) {
        const std::size_t at = out.size();
        const std::uint64_t step = std::max<std::uint64_t>(kGrowBytes, at);
        const std::size_t more = static_cast<std::size_t>(std::min(left_, step));
        out.resize(at + more);
        read_exactly(out.data() + at, more);
        left_ -= more;
    }
}

}  // namespace lip::shard
