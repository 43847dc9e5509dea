#include "record/join.h"

#include "cli/values.h"
#include "record/lines.h"
#include "record/url.h"

#include <fcntl.h>
#include <unistd.h>
#include <xxhash.h>

#include <algorithm>

namespace lip::record {
namespace {

constexpr int kOffsetBits = 52;
constexpr std::uint64_t kOffsetMask = (1ULL << kOffsetBits) - 1;
constexpr std::size_t kMostFiles = std::size_t{1} << (64 - kOffsetBits);

}  // namespace

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

struct CaptionIndex::File {
    std::unique_ptr<RowReader> reader;
    int fd = -1;

    File(std::unique_ptr<RowReader> r, int descriptor) : reader(std::move(r)), fd(descriptor) {}
    File(File&& other) noexcept
        : reader(std::move(other.reader)), fd(std::exchange(other.fd, -1)) {}
    File& operator=(File&&) = delete;
    ~File() {
        if (fd >= 0) ::close(fd);
    }
};

CaptionIndex::~CaptionIndex() = default;

CaptionIndex::CaptionIndex(const std::vector<std::string>& paths, std::string format,
                           const ImportSettings& settings, JoinOn on, JoinPart part,
                           ErrorLog& errors)
    : on_(on) {
    if (paths.size() > kMostFiles)
        throw cli::UsageError("--join takes at most " + std::to_string(kMostFiles) +
                              " caption files");
    for (const std::string& path : paths) {
        const int fd = path == "-" ? -1 : ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
        char magic[4] = {};
        if (fd < 0 || ::pread(fd, magic, 4, 0) < 0 || std::string_view(magic, 2) == "\x1f\x8b" ||
            std::string_view(magic, 4) == "\x28\xb5\x2f\xfd") {
            if (fd >= 0) ::close(fd);
            throw cli::DataError(display_name(path) +
                                 ": --join reads caption rows by their offset and needs a plain "
                                 "file (decompress it first)");
        }
        if (std::string_view(magic, 4) == "PAR1") {
            ::close(fd);
            throw cli::DataError(path +
                                 ": --join reads caption rows by their offset, which Parquet does "
                                 "not have (convert it to records first: recaption-ingest " +
                                 path + " -o FILE.jsonl)");
        }
        std::string name = format;
        files_.emplace_back(open_captions(path, settings, name), fd);
        const std::uint64_t file = (files_.size() - 1) << kOffsetBits;
        Row row;
        while (files_.back().reader->next(row)) {
            errors.count_records(1);
            const Place place{display_name(path), row.line, row.offset, false, {}};
            if (row.reject) {
                errors.report(place, *row.reject, row.raw);
                continue;
            }
            auto record = files_.back().reader->record(row);
            if (!record && record.reject().word == kTextOnly) {
                ++text_only_;
                continue;
            }
            if (!record) {
                if (row.is_cut && record.reject().word == "bad-json") throw_truncated_input(place);
                errors.report(place, record.reject(), row.raw);
                continue;
            }
            const std::string reference = join_reference(*record, on_);
            if (reference.empty() || !part.holds(reference)) continue;
            const XXH128_hash_t hash = XXH3_128bits(reference.data(), reference.size());
            entries_.push_back({hash.high64, hash.low64, file | (row.offset & kOffsetMask)});
        }
    }
    const auto key = [](const Entry& e) { return std::tie(e.high, e.low, e.file_and_offset); };
    std::sort(entries_.begin(), entries_.end(),
              [&](const Entry& a, const Entry& b) { return key(a) < key(b); });
    const auto same = [](const Entry& a, const Entry& b) {
        return a.high == b.high && a.low == b.low;
    };
    const auto end =
        std::unique(entries_.begin(), entries_.end(), same);  // the first row of several stays
    duplicates_ = static_cast<std::uint64_t>(entries_.end() - end);
    entries_.erase(end, entries_.end());
}

std::optional<Record> CaptionIndex::find(const Record& record) const {
    const std::string reference = join_reference(record, on_);
    if (reference.empty()) return std::nullopt;
    const XXH128_hash_t hash = XXH3_128bits(reference.data(), reference.size());
    const auto at = std::lower_bound(
        entries_.begin(), entries_.end(), hash, [](const Entry& e, const XXH128_hash_t& h) {
            return e.high != h.high64 ? e.high < h.high64 : e.low < h.low64;
        });
    if (at == entries_.end() || at->high != hash.high64 || at->low != hash.low64)
        return std::nullopt;
    return read(*at);
}

std::optional<Record> CaptionIndex::read(const Entry& entry) const {
    const File& file = files_[entry.file_and_offset >> kOffsetBits];
    const std::uint64_t offset = entry.file_and_offset & kOffsetMask;
    std::string bytes;
    for (std::size_t size = 1 << 14;; size *= 4) {
        bytes.resize(size);
        const ssize_t n = ::pread(file.fd, bytes.data(), size, static_cast<off_t>(offset));
        if (n < 0) throw cli::DataError("a caption file cannot be read again");
        const bool at_end = static_cast<std::size_t>(n) < size;
        bytes.resize(static_cast<std::size_t>(n));
        Row row;
        if (file.reader->row_at(bytes, at_end, row)) {
            auto record = file.reader->record(row);
            if (!record) return std::nullopt;
            return std::move(*record);
        }
        if (at_end) throw cli::DataError("a caption file has changed while it was read");
    }
}

}  // namespace lip::record
