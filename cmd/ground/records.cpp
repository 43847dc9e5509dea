// Records in, the same records with boxes out.
#include "cli/log.h"
#include "cmd/ground/ground.h"
#include "record/file.h"
#include "shard/images.h"
#include "shard/key_set.h"

#include <algorithm>

namespace lip::cmd {
namespace {

class Ground {
public:
    explicit Ground(const GroundOptions& options)
        : o_(options),
          queries_(read_texts(options.queries)),
          output_(options.common.output, options.common.force),
          errors_(options.stream, options.common.force),
          stream_({.stream = options.stream,
                   .image_root = options.image_root,
                   .wants_image =
                       [this](const record::Record& record) { return !phrases(record).empty(); }},
                  errors_),
          grounder_(detect::make_grounder(grounder_settings(options))) {}

    int run() {
        cli::Progress progress("images", "images");
        eval::ItemBatches<GroundItem> batches(stream_, errors_, o_.model.batch_size,
                                              o_.common.thread_count());
        const auto prepare = [&](const shard::ImageRecord& item) {
            return prepare_item(*grounder_, item.bytes, phrases(item.record),
                                !o_.overlay_dir.empty());
        };
        while (auto batch = batches.next(prepare)) {
            work(*batch);
            progress.update(errors_.records());
        }
        progress.finish();
        const int code = errors_.finish();
        output_.close();
        cli::info(std::to_string(records_) + " records, " + std::to_string(boxes_) + " boxes; " +
                  std::to_string(without_phrases_) + " without phrases, " +
                  std::to_string(without_box_) + " without a box");
        return code;
    }

private:
    detect::Phrases phrases(const record::Record& record) const {
        return phrases_of(record, queries_, o_.sources, o_.max_phrases);
    }

    void work(GroundBatch& batch) {
        const std::vector<detect::Grounding> found = locate(*grounder_, batch);
        std::string out;
        for (std::size_t i = 0; i < batch.items.size(); ++i) {
            record::Record& record = batch.items[i].record;
            GroundItem& item = batch.prepared[i];
            if (item.phrases.empty()) {
                ++without_phrases_;
            } else if (!take(record, item, found[i])) {
                std::string line;
                record::append_json(line, record);
                errors_.report(batch.items[i].place,
                               {"duplicate-key", "the key stood before: " + record.key}, line);
                continue;
            }
            ++records_;
            record::append_json(out, record);
            out += '\n';
        }
        output_.write(out);
    }

    // False if the key had a picture before.
    bool take(record::Record& record, GroundItem& item, const detect::Grounding& found) {
        if (item.picture && !drawn_.insert(record.key)) return false;
        const std::vector<detect::Detection> kept =
            detect::select(found.boxes, o_.selection, item.prepared.width, item.prepared.height);
        record.object.set("regions", regions_json(record, kept, item.phrases));
        boxes_ += kept.size();
        if (kept.empty()) ++without_box_;
        if (item.picture)
            write_overlay(o_.overlay_dir, record.key, *item.picture, kept, item.phrases,
                          o_.common.force);
        return true;
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
    record::ErrorLog errors_;
    shard::ImageStream stream_;
    std::unique_ptr<detect::Grounder> grounder_;
    shard::KeySet drawn_;
    std::uint64_t records_ = 0, boxes_ = 0, without_phrases_ = 0, without_box_ = 0;
};

}  // namespace

int ground_records(const GroundOptions& options) {
    return Ground(options).run();
}

}  // namespace lip::cmd
