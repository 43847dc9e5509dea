#include "eval/collection.h"

#include "cli/error.h"
#include "record/lines.h"
#include "shard/key_set.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <numeric>

namespace lip::eval {
namespace {

using at::Tensor;

constexpr std::size_t kPartsAtOnce = 4096;

std::string_view part_name(TextKind kind) {
    switch (kind) {
        case TextKind::kSentence:
            return "sentence";
        case TextKind::kPhrase:
            return "phrase";
        case TextKind::kCaption:
            break;
    }
    return {};
}

bool has_regions(const ImageBatch& batch) {
    return std::ranges::any_of(
        batch.items, [](const shard::ImageRecord& item) { return !item.record.regions.empty(); });
}

// Takes records one after the other and embeds their texts in batches.
class Builder {
public:
    Builder(const Wanted& wanted, const Embedder& embedder, record::ErrorLog& errors)
        : wanted_(wanted), embedder_(embedder), errors_(errors) {}

    // False: the record went to the log.
    bool add(const shard::ImageRecord& item) {
        if (!keys_.insert(item.record.key)) {
            std::string line;
            record::append_json(line, item.record);
            errors_.report(item.place,
                           {"duplicate-key", "the key occurred before: " + item.record.key}, line);
            return false;
        }
        const auto image = static_cast<std::int64_t>(out_.keys.size());
        out_.keys.push_back(item.record.key);
        if (!wanted_.texts) return true;
        out_.captions += std::ssize(item.record.captions);
        std::vector<SelectedText> texts = select_texts(item.record, wanted_.selection);
        if (static_cast<std::int64_t>(texts.size()) < wanted_.least_texts) ++out_.short_images;
        for (SelectedText& text : texts) {
            out_.texts.push_back({image, static_cast<std::int64_t>(text.caption), text.part,
                                  part_name(wanted_.selection.kind),
                                  wanted_.keep_text ? text.text : std::string()});
            pending_parts_ += text.parts.size();
            pending_.push_back(std::move(text));
        }
        if (pending_parts_ >= kPartsAtOnce) flush();
        return true;
    }

    // Rows of a batch; `kept` are those whose record was taken.
    void add_images(const EmbeddedImages& images, const std::vector<std::int64_t>& kept,
                    const std::string& first_key) {
        check_finite(images.vectors, "an image from " + first_key + " on");
        if (kept.empty()) return;
        const Tensor which = at::tensor(kept, at::TensorOptions(at::kLong));
        const auto taken = [&](const Tensor& x) { return x.to(at::kCPU).index_select(0, which); };
        images_.push_back(taken(images.vectors));
        const model::MixtureFeatures& mixture = images.mixture;
        if (!mixture.keys.defined()) return;
        check_finite(mixture.keys, "an image from " + first_key + " on");
        out_.mixture.push_back({taken(mixture.keys), taken(mixture.values)});
    }

    Collection finish() {
        flush();
        const Tensor none = at::empty({0, embedder_.config().embed_dim});
        if (wanted_.images) out_.image_rows = images_.empty() ? none : at::cat(images_);
        if (wanted_.texts) out_.text_rows = texts_.empty() ? none : at::cat(texts_);
        if (wanted_.texts && embedder_.is_text_conditioned())
            out_.queries = queries_.empty() ? none : at::cat(queries_);
        if (!part_queries_.empty()) out_.parts = {at::cat(part_queries_), at::cat(part_targets_)};
        return std::move(out_);
    }

private:
    void check_finite(const Tensor& rows, const std::string& of) const {
        require_finite(rows, embedder_.loaded().folder.string(),
                       ", for " + of + " [bad-embedding]");
    }

    void flush() {
        if (pending_.empty()) return;
        const std::string key = out_.keys[static_cast<std::size_t>(
            out_.texts[out_.texts.size() - pending_.size()].image)];
        Tensor queries;
        texts_.push_back(embed_selected(pending_, /*normalize=*/true, [&](auto texts) {
            const model::QueryFeatures features = embedder_.queries(texts, &out_.cut_texts);
            queries = features.query;
            if (wanted_.selection.long_text == LongText::kScore) add_parts(features);
            return features.target;
        }));
        if (queries.defined())
            queries_.push_back(
                embed_selected(pending_, /*normalize=*/false, [&](auto) { return queries; }));
        check_finite(texts_.back(), "a text from " + key + " on");
        if (queries.defined()) check_finite(queries, "a text from " + key + " on");
        pending_.clear();
        pending_parts_ = 0;
    }

    void add_parts(const model::QueryFeatures& features) {
        part_queries_.push_back(features.query);
        part_targets_.push_back(features.target);
        for (const SelectedText& text : pending_)
            out_.parts_of_text.push_back(std::ssize(text.parts));
    }

    const Wanted& wanted_;
    const Embedder& embedder_;
    record::ErrorLog& errors_;
    shard::KeySet keys_;
    Collection out_;
    std::vector<Tensor> images_, texts_, queries_, part_queries_, part_targets_;
    std::vector<SelectedText> pending_;
    std::size_t pending_parts_ = 0;
};

}  // namespace

std::optional<cli::Reject> too_few(std::size_t texts, const Wanted& wanted) {
    if (static_cast<std::int64_t>(texts) >= wanted.least_texts || wanted.allow_short)
        return std::nullopt;
    return cli::Reject{"bad-record", "the image has " + std::to_string(texts) +
                                         (texts == 1 ? " text" : " texts") + ", expected " +
                                         std::to_string(wanted.least_texts) +
                                         " (--texts-per-image; --allow-short keeps it)"};
}

Vectors Collection::image_vectors() const {
    std::vector<std::int64_t> owners(keys.size());
    std::iota(owners.begin(), owners.end(), std::int64_t{0});
    return {image_rows, std::move(owners)};
}

Vectors Collection::text_vectors() const {
    std::vector<std::int64_t> owners;
    for (const TextRow& text : texts) owners.push_back(text.image);
    return {text_rows, std::move(owners)};
}

Vectors Collection::images_with_texts() const {
    std::vector<std::int64_t> images;
    for (const TextRow& text : texts) images.push_back(text.image);
    std::sort(images.begin(), images.end());
    images.erase(std::unique(images.begin(), images.end()), images.end());
    return {image_rows.index_select(0, at::tensor(images, at::TensorOptions(at::kLong))), images};
}

Collection embed_collection(shard::ImageStream& stream, const Wanted& wanted,
                            const Embedder& embedder, record::ErrorLog& errors,
                            std::int64_t batch_size, int threads, const SeeImages& see) {
    Builder builder(wanted, embedder, errors);
    if (!wanted.images) {
        shard::ImageRecord item;
        while (stream.next(item)) builder.add(item);
        return builder.finish();
    }
    const auto has_texts = [&](const shard::ImageRecord& item) -> std::optional<cli::Reject> {
        if (!wanted.texts) return std::nullopt;
        return too_few(select_texts(item.record, wanted.selection).size(), wanted);
    };
    ImageBatches batches(embedder, stream, errors, batch_size, threads, RegionPixels::kNone,
                         has_texts);
    while (const auto batch = batches.next()) {
        std::vector<std::int64_t> kept;
        for (std::size_t i = 0; i < batch->items.size(); ++i)
            if (builder.add(batch->items[i])) kept.push_back(static_cast<std::int64_t>(i));
        const EmbeddedImages images = wanted.memory && has_regions(*batch)
                                          ? embedder.embed_with_memory(batch->planes)
                                          : embedder.embed(batch->planes);
        builder.add_images(images, kept, batch->items.front().record.key);
        if (see) see(*batch, images);
    }
    return builder.finish();
}

}  // namespace lip::eval
