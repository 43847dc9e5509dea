#include "record/content.h"

#include "record/unpack.h"
#include "text/letters.h"

#include <algorithm>

namespace lip::record {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view kUnpack = "unpack it first";
constexpr std::string_view kBzip2 =
    "unpack it on the way: bzip2 -dc FILE | ..., or pack it with gzip or zstd, which are read";

struct Magic {
    std::size_t at;
    std::string_view bytes;
    Content content;
    std::string_view what, remedy;
};

// Longer ones before those that they begin with.
constexpr Magic kMagics[] = {
    {0, "\x1F\x8B\x08"sv, Content::kForeign, "is packed twice, with gzip inside",
     "unpack it once on the way: gzip -dc FILE | ..."},
    {0, "\x28\xB5\x2F\xFD"sv, Content::kForeign, "is packed twice, with zstd inside",
     "unpack it once on the way: zstd -dcf FILE | ..., or gzip -dc FILE | ..."},
    {0, "PAR1"sv, Content::kParquet, "is Parquet",
     "make records of it first: recaption-ingest FILE"},
    {0, "\xFF\xD8\xFF"sv, Content::kPicture, "is a JPEG picture", ""},
    {0, "\x89PNG\r\n\x1A\n"sv, Content::kPicture, "is a PNG picture", ""},
    {0, "GIF87a"sv, Content::kPicture, "is a GIF picture", ""},
    {0, "GIF89a"sv, Content::kPicture, "is a GIF picture", ""},
    {8, "WEBPVP8"sv, Content::kPicture, "is a WebP picture", ""},
    {4, "ftypavi"sv, Content::kPicture, "is an AVIF picture", ""},
    {4, "ftyphei"sv, Content::kPicture, "is a HEIC picture", ""},
    {4, "ftypmif1"sv, Content::kPicture, "is a HEIC or AVIF picture", ""},
    {4, "ftyp"sv, Content::kForeign, "is a video", "take pictures out of it first"},
    {0, "II*\0"sv, Content::kPicture, "is a TIFF picture", ""},
    {0, "MM\0*"sv, Content::kPicture, "is a TIFF picture", ""},
    {0, "\0\0\0\x0CJXL "sv, Content::kPicture, "is a JPEG XL picture", ""},
    {4, "1AY&SY"sv, Content::kForeign, "is packed with bzip2", kBzip2},
    {4, "\x17\x72\x45\x38\x50\x90"sv, Content::kForeign, "is packed with bzip2", kBzip2},
    {0, "\xFD\x37zXZ\0"sv, Content::kForeign, "is packed with xz",
     "unpack it on the way: xz -dc FILE | ..., or pack it with gzip or zstd, which are read"},
    {0, "\x5D\0\0"sv, Content::kForeign, "is packed with lzma",
     "unpack it on the way: xz -dc FILE | ..., or pack it with gzip or zstd, which are read"},
    {0, "\x04\x22\x4D\x18"sv, Content::kForeign, "is packed with lz4",
     "unpack it on the way: lz4 -dc FILE | ..., or pack it with gzip or zstd, which are read"},
    {0, "\xFFsNaPpY"sv, Content::kForeign, "is packed with snappy", kUnpack},
    {0, "LZIP\x01"sv, Content::kForeign, "is packed with lzip", kUnpack},
    {0, "\x1F\x9D"sv, Content::kForeign, "is packed with compress (.Z)",
     "unpack it on the way: gzip -dc FILE | ..."},
    {0, "PK\x03\x04"sv, Content::kForeign, "is a zip archive", "unpack it first: unzip FILE"},
    {0, "PK\x05\x06"sv, Content::kForeign, "is an empty zip archive", ""},
    {0, "7z\xBC\xAF\x27\x1C"sv, Content::kForeign, "is a 7z archive", "unpack it first: 7z x FILE"},
    {0, "Rar!\x1A\x07"sv, Content::kForeign, "is a RAR archive", "unpack it first: unrar x FILE"},
    {0, "ARROW1\0\0"sv, Content::kForeign, "is an Arrow (Feather) file",
     "make Parquet of it first: pyarrow.parquet.write_table(pyarrow.feather.read_table(FILE), "
     "...)"},
    {0, "FEA1\0"sv, Content::kForeign, "is a Feather file",
     "make Parquet of it first: pyarrow.parquet.write_table(pyarrow.feather.read_table(FILE), "
     "...)"},
    {0, "\xFF\xFF\xFF\xFF"sv, Content::kForeign, "is an Arrow stream, as load_dataset keeps it",
     "make Parquet of it first: datasets.Dataset.from_file(FILE).to_parquet(...)"},
    {0, "Obj\x01"sv, Content::kForeign, "is an Avro file", "make JSON lines of it first"},
    {0, "\x89HDF\r\n\x1A\n"sv, Content::kForeign, "is an HDF5 file", "make JSON lines of it first"},
    {0, "SQLite format 3\0"sv, Content::kForeign, "is an SQLite data base",
     "make CSV of it first: sqlite3 -csv -header FILE 'select ...'"},
    {0, "\x93NUMPY"sv, Content::kForeign, "is a NumPy array", "make JSON lines of it first"},
    {0, "\x80\x02"sv, Content::kForeign, "is a Python pickle", "make JSON lines of it first"},
    {0, "\x80\x03"sv, Content::kForeign, "is a Python pickle", "make JSON lines of it first"},
    {0, "\x80\x04\x95"sv, Content::kForeign, "is a Python pickle", "make JSON lines of it first"},
    {0, "\x80\x05\x95"sv, Content::kForeign, "is a Python pickle", "make JSON lines of it first"},
    {0, "%PDF-"sv, Content::kForeign, "is a PDF", ""},
    {0, "version https://git-lfs.github.com/spec/"sv, Content::kForeign,
     "is a git-lfs pointer, not the file itself", "git lfs pull brings it"},
    {0, "\xFF\xFE\0\0"sv, Content::kForeign, "is UTF-32",
     "convert it on the way: iconv -f UTF-32 -t UTF-8 FILE | ..."},
    {0, "\xFF\xFE"sv, Content::kForeign, "is UTF-16",
     "convert it on the way: iconv -f UTF-16 -t UTF-8 FILE | ..."},
    {0, "\xFE\xFF"sv, Content::kForeign, "is UTF-16",
     "convert it on the way: iconv -f UTF-16 -t UTF-8 FILE | ..."},
};

// What a web server sends in place of a file; compared without case, after white space.
constexpr std::string_view kPages[] = {"<!doctype html", "<html", "<head>", "<?xml", "<!--"};

bool is_zero(std::string_view bytes) {
    return bytes.find_first_not_of('\0') == bytes.npos;
}

// Old archives have no magic: the sum of the header's bytes, its own field counted as spaces.
bool is_tar_header(std::string_view head) {
    if (head.size() < 262) return false;
    if (head.substr(257, 5) == "ustar") return true;
    if (head.size() < 512) return false;
    if (is_zero(head.substr(0, 512))) return true;  // its two end blocks are all it has
    unsigned sum = 0, written = 0;
    for (std::size_t i = 0; i < 512; ++i)
        sum += i >= 148 && i < 156 ? ' ' : static_cast<unsigned char>(head[i]);
    std::size_t at = 148;
    while (at < 156 && head[at] == ' ') ++at;
    for (; at < 156 && head[at] >= '0' && head[at] <= '7'; ++at)
        written = written * 8 + static_cast<unsigned>(head[at] - '0');
    return written > 0 && written == sum;
}

bool is_page(std::string_view head) {
    head.remove_prefix(std::min(head.find_first_not_of(" \t\r\n\xEF\xBB\xBF"), head.size()));
    const auto begins = [&](std::string_view with) {
        return text::ascii_lower(head.substr(0, with.size())) == with;
    };
    return std::ranges::any_of(kPages, begins);
}

}  // namespace

std::string ContentKind::message() const {
    return std::string(what) + (remedy.empty() ? "" : " (" + std::string(remedy) + ")");
}

ContentKind content_of(std::string_view head) {
    if (head.empty()) return {};
    if (is_tar_header(head))
        return {Content::kTar, "is a tar or a shard", "recaption-ingest FILE makes records of it"};
    const auto magic = std::ranges::find_if(kMagics, [&](const Magic& m) {
        if (m.bytes.starts_with("ftyp") && head[0] != '\0') return false;  // text, by chance
        return head.size() >= m.at && head.substr(m.at).starts_with(m.bytes);
    });
    if (magic != std::end(kMagics)) return {magic->content, magic->what, magic->remedy};
    if (is_page(head))
        return {Content::kForeign, "is a web page (HTML or XML), not the file itself",
                "a download that failed or needs a login: fetch it again"};
    if (head.substr(0, kContentBytes).find('\0') != head.npos)
        return {
            Content::kForeign, "is neither text nor Parquet nor a tar",
            "it holds bytes of zero; where a tool has --input-format, that reads it all the same"};
    return {Content::kText};
}

OpenInput look_into(std::unique_ptr<ByteSource> bytes, std::string name) {
    std::string head(kContentBytes, '\0');
    std::size_t have = 0;
    while (have < kContentBytes) {
        const std::size_t n = bytes->read(head.data() + have, kContentBytes - have);
        if (n == 0) break;
        have += n;
        // A line is enough, and a pipe may send no more than that for now.
        const std::size_t end = std::string_view(head).substr(0, have).find_first_of("\n\0"sv);
        if (end != head.npos && end < have && head[end] == '\n' && bytes->would_wait()) break;
    }
    head.resize(have);
    const ContentKind kind = content_of(head);
    return {std::move(name), kind, rejoin(std::move(head), std::move(bytes))};
}

OpenInput open_input(const std::string& path) {
    return look_into(open_bytes(path), path == "-" ? "standard input" : path);
}

std::string no_records_because(const ContentKind& kind) {
    switch (kind.content) {
        case Content::kEmpty:
        case Content::kText:
            return {};
        case Content::kTar:
            return "is a tar or a shard, not records (shard cat FILE brings them back)";
        case Content::kPicture:
            return kind.message() + ", not records";
        default:
            return kind.message();
    }
}

}  // namespace lip::record
