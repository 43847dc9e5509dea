#include "cmd/ground/ground.h"

#include "cli/error.h"
#include "cli/log.h"
#include "eval/texts.h"
#include "model/checkpoint.h"
#include "record/file.h"
#include "shard/images.h"

#include <algorithm>
#include <set>

namespace lip::cmd {
namespace {

constexpr std::int64_t kMostPixels = 1 << 14;

// Not by a configuration file, which may say all there is.
bool is_asked_for(const GroundOptions& o, const std::string& name) {
    const auto& all = o.declared->all();
    return std::any_of(all.begin(), all.end(), [&](const cli::Option& option) {
        return option.name == name && option.origin == cli::Origin::kCommandLine;
    });
}

// Refuses options that would change nothing.
void check_options(const GroundOptions& o) {
    if (o.model.model.empty())
        throw cli::UsageError(
            "-m DIR is missing: name a detector, another checkpoint or a run folder");
    const std::vector<std::string> of_records = {"query",     "sources",      "min-score",
                                                 "nms",       "min-area",     "max-phrases",
                                                 "max-boxes", "keep-regions", "tag"};
    const std::vector<std::string> of_truth = {"iou", "summary", "dataset", "bootstrap"};
    for (const std::string& name : o.evaluate ? of_records : of_truth)
        if (is_asked_for(o, name))
            throw cli::UsageError(
                "--" + name +
                (o.evaluate ? " has no meaning with --evaluate" : " needs --evaluate"));
    if (!o.queries.empty() && is_asked_for(o, "sources"))
        throw cli::UsageError("--sources has no meaning with --query");
}

// What --boxes-by means for this model, and whether the options fit it.
std::string boxes_by(const GroundOptions& o) {
    const std::string by =
        detect::resolve_boxes_by(model::find_checkpoint(o.model.model), o.boxes_by);
    if (by != "patches" && is_asked_for(o, "attention"))
        throw cli::UsageError("--attention has no meaning with --boxes-by=" + by);
    return by;
}

// Opens what the run would open, but loads no weights.
int plan(const GroundOptions& o) {
    record::StreamSettings stream = o.stream;
    const std::string& summary = o.results.summary;
    if (!stream.rejects.empty()) record::check_can_write(stream.rejects, o.common.force);
    stream.rejects.clear();
    record::check_can_write(o.common.output, o.common.force);
    if (!summary.empty()) record::check_can_write(summary, o.common.force);
    record::ErrorLog errors(stream, false);
    const shard::ImageStream images({stream, o.image_root, true}, errors);
    const std::size_t queries = read_texts(o.queries).size();
    const auto folder = model::find_checkpoint(o.model.model);
    const std::string by = boxes_by(o);
    grounder_settings(o);
    cli::info("would load " + folder.string() + ", boxes by " + by);
    if (queries > 0) cli::info("would look for " + std::to_string(queries) + " texts");
    std::string files = o.common.output == "-" ? "standard output" : o.common.output;
    if (summary == "-") files = "the summary alone";
    for (const std::string& more : {summary == "-" ? std::string() : summary, o.overlay_dir})
        if (!more.empty()) files += ", " + more;
    cli::info("would write " + files);
    return cli::kDone;
}

}  // namespace

detect::GrounderSettings grounder_settings(const GroundOptions& o) {
    std::int64_t size = 0;
    if (o.image_size != "auto") {
        try {
            size = cli::parse_integer(o.image_size, cli::Kind::kPlain);
        } catch (const cli::UsageError&) {
        }
        if (size < 1 || size > kMostPixels)
            throw cli::UsageError("--image-size: '" + o.image_size + "' is neither auto nor 1 to " +
                                  std::to_string(kMostPixels));
    }
    return {.model = o.model.model,
            .device = o.model.device,
            .precision = o.model.precision,
            .batch_size = o.model.batch_size,
            .threads = o.common.thread_count(),
            .deterministic = o.model.deterministic,
            .boxes_by = o.boxes_by,
            .image_size = size,
            .attention = o.attention};
}

detect::Phrases phrases_of(const record::Record& record, const std::vector<std::string>& queries,
                           const std::vector<std::string>& sources, std::int64_t most) {
    detect::Phrases out;
    std::set<std::string_view> seen;
    const auto add = [&](const std::vector<std::string>& texts) {
        for (const std::string& text : texts) {
            if (std::ssize(out) >= most) return;
            const bool is_blank = text.find_first_not_of(" \t\r\n") == text.npos;
            if (!is_blank && seen.insert(text).second) out.push_back(text);
        }
    };
    if (!queries.empty()) {
        add(queries);
        return out;
    }
    for (const record::Caption& caption : record.captions)
        if (caption.phrases && eval::is_from(caption, sources)) add(*caption.phrases);
    return out;
}

int ground(const GroundOptions& options) {
    check_options(options);
    if (options.common.dry_run) return plan(options);
    boxes_by(options);
    return options.evaluate ? ground_evaluate(options) : ground_records(options);
}

}  // namespace lip::cmd
