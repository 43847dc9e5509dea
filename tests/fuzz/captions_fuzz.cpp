// Any bytes as a caption file: whatever format is found in it, the rows are the same however the
// bytes arrive, and each record that comes out is one that the next tool takes.
#include "cli/error.h"
#include "cli/log.h"
#include "cli/values.h"
#include "record/content.h"
#include "record/formats.h"
#include "record/group.h"
#include "record/json_rows.h"
#include "record/pixel_regions.h"
#include "record/where.h"
#include "shard/caption_tars.h"
#include "tests/fuzz/pieces.h"
#include "tests/fuzz/require.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace lip::record;

constexpr std::size_t kMostRows = 1000;

ImportSettings mapped() {
    ImportSettings settings;
    settings.map.fields.push_back({"url", "url"});
    settings.map.captions.push_back({"raw", "raw", "caption"});
    return settings;
}

// Boxes in columns, of one and of four.
ImportSettings with_boxes() {
    ImportSettings settings = mapped();
    settings.map.regions.push_back(lip::cli::value_of<RegionColumn>("xywh=bbox:text:label"));
    settings.map.regions.push_back(lip::cli::value_of<RegionColumn>("yxyx/1000=a.b,a.c,d,e:f"));
    settings.map.regions.push_back(lip::cli::value_of<RegionColumn>("cxcywh/1=regions.box"));
    return settings;
}

// A table without a header, cut where the user says.
ImportSettings numbered() {
    ImportSettings settings;
    settings.map.fields.push_back({"image", "1"});
    settings.map.captions.push_back({"raw", "raw", "2"});
    settings.header = false;
    settings.delimiter = '|';
    return settings;
}

void check_record(const Record& record) {
    std::string line, again;
    append_json(line, record);
    const auto read = parse_record(line);
    require(static_cast<bool>(read), "the next tool takes a record");
    append_json(again, *read);
    require(line == again && read->key == record.key, "a record is passed on as it is");
    require(read->captions.size() == record.captions.size(), "no caption is lost");
    Record resolved = *read;
    resolve_region_texts(resolved);
    resolve_pixel_regions(resolved);
    line.clear();
    append_json(line, resolved);
    require(static_cast<bool>(parse_record(line)), "regions that are resolved make a record");
}

// The records of a reader as lines, and the words of what was refused.
std::vector<std::string> lines_of(RowReader& reader) {
    std::vector<std::string> lines;
    Row row;
    while (lines.size() < kMostRows && reader.next(row)) {
        std::string line = std::to_string(row.line) + "@" + std::to_string(row.offset) + " ";
        if (row.reject) {
            line += row.reject->message;
        } else if (const auto record = reader.record(row)) {
            check_record(*record);
            append_json(line, *record);
        } else {
            require(!record.reject().message.empty(), "a reject says why");
            line += record.reject().word;
        }
        lines.push_back(std::move(line));
    }
    return lines;
}

void check_file(std::string_view bytes, const ImportSettings& settings, std::string format) {
    const int fd = ::memfd_create("fuzz", MFD_CLOEXEC);
    require(fd >= 0, "memfd_create");
    require(::write(fd, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()), "write");
    const std::string path = "/proc/self/fd/" + std::to_string(fd);
    try {
        auto source = std::make_unique<CaptionSource>(path);
        std::unique_ptr<RowReader> reader;
        if (format.empty() &&
            lip::record::content_of(source->head()).content == lip::record::Content::kTar)
            reader = lip::shard::open_caption_tar(std::move(source), settings, "fuzz", format);
        else
            reader = open_captions(std::move(source), settings, format);
        require(!format.empty(), "a format has a name");
        lines_of(*reader);
    } catch (const lip::cli::DataError&) {
    }
    ::close(fd);
}

// The readers of JSON alone, in pieces.
void check_pieces(std::string_view bytes, const std::string& field) {
    const ImportSettings settings = mapped();
    const auto convert = [](const std::string& json) { return parse_record(json); };
    const auto read = [&](std::unique_ptr<ByteSource> source) {
        return lines_of(
            *json_rows(std::move(source), settings, detect_shape(bytes), convert, "", field));
    };
    require(read(memory_bytes(bytes)) == read(in_pieces(bytes)), "the same rows in pieces");
}

// Records that are put together are records, and keep all captions.
void check_groups(std::string_view bytes) {
    Gatherer gatherer(true, 1 << 20);
    std::size_t given = 0, kept = 0;
    WhereCounts counts;
    const Where where({{"split", "train"}, {"key", "a", true}});
    const auto put = [&](const std::optional<Record>& record) {
        if (!record) return;
        check_record(*record);
        kept += record->captions.size();
    };
    for (std::size_t begin = 0; begin < bytes.size();) {
        const std::size_t end = std::min(bytes.find('\n', begin), bytes.size());
        auto record = parse_record(bytes.substr(begin, end - begin));
        begin = end + 1;
        if (!record) continue;
        record->key = "k";
        record->object.set_text("key", record->key);
        where.takes(*record, counts);
        given += record->captions.size();
        put(gatherer.add(std::move(*record)));
    }
    put(gatherer.finish());
    require(given == kept, "no caption is lost between rows");
}

}  // namespace

extern "C" int LLVMFuzzerInitialize(int*, char***) {
    lip::cli::LogSettings quiet;
    quiet.threshold = lip::cli::Level::kError;
    lip::cli::configure_log(quiet);
    return 0;
}

namespace {

ImportSettings inside(std::vector<std::string> path) {
    ImportSettings settings = mapped();
    settings.records = std::move(path);
    return settings;
}

// The ways in which a file can be read besides that without options.
using Reading = void (*)(std::string_view bytes);
constexpr Reading kReadings[] = {
    [](std::string_view bytes) { check_file(bytes, mapped(), ""); },
    [](std::string_view bytes) { check_file(bytes, with_boxes(), ""); },
    [](std::string_view bytes) { check_file(bytes, numbered(), ""); },
    // A file that the user calls something it may not be.
    [](std::string_view bytes) {
        const auto formats = caption_formats();
        check_file(bytes, mapped(), std::string(formats[bytes.size() % formats.size()].name));
    },
    [](std::string_view bytes) { check_file(bytes, inside({"."}), ""); },
    [](std::string_view bytes) {
        check_file(bytes, inside({"a.b", "annotations"}), "");
    },
    [](std::string_view bytes) { check_pieces(bytes, ""); },
    [](std::string_view bytes) { check_pieces(bytes, "annotations"); },
    [](std::string_view bytes) { check_groups(bytes); },
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    check_file(bytes, {}, "");
#ifdef LIP_REPLAY
    for (const Reading reading : kReadings) reading(bytes);
#else
    // One for each input, which one by its bytes: all of them would take five times as long.
    kReadings[std::hash<std::string_view>()(bytes) % std::size(kReadings)](bytes);
#endif
    return 0;
}
