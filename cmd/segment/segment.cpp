#include "cmd/segment/segment.h"

#include "cli/error.h"
#include "cli/log.h"
#include "cmd/segment/pictures.h"
#include "eval/bootstrap.h"
#include "eval/classes.h"
#include "eval/embedder.h"
#include "eval/results.h"
#include "eval/segmentation.h"
#include "image/decode.h"
#include "record/file.h"
#include "shard/images.h"
#include "shard/key_set.h"

#include <algorithm>
#include <cmath>
#include <optional>

namespace lip::cmd {
namespace {

constexpr std::size_t kLargestMask = std::size_t{1} << 30;

// 336, 224 and 112 pixels for a model of 224, in the same proportions for others.
eval::SegmentSettings settings_of(const SegmentOptions& o, const model::ModelConfig& config,
                                  const eval::Classes& classes) {
    const std::int64_t size = config.vision.image_size;
    eval::SegmentSettings s;
    s.short_side = o.short_side.value_or(size * 3 / 2);
    s.window = o.window.value_or(size);
    if (s.window == 0 && o.stride)
        throw cli::UsageError("--stride has no meaning with --window=0, the whole image at once");
    s.stride = o.stride.value_or(std::max<std::int64_t>(s.window / 2, 1));
    s.attention = o.attention;
    s.scale = o.scale;
    s.image_prior = o.image_prior;
    s.prob_threshold = o.prob_threshold;
    s.area_threshold = o.area_threshold;
    s.synonyms = o.classes.synonyms;
    s.batch_size = o.model.batch_size;
    if (!o.background.empty()) {
        const auto index = classes.find(o.background);
        if (!index) throw cli::UsageError("--background: " + index.reject().message);
        s.background = *index;
    }
    eval::check(s, config.vision.patch_size, static_cast<std::int64_t>(classes.size()));
    return s;
}

class Segment {
public:
    explicit Segment(const SegmentOptions& options)
        : o_(options),
          results_({options.common.output, options.results.summary, options.common.force}),
          errors_(options.stream, options.common.force),
          stream_({options.stream, options.image_root, true}, errors_),
          classes_(options.classes.classes),
          templates_(eval::load_templates(options.classes.templates)),
          pictures_(options.mask_dir, options.overlay_dir,
                    load_palette(options.palette, classes_.size()), options.common.force),
          embedder_(options.model),
          settings_(settings_of(options, embedder_.config(), classes_)),
          weights_(eval::class_weights(embedder_, classes_, templates_)),
          segmenter_(embedder_.model(), embedder_.precision(), weights_, settings_),
          total_(classes_.size()) {}

    int run() {
        cli::Progress progress("images", "images");
        shard::ImageRecord item;
        while (stream_.next(item)) {
            if (const auto reject = work(item)) {
                std::string line;
                record::append_json(line, item.record);
                errors_.report(item.place, *reject, line);
            }
            progress.update(errors_.records());
        }
        progress.finish();
        const int code = errors_.finish();
        results_.finish(summary());
        return code;
    }

private:
    std::optional<cli::Reject> work(const shard::ImageRecord& item) {
        const auto image = image::decode(item.bytes);
        if (!image) return image.reject();
        std::optional<image::Mask> truth;
        if (!item.record.mask.empty()) {
            auto read = read_truth(item);
            if (!read) return read.reject();
            truth = std::move(*read);
        }
        const auto mask = segmenter_(*image);
        if (!mask) return mask.reject();
        std::optional<eval::PixelCounts> counts;
        if (truth) {
            const eval::TruthRule rule{static_cast<int>(o_.ignore_index), o_.reduce_zero_label};
            auto compared = eval::compare_masks(*mask, *truth, classes_.size(), rule);
            if (!compared) return compared.reject();
            counts = std::move(*compared);
        }
        if (pictures_.has_any() && !written_.insert(item.record.key))
            return cli::Reject{"duplicate-key", "the key occurred before: " + item.record.key};
        const std::vector<Found> found = classes_in(*mask);
        std::vector<ClassName> names;
        for (const Found& one : found) names.push_back(legend_name(one.index));
        const std::string file = pictures_.write(item.record.key, *image, *mask, names);
        report(item, *mask, found, file, counts);
        return std::nullopt;
    }

    cli::Result<image::Mask> read_truth(const shard::ImageRecord& item) const {
        const std::string path = stream_.resolve(item, item.record.mask);
        try {
            auto mask = image::decode_mask(record::read_regular_file(path, kLargestMask));
            if (!mask) return cli::Reject{"bad-mask", path + ": " + mask.reject().message};
            return mask;
        } catch (const cli::DataError& problem) {
            return cli::Reject{"bad-mask",
                               std::string(problem.what()) +
                                   " (--image-root DIR sets where relative paths start)"};
        }
    }

    // The background goes by its id: its names are those of all that is none of the classes.
    ClassName legend_name(std::int64_t c) const {
        const eval::Class& one = classes_[c];
        return {static_cast<std::uint8_t>(c),
                settings_.background == c ? one.id : one.names.front()};
    }

    struct Found {
        std::int64_t index, area;  // of a class, in pixels
    };
    // The classes of a mask, the largest first.
    std::vector<Found> classes_in(const image::Mask& mask) const {
        std::vector<std::int64_t> areas(classes_.size());
        for (const std::uint8_t value : mask.value) ++areas[value];
        std::vector<Found> found;
        for (std::size_t c = 0; c < areas.size(); ++c)
            if (areas[c] > 0) found.push_back({static_cast<std::int64_t>(c), areas[c]});
        std::stable_sort(found.begin(), found.end(),
                         [](const Found& a, const Found& b) { return a.area > b.area; });
        return found;
    }

    void report(const shard::ImageRecord& item, const image::Mask& mask,
                const std::vector<Found>& found, const std::string& file,
                const std::optional<eval::PixelCounts>& counts) {
        results_.count(item.record.key);
        std::string line = "{\"key\":";
        cli::append_json_string(line, item.record.key);
        line +=
            ",\"size\":[" + std::to_string(mask.width) + "," + std::to_string(mask.height) + "]";
        if (!file.empty()) {
            line += ",\"mask\":";
            cli::append_json_string(line, file);
        }
        append_classes(line, found, mask.value.size());
        if (counts) {
            line += ",\"miou\":";
            record::append_score(line, eval::segment_scores(*counts).mean_iou);
            total_.add(*counts);
            ++with_truth_;
            if (o_.results.bootstrap > 0) images_.push_back(*counts);
        }
        results_.write(line + "}");
        results_.flush();
    }

    void append_classes(std::string& line, const std::vector<Found>& found,
                        std::size_t pixels) const {
        line += ",\"classes\":[";
        for (const auto& [c, area] : found) {
            if (line.back() != '[') line += ',';
            line += "{\"class\":";
            cli::append_json_string(line, classes_[c].id);
            line += ",\"name\":";
            cli::append_json_string(line, classes_[c].names.front());
            line += ",\"share\":";
            record::append_score(line, static_cast<double>(area) / static_cast<double>(pixels));
            line += '}';
        }
        line += ']';
    }

    std::vector<eval::Metric> metrics() const {
        const auto values = [](const eval::PixelCounts& counts) {
            const eval::SegmentScores scores = eval::segment_scores(counts);
            return std::vector<double>{scores.mean_iou, scores.mean_accuracy,
                                       scores.pixel_accuracy};
        };
        std::vector<eval::Interval> intervals;
        if (o_.results.bootstrap > 0)
            intervals = eval::bootstrap(images_.size(), o_.results.bootstrap,
                                        [&](std::span<const std::uint32_t> picks) {
                                            eval::PixelCounts sum(classes_.size());
                                            for (const std::uint32_t pick : picks)
                                                sum.add(images_[pick]);
                                            return values(sum);
                                        });
        const std::vector<double> all = values(total_);
        const char* names[] = {"mIoU", "mAcc", "aAcc"};
        std::vector<eval::Metric> out;
        for (std::size_t m = 0; m < all.size(); ++m) {
            eval::Metric metric;
            metric.name = names[m];
            metric.value = all[m];
            if (m < intervals.size()) metric.interval = intervals[m];
            out.push_back(std::move(metric));
        }
        return out;
    }

    std::string iou_json() const {
        const std::vector<double> iou = eval::segment_scores(total_).iou;
        std::string out = "{";
        for (std::size_t c = 0; c < iou.size(); ++c) {
            if (c > 0) out += ',';
            cli::append_json_string(out, classes_.all()[c].id);
            out += ':';
            record::append_score(out, iou[c]);
        }
        return out + "}";
    }

    void add_settings(record::Object& settings) const {
        const auto word = [&](const char* name) {
            for (const cli::Option& option : o_.declared->all())
                if (option.name == name) return cli::join(option.get(), ",");
            return std::string();
        };
        for (const char* name : {"classes", "templates", "synonyms", "attention", "background"})
            settings.set_text(name, word(name));
        for (const char* name : {"scale", "image-prior", "prob-threshold", "area-threshold",
                                 "ignore-index", "bootstrap"})
            settings.set(name, word(name));
        settings.set("class_count", std::to_string(classes_.size()));
        settings.set("short-side", std::to_string(settings_.short_side));
        settings.set("window", std::to_string(settings_.window));
        settings.set("stride", std::to_string(settings_.window > 0 ? settings_.stride : 0));
        settings.set("reduce-zero-label", o_.reduce_zero_label ? "true" : "false");
        eval::set_machine(settings, embedder_.device(), embedder_.precision());
    }

    eval::Summary summary() const {
        const std::uint64_t without = results_.items() - with_truth_;
        eval::Summary s;
        s.dataset = eval::dataset_name(o_.results.dataset, o_.stream.inputs);
        s.model = embedder_.config().name;
        s.pretrained = o_.model.model;
        s.task = "zeroshot_segmentation";
        s.metrics = metrics();
        s.skipped = errors_.skipped();
        s.more.set("unlabelled", std::to_string(without));
        s.more.set("iou", iou_json());
        if (without > 0) s.note = ", " + std::to_string(without) + " without a ground-truth mask";
        add_settings(s.settings);
        if (o_.common.provenance) s.provenance = cli::provenance_json(o_.common);
        return s;
    }

    const SegmentOptions& o_;
    eval::Results results_;
    record::ErrorLog errors_;
    shard::ImageStream stream_;
    eval::Classes classes_;
    std::vector<std::string> templates_;
    Pictures pictures_;
    eval::Embedder embedder_;
    eval::SegmentSettings settings_;
    eval::ClassWeights weights_;
    eval::Segmenter segmenter_;
    eval::PixelCounts total_;
    std::vector<eval::PixelCounts> images_;  // for the bootstrap
    std::uint64_t with_truth_ = 0;
    shard::KeySet written_;
};

// Opens what the run would open, but loads no weights.
int plan(const SegmentOptions& o) {
    const std::string& summary = o.results.summary;
    record::StreamSettings stream = o.stream;
    if (!stream.rejects.empty()) record::check_can_write(stream.rejects, o.common.force);
    stream.rejects.clear();
    record::check_can_write(o.common.output, o.common.force);
    if (!summary.empty()) record::check_can_write(summary, o.common.force);
    record::ErrorLog errors(stream, false);
    const shard::ImageStream images({stream, o.image_root, true}, errors);
    const eval::Classes classes(o.classes.classes);
    const auto templates = eval::load_templates(o.classes.templates);
    load_palette(o.palette, classes.size());
    const auto folder = model::find_checkpoint(o.model.model);
    const model::ModelConfig config = model::read_config(folder);
    if (o.attention == model::DenseAttention::kHead) model::check_has_head(config);
    const eval::SegmentSettings s = settings_of(o, config, classes);
    cli::info("would load " + folder.string() + " (" + config.name + ", " +
              std::to_string(config.vision.image_size) + " px)");
    cli::info("would segment into " + std::to_string(classes.size()) + " classes with " +
              std::to_string(templates.size()) + " templates, short side " +
              (s.short_side > 0 ? std::to_string(s.short_side) : "unchanged") + ", " +
              (s.window > 0 ? "windows of " + std::to_string(s.window) + ", " +
                                  std::to_string(s.stride) + " apart"
                            : std::string("the whole image at once")));
    std::string files = o.common.output == "-" ? "standard output" : o.common.output;
    if (summary == "-") files = "only the summary";
    for (const std::string& more :
         {summary == "-" ? std::string() : summary, o.mask_dir, o.overlay_dir})
        if (!more.empty()) files += ", " + more;
    cli::info("would write " + files);
    return cli::kDone;
}

}  // namespace

int segment(const SegmentOptions& o) {
    const auto is_requested = [&](const cli::Option& option) {
        return option.name == "palette" && option.origin == cli::Origin::kCommandLine;
    };
    const auto& options = o.declared->all();
    if (std::any_of(options.begin(), options.end(), is_requested) && o.mask_dir.empty() &&
        o.overlay_dir.empty())
        throw cli::UsageError("--palette needs --mask-dir or --overlay-dir");
    if (o.common.dry_run) return plan(o);
    return Segment(o).run();
}

}  // namespace lip::cmd
