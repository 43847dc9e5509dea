#include "cmd/recaption-ingest/report.h"

#include "cli/log.h"

namespace lip::cmd {
namespace {

using record::Group;

// `"a" in 3 rows, "b" in 1`
std::string list_of(const std::map<std::string, std::uint64_t>& names) {
    std::string text;
    for (const auto& [name, n] : names)
        text += (text.empty() ? "\"" : ", \"") + name + "\" in " + std::to_string(n) +
                (!text.empty() ? ""
                 : n == 1      ? " row"
                               : " rows");
    return text;
}

void report_groups(const IngestOptions& options, const Counts& counts, std::uint64_t repeated) {
    const record::GroupCounts& group = counts.group;
    if (group.rows > 0 && options.join.empty())
        cli::info(std::to_string(group.rows) + (group.rows == 1 ? " row was" : " rows were") +
                  " added to the record of an earlier row of its key (--group off keeps rows "
                  "apart)");
    if (!group.differing.empty())
        cli::info("differ within a record, the first row's value stays: " +
                  list_of(group.differing));
    if (group.clashes > 0)
        cli::warn("rows of one key name two images and were not put together, " +
                  std::to_string(group.clashes) +
                  (group.clashes == 1 ? " time: " : " times, first ") + group.clash +
                  " (--key url or path makes keys of the images)");
    if (repeated <= group.clashes) return;
    const char* remedy =
        !options.join.empty() ? "the images of --join have them"
        : options.group == Group::kAll
            ? "they name other images: --key url or path makes keys of the images"
        : options.group == Group::kOff
            ? "--group adjacent or all puts the rows of an image into one record"
            : "their rows stand apart: --group all puts the rows of an image into one record";
    cli::warn(std::to_string(repeated) + (repeated == 1 ? " record has" : " records have") +
              " a key that came before (" + remedy + ")");
}

std::string many(std::uint64_t n, const char* one, const char* several) {
    return std::to_string(n) + " " + (n == 1 ? one : several);
}

void report_boxes(const IngestOptions& options, const Counts& counts) {
    if (counts.empty_boxes > 0)
        cli::info(many(counts.empty_boxes, "box", "boxes") +
                  " left out: within their image they have no area");
    const bool is_asked = !options.import.map.regions.empty();
    if (is_asked && counts.cut_boxes * 10 > counts.boxes)
        cli::warn(many(counts.cut_boxes, "box", "boxes") + " of " + std::to_string(counts.boxes) +
                  " reach beyond their image and were cut: is the layout of --region right?");
    else if (counts.cut_boxes > 0)
        cli::info(many(counts.cut_boxes, "box", "boxes") + " cut that reached beyond their image");
    if (counts.in_pixels > 0)
        cli::info(many(counts.in_pixels, "record has", "records have") +
                  " pixel_regions, which no other tool reads: the size of the image is not known "
                  "(--map width=COLUMN --map height=COLUMN, or --join with records that have it)");
}

}  // namespace

void report_unused(const std::string& file, const FieldCounts& before, const FieldCounts& after) {
    FieldCounts unused;
    for (const auto& [name, n] : after)
        if (const auto at = before.find(name); at == before.end())
            unused[name] = n;
        else if (n > at->second)
            unused[name] = n - at->second;
    if (!unused.empty())
        cli::info((file.empty() ? "" : file + ": ") +
                  "look like captions and are kept as they are: " + list_of(unused) +
                  " (--caption SOURCE:FORM=COLUMN takes one)");
}

void report(const IngestOptions& options, const Counts& counts, std::uint64_t repeated,
            std::uint64_t skipped) {
    if (counts.text_only > 0)
        cli::info(std::to_string(counts.text_only) +
                  " entries left out: they have no image, or several");
    report_boxes(options, counts);
    if (!options.import.map.regions.empty() && counts.records > 0 && counts.with_regions == 0 &&
        !options.stream.allow_empty)
        throw cli::DataError("--region " + to_text(options.import.map.regions.front()) +
                             ": no row has such a column (--allow-empty accepts that)");
    const record::Where where(options.where);
    if (!where.empty()) {
        const bool took_none = options.join.empty() && counts.records == 0;
        if (took_none && counts.where.left_out > 0 && skipped == 0 && !options.stream.allow_empty)
            throw cli::DataError(where.nothing_taken(counts.where) +
                                 " (--allow-empty accepts that)");
        cli::info(std::to_string(counts.where.left_out) +
                  (counts.where.left_out == 1 ? " row" : " rows") + " left out by --where");
    }
    report_groups(options, counts, repeated);
    // Of files that are read in another order than they have nothing was said yet.
    if (!options.join.empty() || options.group == Group::kAll) report_unused("", {}, counts.unused);
    // A list of images is made by --map alone.
    const record::ColumnMap& map = options.import.map;
    const bool wants_captions = map.empty() || !map.captions.empty();
    if (wants_captions && counts.records > 0 && counts.bare == counts.records)
        cli::warn("none of the " + std::to_string(counts.records) +
                  " records has a caption: --caption SOURCE:FORM=COLUMN says where they are");
}

void report_masks(const IngestOptions& options, const MaskFiles& masks) {
    const bool draws = !options.mask_dir.empty();
    if (!draws && options.masks.empty()) return;
    if (masks.count() == 0 && !options.stream.allow_empty)
        throw cli::DataError(
            draws ? "--mask-dir: no region has an outline to draw (--allow-empty "
                    "accepts that)"
                  : "--masks " + options.masks +
                        ": no image has its mask there (--allow-empty accepts that)");
    if (masks.missing() > 0)
        cli::info(std::to_string(masks.missing()) +
                  (masks.missing() == 1 ? " image has" : " images have") + " no mask in " +
                  options.masks);
}

}  // namespace lip::cmd
