// Releases with regions: boxes and their texts.
#include "cli/log.h"
#include "record/json_fields.h"

#include <algorithm>

namespace lip::record {
namespace {

void add_regions(Record& record, const std::vector<Region>& regions) {
    std::string raw = "[";
    for (const Region& region : regions) {
        raw += raw.size() > 1 ? ",{\"box\":[" : "{\"box\":[";
        for (std::size_t i = 0; i < 4; ++i) {
            if (i) raw += ',';
            append_score(raw, std::clamp(region.box[i], 0.0, 1.0));
        }
        raw += "],\"text\":";
        cli::append_json_string(raw, region.text);
        raw += ",\"source\":";
        cli::append_json_string(raw, region.source);
        if (region.score) {
            raw += ",\"score\":";
            append_score(raw, *region.score);
        }
        raw += '}';
    }
    record.object.set("regions", raw + "]");
}

// {"url", "caption", "width", "height", "noun_chunks": [[begin, end, x0, y0, x1, y1, score]]}, with
// places in the caption counted in characters.
cli::Result<Record> grit(Object& object, const ImportSettings& settings) {
    const std::string caption = text_of(object, "caption");
    RecordBuilder builder(settings);
    builder.add({"key", Role::kKey, {}, {}}, text_of(object, "key"));
    builder.add({"url", Role::kUrl, {}, {}}, text_of(object, "url"));
    builder.add({"width", Role::kWidth, {}, {}}, text_of(object, "width"));
    builder.add({"height", Role::kHeight, {}, {}}, text_of(object, "height"));
    builder.add(caption_column(settings, "caption", "raw", "raw"), caption);

    std::vector<std::size_t> starts;  // of characters
    for (std::size_t i = 0; i < caption.size(); ++i)
        if ((static_cast<unsigned char>(caption[i]) & 0xC0) != 0x80) starts.push_back(i);
    starts.push_back(caption.size());
    std::vector<Region> regions;
    for (const char* field : {"noun_chunks", "ref_exps"})
        for (const std::string& item : list_of(object, field)) {
            bool is_array = false;
            std::vector<double> numbers;
            for (const std::string& raw : array_items(item, is_array))
                if (double value = 0; read_number(raw, value)) numbers.push_back(value);
            const auto last = static_cast<double>(starts.size() - 1);
            if (numbers.size() < 6 || numbers[0] < 0 || numbers[1] > last ||
                numbers[0] >= numbers[1])
                return cli::Reject{"bad-region",
                                   std::string("a region of \"") + field + "\" is malformed"};
            const std::size_t begin = starts[static_cast<std::size_t>(numbers[0])],
                              end = starts[static_cast<std::size_t>(numbers[1])];
            Region region{{numbers[2], numbers[3], numbers[4], numbers[5]},
                          caption.substr(begin, end - begin),
                          "grit",
                          {}};
            if (numbers.size() > 6) region.score = numbers[6];
            regions.push_back(std::move(region));
        }
    auto record = builder.finish();
    if (!record) return record;
    add_regions(*record, regions);
    keep_others(*record, object,
                {"key", "url", "width", "height", "caption", "noun_chunks", "ref_exps"});
    return record;
}

// {"id", "regions": [{"x", "y", "width", "height", "phrase"}]} in pixels; the size of the image,
// which boxes need, stands in another file of the release and must have been put in.
cli::Result<Record> visual_genome(Object& object, const ImportSettings& settings) {
    double width = 0, height = 0;
    if (!number_of(object, "width", width) || !number_of(object, "height", height) || width < 1 ||
        height < 1)
        return cli::Reject{"bad-record",
                           "no width and height: add those of image_data.json to the objects"};
    RecordBuilder builder(settings);
    std::string id = text_of(object, "id");
    if (id.empty()) id = text_of(object, "image_id");
    builder.add({"id", Role::kKey, {}, {}}, id);
    builder.add({"url", Role::kUrl, {}, {}}, text_of(object, "url"));
    builder.add({"width", Role::kWidth, {}, {}}, text_of(object, "width"));
    builder.add({"height", Role::kHeight, {}, {}}, text_of(object, "height"));
    std::vector<Region> regions;
    for (const std::string& item : list_of(object, "regions")) {
        const auto region = parse_object(item);
        double x = 0, y = 0, w = 0, h = 0;
        if (!region || !number_of(*region, "x", x) || !number_of(*region, "y", y) ||
            !number_of(*region, "width", w) || !number_of(*region, "height", h))
            return cli::Reject{"bad-region", "a region has no x, y, width and height"};
        regions.push_back({{x / width, y / height, (x + w) / width, (y + h) / height},
                           text_of(*region, "phrase"),
                           "human",
                           {}});
    }
    auto record = builder.finish();
    if (!record) return record;
    add_regions(*record, regions);
    keep_others(*record, object, {"id", "image_id", "url", "width", "height", "regions"});
    return record;
}

}  // namespace

std::unique_ptr<RowReader> open_grit(std::unique_ptr<ByteSource> source,
                                     const ImportSettings& settings, const std::string&,
                                     const Shape& shape) {
    return json_rows(std::move(source), settings, shape, with(grit, settings),
                     "raw:raw from \"caption\", regions from \"noun_chunks\" and \"ref_exps\"");
}

std::unique_ptr<RowReader> open_visual_genome(std::unique_ptr<ByteSource> source,
                                              const ImportSettings& settings, const std::string&,
                                              const Shape& shape) {
    return json_rows(std::move(source), settings, shape, with(visual_genome, settings),
                     "regions from \"regions\"");
}

}  // namespace lip::record
