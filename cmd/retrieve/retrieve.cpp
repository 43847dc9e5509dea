#include "cmd/retrieve/retrieve.h"

#include "cli/error.h"
#include "cli/log.h"
#include "cmd/retrieve/collection.h"
#include "cmd/retrieve/recall.h"
#include "cmd/retrieve/regions.h"
#include "cmd/retrieve/search.h"
#include "eval/image_set.h"
#include "eval/results.h"
#include "record/file.h"
#include "shard/images.h"
#include "tensor/device.h"

#include <algorithm>
#include <optional>

namespace lip::cmd {
namespace {

// Says what the options together mean, before anything is opened.
class Plan {
public:
    explicit Plan(const RetrieveOptions& o) : o_(o) {
        if (o.regions.regions) {
            for (const char* name :
                 {"query-image", "image-embeddings", "text-embeddings", "texts", "sources",
                  "texts-per-image", "long-text", "shortlist", "allow-short"})
                refuse({name}, "has no meaning with --regions, which compares boxes and phrases");
        } else {
            refuse({"region-mode"}, "needs --regions");
        }
        if (o.is_search()) {
            refuse({"k", "direction", "ties", "allow-short", "summary", "dataset", "bootstrap"},
                   "is for measuring recall, not for a search with --query");
            if (!o.query.empty() && !o.query_image.empty())
                throw cli::UsageError(
                    "--query searches images and --query-image searches texts: give only one of "
                    "them");
            if (!o.query.empty())
                refuse({"text-embeddings", "texts", "texts-per-image", "sources", "long-text"},
                       "has no meaning with --query, which searches images");
            if (!o.query_image.empty())
                refuse({"image-embeddings"},
                       "has no meaning with --query-image, which searches texts");
        } else if (o.image_embeddings.empty() != o.text_embeddings.empty()) {
            throw cli::UsageError(
                "--image-embeddings and --text-embeddings must be given together");
        }
        if (o.has_embeddings()) {
            if (!o.stream.inputs.empty())
                throw cli::UsageError("INPUT is not read when embeddings are given: " +
                                      o.stream.inputs.front());
            refuse({"texts", "sources", "long-text", "shortlist", "image-root", "on-error",
                    "rejects", "max-errors", "max-line", "allow-empty", "limit"},
                   "is for INPUT, not for embeddings");
        }
        if (needs_model() && o.model.model.empty())
            throw cli::UsageError("-m DIR is missing: name a checkpoint or a run folder");
        if (!needs_model()) refuse({"model"}, "is not needed: both sides come from files");
        check_top();
        wanted();
    }

    bool needs_model() const { return o_.is_search() || !o_.has_embeddings(); }

    Wanted wanted() const {
        Wanted w;
        w.selection = o_.captions;
        w.images = o_.query_image.empty();
        w.texts = o_.query.empty();
        w.keep_text = o_.is_search();
        w.least_texts = o_.is_search() ? 0 : std::max<std::int64_t>(o_.captions.most, 1);
        w.allow_short = o_.allow_short;
        return w;
    }

private:
    // A shortlist has no more hits than candidates; the default of --top promises no number.
    void check_top() const {
        if (o_.shortlist > 0 && o_.results.top > o_.shortlist && o_.declared->given("top"))
            throw cli::UsageError("--top " + std::to_string(o_.results.top) +
                                  " asks for more than the " + std::to_string(o_.shortlist) +
                                  " candidates of --shortlist");
    }
    void refuse(const std::vector<std::string_view>& names, const std::string& why) const {
        o_.declared->refuse(names, why);
    }

    const RetrieveOptions& o_;
};

// What has no meaning for a model whose images have one vector.
void check_shortlist(const RetrieveOptions& o) {
    const char* asked = o.shortlist > 0                                  ? "--shortlist"
                        : o.captions.long_text == eval::LongText::kScore ? "--long-text=score"
                                                                         : nullptr;
    if (!asked) return;
    eval::require_text_conditioned(model::read_config(model::find_checkpoint(o.model.model)),
                                   o.model.model, asked);
}

// The words of options that shape the figures, as they are printed by --print-config.
void add_settings(record::Object& settings, const RetrieveOptions& o) {
    for (const char* name : {"k", "direction", "ties", "texts", "sources", "long-text"})
        settings.set_text(name, cli::join(o.declared->find(name)->get(), ","));
    settings.set("texts-per-image", std::to_string(o.captions.most));
    settings.set("bootstrap", std::to_string(o.results.bootstrap));
}

// Which images these are, in the summary and for people.
void add_image_set(eval::Summary& s, const Collection& all) {
    const auto hash = eval::image_set_hash(all.keys);
    if (hash)
        s.more.set_text("image_set_hash", *hash);
    else
        s.more.set("image_set_hash", "null");
    const auto name = eval::image_set_by_counts(std::ssize(all.keys), all.captions);
    if (name.empty()) return s.more.set("image_set_guess", "null");
    s.more.set_text("image_set_guess", std::string(name));
    s.note = ", " + std::string(name) + " by the numbers of images and captions";
}

eval::Summary summary(const RetrieveOptions& o, const Collection& all,
                      const eval::Embedder* embedder) {
    eval::Summary s;
    const std::vector<std::string> files = {o.image_embeddings};
    s.dataset = eval::dataset_name(o.results.dataset, embedder ? o.stream.inputs : files);
    s.task = "zeroshot_retrieval";
    s.more.set("texts", std::to_string(all.texts.size()));
    s.more.set("captions", std::to_string(all.captions));
    add_image_set(s, all);
    s.more.set("short_images", std::to_string(all.short_images));
    add_settings(s.settings, o);
    if (embedder) {
        s.model = embedder->config().name;
        s.pretrained = o.model.model;
        s.more.set("cut_texts", std::to_string(all.cut_texts));
        if (embedder->is_text_conditioned())
            s.settings.set("shortlist", std::to_string(o.shortlist));
        eval::set_machine(s.settings, embedder->device(), embedder->precision());
    } else {
        s.settings.set_text("image-embeddings", o.image_embeddings);
        s.settings.set_text("text-embeddings", o.text_embeddings);
        if (all.is_uniform) s.settings.set_text("mixing", "uniform");
    }
    if (o.common.provenance) s.provenance = cli::provenance_json(o.common);
    return s;
}

// Opens what the run would open, but loads no weights.
int dry_run(const RetrieveOptions& o, const Plan& plan) {
    record::check_can_write(o.common.output, o.common.force);
    if (!o.results.summary.empty()) record::check_can_write(o.results.summary, o.common.force);
    if (plan.needs_model()) {
        const auto folder = model::find_checkpoint(o.model.model);
        check_shortlist(o);
        cli::info("would load " + folder.string() + " (" + model::read_config(folder).name + ")");
    }
    if (o.has_embeddings()) {
        const Collection all = read_collection(o, plan.wanted());
        cli::info("would compare " + std::to_string(all.keys.size()) + " images with " +
                  std::to_string(all.texts.size()) + " texts");
    } else {
        record::StreamSettings stream = o.stream;
        if (!stream.rejects.empty()) record::check_can_write(stream.rejects, o.common.force);
        stream.rejects.clear();
        record::ErrorLog errors(stream, false);
        const shard::ImageStream images({stream, o.image_root, plan.wanted().images}, errors);
    }
    cli::info("would write " + (o.common.output == "-" ? "standard output" : o.common.output) +
              (o.results.summary.empty()  ? ""
               : o.results.summary == "-" ? ", only the summary"
                                          : " and " + o.results.summary));
    return cli::kDone;
}

}  // namespace

int retrieve(RetrieveOptions& o) {
    const Plan plan(o);
    if (o.common.dry_run) return dry_run(o, plan);
    if (o.regions.regions) return retrieve_regions(o, o.k);
    eval::Results results({o.common.output, o.results.summary, o.common.force});
    std::optional<record::ErrorLog> errors;
    if (!o.has_embeddings()) errors.emplace(o.stream, o.common.force);
    std::optional<eval::Embedder> embedder;
    if (plan.needs_model()) {
        check_shortlist(o);
        embedder.emplace(o.model);
    } else {
        tensor::configure_process(o.model.threads, o.model.deterministic);
    }
    const std::optional<Searcher> searcher =
        o.is_search() ? std::optional<Searcher>(std::in_place, o, *embedder) : std::nullopt;
    const Collection all = errors ? embed_collection(o, plan.wanted(), *embedder, *errors)
                                  : read_collection(o, plan.wanted());
    if (searcher) {
        searcher->search(all, results);
        const int code = errors ? errors->finish() : cli::kDone;
        eval::Summary s;
        s.unit = "query";
        s.units = "queries";
        results.finish(s);
        return code;
    }
    const bool mixes = embedder && embedder->is_text_conditioned();
    RecallFigures recall = measure_recall(o, all, mixes ? &*embedder : nullptr, o.k, results);
    const int code = errors ? errors->finish() : cli::kDone;
    eval::Summary s = summary(o, all, embedder ? &*embedder : nullptr);
    s.metrics = std::move(recall.metrics);
    s.note += recall.note;
    s.skipped = errors ? errors->skipped() : 0;
    results.finish(s);
    return code;
}

}  // namespace lip::cmd
