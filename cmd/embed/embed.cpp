#include "cmd/embed/embed.h"

#include "cli/error.h"
#include "cli/log.h"
#include "cmd/embed/mixing_picture.h"
#include "cmd/embed/mixing_summary.h"
#include "cmd/embed/output.h"
#include "eval/image_batches.h"
#include "eval/region_embedder.h"
#include "record/lines.h"
#include "text/utf8.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <charconv>
#include <utility>

namespace lip::cmd {
namespace {

// Row i of the vectors is line i, whatever it holds.
record::StreamSettings with_blank_lines(record::StreamSettings settings) {
    settings.keep_blank = true;
    return settings;
}

bool reads_lines(const EmbedOptions& o) {
    return o.stream.input_format == "lines";
}

// Refuses options that would have no effect.
void check(const EmbedOptions& o) {
    const eval::TextSelection& c = o.captions;
    const bool has_caption_options =
        !c.sources.empty() || c.kind != eval::TextKind::kCaption || c.most != 0 || c.by_sentence();
    const bool of_texts = is_of_texts(o.kind);
    if (!of_texts && has_caption_options)
        throw cli::UsageError(
            "--sources, --texts, --texts-per-image and --long-text need --kind=text or query");
    if (c.long_text == eval::LongText::kScore)
        throw cli::UsageError(
            "--long-text=score: a mean of scores has no vector (retrieve has it; here mean)");
    if (!of_texts && reads_lines(o))
        throw cli::UsageError("--input-format=lines needs --kind=text or query");
    if (!o.texts.empty() && !of_texts) throw cli::UsageError("--text needs --kind=text or query");
    if (!o.given.empty() && o.kind != EmbedKind::kImage)
        throw cli::UsageError("--given is for --kind=image: the images are mixed for these texts");
    if (!o.mixing_dir.empty() && o.given.empty())
        throw cli::UsageError("--mixing-dir needs --given: the texts that mix the images");
    if (!o.mixing_summary.empty() && o.given.empty())
        throw cli::UsageError("--mixing-summary needs --given: the texts that mix the images");
    if (!o.mixing_summary.empty() && o.mixing_summary == o.common.output)
        throw cli::UsageError("--mixing-summary and -o name the same file: " + o.mixing_summary);
    if ((o.kind == EmbedKind::kMixture || o.kind == EmbedKind::kQuery) && o.normalize)
        throw cli::UsageError(
            "--normalize: keys, values and queries are not normalised, because the scores depend "
            "on their length");
    if (!o.texts.empty() && (!o.stream.inputs.empty() || reads_lines(o)))
        throw cli::UsageError("--text replaces INPUT (leave out INPUT and --input-format)");
    if ((!o.texts.empty() || reads_lines(o)) &&
        (!c.sources.empty() || c.kind == eval::TextKind::kPhrase))
        throw cli::UsageError("--sources and --texts=phrases are for the captions of records");
    if (o.regions.mode != eval::RegionMode::kAuto && o.kind != EmbedKind::kRegion)
        throw cli::UsageError("--region-mode needs --kind=region");
    if (o.kind == EmbedKind::kRegion && !o.normalize)
        throw cli::UsageError("--no-normalize: vectors of regions always have unit length");
    if (o.layer && o.kind != EmbedKind::kPatch)
        throw cli::UsageError("--layer=" + std::to_string(*o.layer) + " needs --kind=patch");
    check_format(o);
}

// Throws what the model cannot do, before it is loaded: UsageError for a block that it has not,
// DataError for what only models have whose images texts mix.
void check_model(const EmbedOptions& o, const model::ModelConfig& config) {
    const char* asked = !o.given.empty()                ? "--given"
                        : o.kind == EmbedKind::kMixture ? "--kind=mixture"
                        : o.kind == EmbedKind::kQuery   ? "--kind=query"
                                                        : nullptr;
    if (asked) eval::require_text_conditioned(config, o.model.model, asked);
    if (config.has_mixture() && o.kind == EmbedKind::kImage && !o.normalize)
        throw cli::UsageError(
            "--no-normalize: image vectors of a Llip model always have unit length");
    const auto layer = o.layer;
    const std::int64_t count = config.vision.layers;
    if (layer && (*layer > count || *layer < -count))
        throw cli::UsageError("--layer=" + std::to_string(*o.layer) + ": the model has " +
                              std::to_string(count) +
                              " blocks, counted from 1, or from the end: -1");
}

void check_outputs(const EmbedOptions& o) {
    check_vector_output(o);
    if (!o.mixing_summary.empty()) record::check_can_write(o.mixing_summary, o.common.force);
}

std::vector<std::string> read_given(const EmbedOptions& o) {
    std::vector<std::string> texts = read_texts(o.given);
    if (texts.empty() && !o.given.empty())
        throw cli::DataError("--given: there is no text in " + o.given.front());
    return texts;
}

// Where the file of the image is: as a picture was named, or by the path in its record. What lies
// in a shard has no path of its own.
std::string image_path(const shard::ImageRecord& item, const shard::ImageStream& stream) {
    const std::string& image = item.record.image;
    if (item.place.is_sample || image.empty()) return item.record.key;
    return image == item.place.file ? image : stream.resolve(item, image);
}

constexpr const char* kNoTexts = "no record has a text that --sources and --texts select";

class Embed {
public:
    explicit Embed(const EmbedOptions& options)
        : options_(options),
          selection_(options.captions),
          errors_(options.stream, options.common.force),
          given_(read_texts(options.texts)),
          asking_(read_given(options)),
          batch_size_(static_cast<std::size_t>(options.model.batch_size)) {
        if (reads_lines(options))
            lines_.emplace(with_blank_lines(options.stream));
        else if (options.texts.empty())
            stream_.emplace(
                shard::ImageInput{options.stream, options.image_root, !is_of_texts(options.kind)},
                errors_);
        check_outputs(options);
        check_model(options, model::read_config(model::find_checkpoint(options.model.model)));
        embedder_.emplace(options.model);
        maker_.emplace(*embedder_, options);
        width_ = options.layer ? embedder_->config().vision.width : embedder_->config().embed_dim;
        if (!asking_.empty()) queries_ = given_queries();
        output_ = make_vector_output(options, width_);
    }

    int run() {
        if (!is_of_texts(options_.kind))
            embed_images();
        else if (lines_)
            embed_lines();
        else if (stream_)
            embed_records();
        else
            embed_given();
        embed_pending();
        progress_.finish();
        const int code = options_.texts.empty() ? errors_.finish() : cli::kDone;
        if (is_of_texts(options_.kind) && stream_) errors_.require_some(rows_, kNoTexts);
        if (options_.kind == EmbedKind::kRegion) errors_.require_some(rows_, record::kNoRegions);
        output_->close();
        if (!options_.mixing_summary.empty())
            write_mixing_summary(options_, *embedder_, figures_, items_, asking_.size(),
                                 errors_.skipped());
        print_closing_line();
        return code;
    }

private:
    void embed_images() {
        std::optional<eval::RegionEmbedder> regions;
        if (options_.kind == EmbedKind::kRegion)
            regions.emplace(*embedder_, options_.regions.mode, options_.model.batch_size);
        eval::ImageBatches batches(
            *embedder_, *stream_, errors_, options_.model.batch_size,
            options_.common.thread_count(),
            regions ? eval::regions_in(regions->mode()) : eval::RegionPixels::kNone);
        while (const auto batch = batches.next()) {
            if (regions)
                add_regions(*batch, (*regions)(*batch));
            else if (asking_.empty())
                add_images(*batch);
            else
                add_mixed(*batch);
            items_ += batch->items.size();
            output_->flush();
            progress_.update(errors_.records());
        }
    }

    void add_images(const eval::ImageBatch& batch) {
        const EmbedKind kind = options_.kind;
        const at::Tensor vectors = kind == EmbedKind::kPatch     ? maker_->patches(batch.planes)
                                   : kind == EmbedKind::kMixture ? maker_->mixture(batch.planes)
                                                                 : maker_->images(batch.planes);
        for (std::size_t i = 0; i < batch.items.size(); ++i) {
            const shard::ImageRecord& item = batch.items[i];
            VectorRow row{item.record.key, image_path(item, *stream_), {}};
            row.grid = embedder_->config().vision.grid();
            row.layer = options_.layer;
            row.is_uniform = kind == EmbedKind::kImage && embedder_->is_text_conditioned() &&
                             embedder_->config().has_mixture();
            const at::Tensor own = vectors[static_cast<std::int64_t>(i)];
            output_->add(row, own.dim() == 2 ? own : own.unsqueeze(0));
        }
    }

    void add_regions(const eval::ImageBatch& batch, const eval::RegionVectors& regions) {
        for (std::size_t n = 0; n < regions.places.size(); ++n) {
            const auto& [i, r] = regions.places[n];
            const shard::ImageRecord& item = batch.items[i];
            VectorRow row{item.record.key, image_path(item, *stream_), item.record.regions[r].text};
            record::append_region_place(row.region, item.record, r);
            output_->add(row, regions.vectors[static_cast<std::int64_t>(n)].unsqueeze(0));
            ++rows_;
        }
    }

    // Each image for all of the given texts, and pictures of the mixing.
    void add_mixed(const eval::ImageBatch& batch) {
        const eval::EmbeddedImages images = embedder_->embed(batch.planes);
        const at::Tensor attention =
            options_.mixing_dir.empty() ? at::Tensor() : embedder_->mixture_attention(batch.planes);
        for (std::size_t i = 0; i < batch.items.size(); ++i) {
            const auto at = static_cast<std::int64_t>(i);
            const model::MixtureFeatures own{images.mixture.keys.narrow(0, at, 1),
                                             images.mixture.values.narrow(0, at, 1)};
            const model::MixedImages mixed = embedder_->mixed(own, queries_);
            eval::require_finite(mixed.vectors, embedder_->loaded().folder.string());
            if (!options_.mixing_summary.empty()) figures_.add(mixed);
            for (std::size_t t = 0; t < asking_.size(); ++t) {
                VectorRow row{batch.items[i].record.key, {}, asking_[t]};
                row.given = static_cast<std::int64_t>(t);
                output_->add(row, mixed.vectors[0][*row.given].unsqueeze(0));
                if (attention.defined())
                    write_mixing(options_, row, batch.planes[i], mixed.weights[0][*row.given],
                                 attention[at]);
            }
        }
    }

    void embed_records() {
        shard::ImageRecord item;
        while (stream_->next(item)) {
            add(item.record, image_path(item, *stream_), /*is_record=*/true);
            ++items_;
            progress_.update(errors_.records());
        }
    }

    void embed_lines() {
        while (const auto block = lines_->next_block()) {
            for (const record::Line& line : block->lines) {
                errors_.count_records(1);
                const record::Place place{block->file, line.number, line.offset, false, {}};
                if (line.too_large)
                    errors_.report(place, {"too-large", "the line is longer than --max-line"},
                                   line.text);
                else
                    add_bare(text::replace_invalid_utf8(line.text).text, line.number);
            }
            embed_pending();  // more may come much later
            progress_.update(errors_.records());
        }
    }

    void embed_given() {
        const auto count =
            std::min(static_cast<std::int64_t>(given_.size()), options_.stream.limit);
        for (std::int64_t i = 0; i < count; ++i)
            add_bare(given_[static_cast<std::size_t>(i)], static_cast<std::uint64_t>(i) + 1);
    }

    void add_bare(std::string text, std::uint64_t number) {
        record::Record record;
        record.key = std::to_string(number);
        record.captions.emplace_back().text = std::move(text);
        add(record, record.key, /*is_record=*/false);
    }

    void add(const record::Record& record, const std::string& path, bool is_record) {
        for (eval::SelectedText& text : eval::select_texts(record, selection_)) {
            VectorRow row{record.key, path, text.text};
            if (is_record) row.caption = static_cast<std::int64_t>(text.caption);
            row.part = text.part;
            if (selection_.kind == eval::TextKind::kPhrase) row.part_name = "phrase";
            pending_rows_.push_back(std::move(row));
            pending_.push_back(std::move(text));
            if (pending_.size() == batch_size_) embed_pending();
        }
    }

    void embed_pending() {
        if (pending_.empty()) return;
        const at::Tensor vectors = eval::embed_selected(
            pending_, options_.normalize,
            [&](std::span<const std::string> texts) { return maker_->texts(texts); });
        for (std::size_t i = 0; i < pending_.size(); ++i)
            output_->add(pending_rows_[i], vectors[static_cast<std::int64_t>(i)].unsqueeze(0));
        rows_ += pending_.size();
        pending_.clear();
        pending_rows_.clear();
        output_->flush();
    }

    at::Tensor given_queries() {
        std::int64_t cut = 0;
        at::Tensor query = embedder_->queries(asking_, &cut).query;
        if (cut > 0)
            cli::warn(std::to_string(cut) + " of the given texts were truncated to " +
                      std::to_string(embedder_->config().text.context_length) + " tokens");
        return query;
    }

    void print_closing_line() const {
        const auto number = [](std::size_t n, const std::string& unit) {
            return std::to_string(n) + " " + unit + (n == 1 ? "" : "s");
        };
        std::string text;
        if (is_of_texts(options_.kind)) {
            text = number(rows_, "text");
            if (stream_) text += " of " + number(items_, "record");
            if (maker_->texts_cut() > 0)
                text +=
                    ", " + std::to_string(maker_->texts_cut()) +
                    (selection_.by_sentence() ? " parts of them truncated to " : " truncated to ") +
                    std::to_string(embedder_->config().text.context_length) + " tokens";
        } else {
            text = options_.kind == EmbedKind::kRegion
                       ? number(rows_, "region") + " of " + number(items_, "image")
                       : number(items_, "image");
            if (!asking_.empty()) text += ", each for " + number(asking_.size(), "text");
            if (asking_.empty() && options_.kind == EmbedKind::kImage &&
                embedder_->is_text_conditioned())
                text += embedder_->config().has_mixture()
                            ? ", mixed for no text (--given mixes them)"
                            : ", of the images alone (--given mixes them for texts)";
        }
        cli::info(text + ", vectors of " + std::to_string(width_) + " numbers");
    }

    const EmbedOptions& options_;
    eval::TextSelection selection_;
    record::ErrorLog errors_;
    std::vector<std::string> given_, asking_;  // of --text, of --given
    std::size_t batch_size_;
    std::optional<record::LineReader> lines_;
    std::optional<shard::ImageStream> stream_;
    std::optional<eval::Embedder> embedder_;
    std::optional<VectorMaker> maker_;
    at::Tensor queries_;  // of asking_
    eval::MixingFigures figures_;
    std::unique_ptr<VectorOutput> output_;
    cli::Progress progress_{"embed", "items"};
    std::vector<eval::SelectedText> pending_;
    std::vector<VectorRow> pending_rows_;
    std::size_t items_ = 0, rows_ = 0;
    std::int64_t width_ = 0;  // of the vectors
};

// Opens what the run would open, but loads no weights.
int plan(const EmbedOptions& options) {
    record::StreamSettings stream = options.stream;
    if (!stream.rejects.empty()) record::check_can_write(stream.rejects, options.common.force);
    stream.rejects.clear();
    check_outputs(options);
    record::ErrorLog errors(stream, false);
    if (!options.texts.empty())
        cli::info("would embed " + std::to_string(read_texts(options.texts).size()) + " texts");
    else if (reads_lines(options))
        record::resolve_inputs(stream.inputs);
    else
        const shard::ImageStream images({stream, options.image_root, false}, errors);
    if (!options.given.empty())
        cli::info("would mix every image for " + std::to_string(read_given(options).size()) +
                  " texts");
    const auto folder = model::find_checkpoint(options.model.model);
    const model::ModelConfig config = model::read_config(folder);
    check_model(options, config);
    const std::int64_t width = options.layer ? config.vision.width : config.embed_dim;
    cli::info("would load " + folder.string() + " (" + config.name + ", vectors of " +
              std::to_string(width) + " numbers)");
    cli::info("would write " + vector_output_names(options));
    return cli::kDone;
}

}  // namespace

int embed(EmbedOptions options) {
    if (!options.texts.empty() && options.kind == EmbedKind::kImage)
        options.kind = EmbedKind::kText;
    check(options);
    if (options.common.dry_run) return plan(options);
    return Embed(options).run();
}

}  // namespace lip::cmd
