// Records in, the same records with boxes out.
#include "cli/log.h"
#include "cmd/ground/image_search.h"
#include "record/file.h"

namespace lip::cmd {
namespace {

class Ground {
public:
    explicit Ground(const GroundOptions& options)
        : o_(options),
          queries_(read_texts(options.queries, /*may_be_empty=*/false)),
          output_(options.common.output, options.common.force),
          search_(options, [this](const record::Record& record) {
              return phrases_of(record, queries_, o_.sources, o_.max_phrases);
          }) {}

    int run() {
        std::string out;
        const int code = search_.run(
            [&](record::Record& record, const GroundItem& item, const detect::Grounding& found) {
                take(record, item, found);
                record::append_json(out, record);
                out += '\n';
            },
            [&] {
                output_.write(out);
                out.clear();
            });
        output_.close();
        cli::info(std::to_string(records_) + " records, " + std::to_string(boxes_) + " boxes; " +
                  std::to_string(without_phrases_) + " without phrases, " +
                  std::to_string(without_box_) + " without a box");
        return code;
    }

private:
    void take(record::Record& record, const GroundItem& item, const detect::Grounding& found) {
        ++records_;
        if (item.phrases.empty()) {
            ++without_phrases_;
            return;
        }
        const std::vector<detect::Detection> kept =
            detect::select(found.boxes, o_.selection, item.prepared.width, item.prepared.height);
        record.object.set("regions", regions_json(record, kept, item.phrases));
        boxes_ += kept.size();
        if (kept.empty()) ++without_box_;
        if (item.picture)
            write_overlay(o_.overlay_dir, record.key, *item.picture, kept, item.phrases,
                          o_.common.force);
    }

    std::string regions_json(const record::Record& record,
                             const std::vector<detect::Detection>& kept,
                             const detect::Phrases& phrases) const {
        std::string out = "[";
        const std::string* before = o_.keep_regions ? record.object.find("regions") : nullptr;
        bool is_array = false;
        if (before)
            for (const std::string_view region : record::array_items(*before, is_array))
                out.append(out.size() > 1 ? "," : "").append(region);
        for (const detect::Detection& one : kept) {
            out += out.size() > 1 ? ",{\"box\":" : "{\"box\":";
            record::append_box(out, one.box);
            out += ",\"text\":";
            cli::append_json_string(out, phrases[one.phrase]);
            out += ",\"score\":";
            record::append_score(out, one.score);
            out += ",\"source\":";
            cli::append_json_string(out, o_.tag);
            out += '}';
        }
        return out + "]";
    }

    const GroundOptions& o_;
    std::vector<std::string> queries_;
    record::Output output_;
    ImageSearch search_;
    std::uint64_t records_ = 0, boxes_ = 0, without_phrases_ = 0, without_box_ = 0;
};

}  // namespace

int ground_records(const GroundOptions& options) {
    return Ground(options).run();
}

}  // namespace lip::cmd
