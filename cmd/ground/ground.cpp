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

// Refuses options that would change nothing.
void check_options(const GroundOptions& o) {
    const cli::Options& given = *o.declared;
    if (o.evaluate)
        given.refuse({"query", "sources", "min-score", "nms", "min-area", "max-phrases",
                      "max-boxes", "keep-regions", "tag"},
                     "has no meaning with --evaluate");
    else
        given.refuse({"iou", "summary", "dataset", "bootstrap"}, "needs --evaluate");
    if (!o.queries.empty()) given.refuse({"sources"}, "has no meaning with --query");
}

// What --boxes-by means for this model, and whether the options fit it.
std::string boxes_by(const GroundOptions& o) {
    const detect::GrounderSettings& s = o.grounder;
    const std::string by =
        detect::resolve_boxes_by(model::find_checkpoint(s.embedder.model), s.boxes_by);
    if (by != "patches") o.declared->refuse({"attention"}, "has no meaning with --boxes-by=" + by);
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
    const std::size_t queries = read_texts(o.queries, /*may_be_empty=*/false).size();
    const auto folder = model::find_checkpoint(o.grounder.embedder.model);
    const std::string by = boxes_by(o);
    cli::info("would load " + folder.string() + ", boxes from " + by);
    if (queries > 0) cli::info("would search for " + std::to_string(queries) + " texts");
    std::string files = o.common.output == "-" ? "standard output" : o.common.output;
    if (summary == "-") files = "only the summary";
    for (const std::string& more : {summary == "-" ? std::string() : summary, o.overlay_dir})
        if (!more.empty()) files += ", " + more;
    cli::info("would write " + files);
    return cli::kDone;
}

}  // namespace

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
