#include "record/row_index.h"

#include "record/lines.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include <algorithm>
#include <tuple>

namespace lip::record {
namespace {

constexpr int kOffsetBits = 52;
constexpr std::uint64_t kOffsetMask = (1ULL << kOffsetBits) - 1;
constexpr std::size_t kMostFiles = std::size_t{1} << (64 - kOffsetBits);

bool same_hash(const RowIndex::Entry& a, const RowIndex::Entry& b) {
    return a.high == b.high && a.low == b.low;
}

// Why the rows of a file cannot be found again, and what to do; empty if they can.
std::string no_places(const std::string& path, int fd) {
    char head[512] = {};
    struct stat status = {};
    const std::string records =
        " (turn it into records first: recaption-ingest " + path + " -o FILE.jsonl)";
    if (fd < 0 || ::fstat(fd, &status) != 0)
        return "needs a plain file (save it and name the file)";
    if (S_ISDIR(status.st_mode)) return "a folder has none" + records;
    if (!S_ISREG(status.st_mode)) return "needs a plain file (save it and name the file)";
    const ssize_t size = ::pread(fd, head, sizeof head, 0);
    const std::string_view bytes(head, static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
    if (bytes.starts_with("\x1f\x8b") || bytes.starts_with("\x28\xb5\x2f\xfd"))
        return "needs a plain file (unpack it first)";
    if (bytes.starts_with("PAR1")) return "Parquet has none" + records;
    if (bytes.size() > 262 && bytes.substr(257, 5) == "ustar") return "a tar has none" + records;
    return {};
}

}  // namespace

struct RowIndex::File {
    std::unique_ptr<RowReader> reader;
    std::string name;
    int fd = -1;

    File(std::string file, int descriptor) : name(std::move(file)), fd(descriptor) {}
    File(File&& other) noexcept
        : reader(std::move(other.reader)),
          name(std::move(other.name)),
          fd(std::exchange(other.fd, -1)) {}
    File& operator=(File&&) = delete;
    ~File() {
        if (fd >= 0) ::close(fd);
    }
};

RowIndex::~RowIndex() = default;
RowIndex::RowIndex(RowIndex&&) noexcept = default;

RowIndex::RowIndex(const std::vector<std::string>& paths, const std::string& format,
                   const ImportSettings& settings, const std::string& option,
                   const Reference& reference, ErrorLog& errors, std::int64_t limit) {
    if (paths.size() > kMostFiles)
        throw cli::UsageError(option + " takes at most " + std::to_string(kMostFiles) +
                              " caption files");
    for (const std::string& path : paths) {
        add_file(path, format, settings, option);
        add_rows(path, reference, errors, limit);
    }
    std::ranges::sort(entries_, {},
                      [](const Entry& e) { return std::tuple(e.high, e.low, e.file_and_offset); });
    for (std::size_t i = 1; i < entries_.size(); ++i)
        repeats_ += same_hash(entries_[i - 1], entries_[i]);
}

void RowIndex::add_file(const std::string& path, const std::string& format,
                        const ImportSettings& settings, const std::string& option) {
    files_.emplace_back(display_name(path),
                        path == "-" ? -1 : ::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (const std::string why = no_places(path, files_.back().fd); !why.empty())
        throw cli::DataError(display_name(path) + ": " + option +
                             " reads caption rows by their place, and " + why);
    std::string found = format;
    files_.back().reader = open_captions(path, settings, found);
}

void RowIndex::add_rows(const std::string& path, const Reference& reference, ErrorLog& errors,
                        std::int64_t& limit) {
    const RowReader& reader = *files_.back().reader;
    const std::uint64_t file = (files_.size() - 1) << kOffsetBits;
    Row row;
    for (; limit > 0 && files_.back().reader->next(row); --limit) {
        errors.count_records(1);
        const Place place{display_name(path), row.line, row.offset, false, {}};
        if (row.reject) {
            if (row.is_cut && row.reject->word == "bad-json")
                throw_truncated_input(place, *row.reject);
            errors.report(place, *row.reject, row.raw);
            continue;
        }
        const auto record = reader.record(row);
        if (!record && record.reject().word == kTextOnly) {
            ++text_only_;
            continue;
        }
        if (!record) {
            if (row.is_cut && record.reject().word == "bad-json") throw_truncated_input(place);
            errors.report(place, record.reject(),
                          row.raw.empty() && row.fields.size() == 1 ? row.fields[0] : row.raw);
            continue;
        }
        for (const BadPart& part : record->bad_parts)
            errors.report_part(place, part.reject, part.raw);
        const std::string compared = reference(*record);
        if (compared.empty()) continue;
        const XXH128_hash_t hash = XXH3_128bits(compared.data(), compared.size());
        entries_.push_back({hash.high64, hash.low64, file | (row.offset & kOffsetMask)});
    }
}

std::span<const RowIndex::Entry> RowIndex::find(std::string_view reference) const {
    if (reference.empty()) return {};
    const XXH128_hash_t hash = XXH3_128bits(reference.data(), reference.size());
    const auto at = std::pair<std::uint64_t, std::uint64_t>(hash.high64, hash.low64);
    const auto hash_of = [](const Entry& e) { return std::pair(e.high, e.low); };
    const auto first = std::ranges::lower_bound(entries_, at, {}, hash_of);
    const auto last = std::ranges::upper_bound(entries_, at, {}, hash_of);
    return {first, last};
}

std::uint64_t RowIndex::orphans() const {
    std::uint64_t n = 0;
    for (const File& file : files_) n += file.reader->orphans();
    return n;
}

std::vector<std::vector<std::string>> RowIndex::classes() const {
    std::vector<std::vector<std::string>> all;
    for (const File& file : files_) all.push_back(file.reader->classes());
    return all;
}

void RowIndex::order_by_first() {
    std::uint64_t first = 0;
    for (std::size_t i = 0, next = 0; i < entries_.size(); i = next) {
        first = entries_[i].file_and_offset;
        for (next = i + 1; next < entries_.size() && same_hash(entries_[i], entries_[next]);)
            ++next;
        for (std::size_t at = i; at < next; ++at) entries_[at].high = first;
    }
    std::ranges::sort(entries_, {},
                      [](const Entry& e) { return std::pair(e.high, e.file_and_offset); });
}

Record RowIndex::read(const Entry& entry) const {
    const File& file = files_[entry.file_and_offset >> kOffsetBits];
    const std::uint64_t offset = entry.file_and_offset & kOffsetMask;
    const std::string_view held = file.reader->held_text();
    std::string bytes;
    for (std::size_t size = 1 << 14;; size *= 4) {
        bool at_end = true;
        std::string_view text = held.empty() ? held : held.substr(offset);
        if (held.empty()) {
            bytes.resize(size);
            const ssize_t n = ::pread(file.fd, bytes.data(), size, static_cast<off_t>(offset));
            if (n < 0) throw cli::DataError("a caption file cannot be read again");
            at_end = static_cast<std::size_t>(n) < size;
            bytes.resize(static_cast<std::size_t>(n));
            text = bytes;
        }
        Row row;
        if (file.reader->row_at(text, at_end, row)) {
            auto record = file.reader->record(row);
            if (record) {
                record->bad_parts.clear();
                return std::move(*record);
            }
            at_end = true;
        }
        if (at_end) throw cli::DataError("a caption file has changed while it was read");
    }
}

const std::string& RowIndex::file_of(const Entry& entry) const {
    return files_[entry.file_and_offset >> kOffsetBits].name;
}

}  // namespace lip::record
