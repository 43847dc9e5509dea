// The record: one image with its captions, one JSON object a line. Format: doc/record.md.
#pragma once

#include "cli/error.h"
#include "record/object.h"
#include "text/splitter.h"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lip::record {

using text::Span;  // half-open byte offsets into a caption's text

struct Caption {
    std::string text;    // UTF-8, never altered after ingest
    std::string source;  // raw, instructblip, llava15, sharegpt4v, human, ...
    std::string form;    // raw, short, long
    std::optional<std::vector<Span>> sentences;
    std::optional<std::vector<std::string>> phrases;
    std::optional<std::vector<std::string>> flags;
    Object object;  // every field as read; the members above win where they are set

    // Text of sentence `i`.
    std::string_view sentence(std::size_t i) const {
        const Span span = (*sentences)[i];
        return std::string_view(text).substr(span.begin, span.end - span.begin);
    }
    bool has_flag(std::string_view flag) const;
};

struct Region {
    std::array<double, 4> box{};  // x0 y0 x1 y1, fractions of the image, y down
    std::string text;
    std::string source;
    std::optional<double> score;
    std::string label = {};  // its class, where the text says more; empty: the text
};

// A caption or region that cannot be used, which an importer left out.
struct BadPart {
    cli::Reject reject;
    std::string raw;  // as it stood
};

// A record as read keeps all its fields in `object`; to change one, set the member and call the
// matching update, or set the field in `object`.
struct Record {
    std::string key;
    std::string image, url, mask;        // empty: absent
    std::int64_t width = 0, height = 0;  // pixels, 0: unknown
    std::vector<std::string> labels;
    std::vector<Caption> captions;
    std::vector<Region> regions;
    Object object;
    std::uint64_t empty_boxes = 0;  // regions that an importer left out: they have no area
    std::uint64_t boxes = 0,
                  cut_boxes = 0;     // that it took, and those that reached beyond the image
    std::vector<BadPart> bad_parts;  // those that it left out as they are malformed

    // Writes `captions` into `object`.
    void update_captions();
};

// Gives the flag invalid_utf8 to captions that hold U+FFFD, where the text that the record was read
// from had characters replaced.
void flag_replaced(Record& record);

// Parses a line. Rejects: bad-json, bad-record (no key, a caption without text, a span outside its
// text or out of order), bad-version (another "record" than 1), bad-region (box not within 0..1).
cli::Result<Record> parse_record(std::string_view line);

// What an evaluation or embedding says that finds none.
inline constexpr const char* kNoRegions = "no record has a region (regions of record(5))";
inline constexpr const char* kNoRegionTexts =
    "no record has a region with a text of its own (regions of record(5))";

// [x0,y0,x1,y1]
void append_box(std::string& out, const std::array<double, 4>& box);
// ,"region":INDEX,"box":[...] of a region, within an object.
void append_region_place(std::string& out, const Record& record, std::size_t index);
void append_json(std::string& out, const Caption& caption);
// The record as a line, without the newline.
void append_json(std::string& out, const Record& record);

}  // namespace lip::record
