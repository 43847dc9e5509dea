#include "cmd/retrieve/collection.h"

#include "cli/error.h"
#include "cli/log.h"
#include "cmd/retrieve/vector_rows.h"
#include "eval/image_batches.h"
#include "record/lines.h"
#include "shard/images.h"
#include "shard/key_set.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <numeric>
#include <optional>
#include <unordered_map>

namespace lip::cmd {
namespace {

using at::Tensor;

constexpr std::size_t kTextsAtOnce = 4096;

std::optional<cli::Reject> too_few(std::size_t texts, const Wanted& wanted) {
    if (static_cast<std::int64_t>(texts) >= wanted.least_texts || wanted.allow_short)
        return std::nullopt;
    return cli::Reject{"bad-record", "the image has " + std::to_string(texts) + " texts, not " +
                                         std::to_string(wanted.least_texts) +
                                         " (--texts-per-image; --allow-short keeps it)"};
}

std::string_view part_name(eval::TextKind kind) {
    switch (kind) {
        case eval::TextKind::kSentence:
            return "sentence";
        case eval::TextKind::kPhrase:
            return "phrase";
        case eval::TextKind::kCaption:
            break;
    }
    return {};
}

// Takes records one after the other and embeds their texts in batches.
class Builder {
public:
    Builder(const Wanted& wanted, const eval::Embedder& embedder, record::ErrorLog& errors)
        : wanted_(wanted), embedder_(embedder), errors_(errors) {}

    // False: the record went to the log.
    bool add(const shard::ImageRecord& item) {
        if (!keys_.insert(item.record.key)) {
            std::string line;
            record::append_json(line, item.record);
            errors_.report(item.place,
                           {"duplicate-key", "the key stood before: " + item.record.key}, line);
            return false;
        }
        const auto image = static_cast<std::int64_t>(out_.keys.size());
        out_.keys.push_back(item.record.key);
        if (!wanted_.texts) return true;
        out_.captions += std::ssize(item.record.captions);
        std::vector<eval::SelectedText> texts = select_texts(item.record, wanted_.selection);
        if (static_cast<std::int64_t>(texts.size()) < wanted_.least_texts) ++out_.short_images;
        for (eval::SelectedText& text : texts) {
            out_.texts.push_back({image, static_cast<std::int64_t>(text.caption), text.part,
                                  part_name(wanted_.selection.kind),
                                  wanted_.keep_text ? text.text : std::string()});
            pending_parts_ += text.parts.size();
            pending_.push_back(std::move(text));
        }
        if (pending_parts_ >= kTextsAtOnce) flush();
        return true;
    }

    // Rows of a batch; `kept` are those whose record was taken.
    void add_images(const Tensor& rows, const std::vector<std::int64_t>& kept,
                    const std::string& first_key) {
        check_finite(rows, "an image from " + first_key + " on");
        if (!kept.empty())
            images_.push_back(rows.index_select(0, at::tensor(kept, at::TensorOptions(at::kLong))));
    }

    Collection finish() {
        flush();
        const Tensor none = at::empty({0, embedder_.config().embed_dim});
        if (wanted_.images) out_.image_rows = images_.empty() ? none : at::cat(images_);
        if (wanted_.texts) out_.text_rows = texts_.empty() ? none : at::cat(texts_);
        return std::move(out_);
    }

private:
    void check_finite(const Tensor& rows, const std::string& of) const {
        if (!rows.isfinite().all().item<bool>())
            throw cli::DataError(embedder_.loaded().folder.string() +
                                 ": the model gives numbers that are not finite, for " + of +
                                 " [bad-embedding]");
    }

    void flush() {
        if (pending_.empty()) return;
        const std::string key = out_.keys[static_cast<std::size_t>(
            out_.texts[out_.texts.size() - pending_.size()].image)];
        texts_.push_back(eval::embed_selected(pending_, /*normalize=*/true, [&](auto texts) {
            return embedder_.texts(texts, &out_.cut_texts);
        }));
        check_finite(texts_.back(), "a text from " + key + " on");
        pending_.clear();
        pending_parts_ = 0;
    }

    const Wanted& wanted_;
    const eval::Embedder& embedder_;
    record::ErrorLog& errors_;
    shard::KeySet keys_;
    Collection out_;
    std::vector<Tensor> images_, texts_;
    std::vector<eval::SelectedText> pending_;
    std::size_t pending_parts_ = 0;
};

void embed_images(const RetrieveOptions& options, const Wanted& wanted,
                  const eval::Embedder& embedder, shard::ImageStream& stream,
                  record::ErrorLog& errors, Builder& builder) {
    eval::ImageBatches batches(embedder, stream, errors, options.model.batch_size,
                               options.common.thread_count());
    cli::Progress progress("images", "images");
    const auto has_texts = [&](const shard::ImageRecord& item) -> std::optional<cli::Reject> {
        if (!wanted.texts) return std::nullopt;
        return too_few(select_texts(item.record, wanted.selection).size(), wanted);
    };
    while (const auto batch = batches.next(has_texts)) {
        std::vector<std::int64_t> kept;
        for (std::size_t i = 0; i < batch->items.size(); ++i)
            if (builder.add(batch->items[i])) kept.push_back(static_cast<std::int64_t>(i));
        builder.add_images(embedder.images(batch->planes), kept, batch->items.front().record.key);
        progress.update(errors.records());
    }
    progress.finish();
}

// The first texts of each image, as many as are wanted. Without image rows the texts say which
// images there are.
void add_texts(const VectorRows& rows, const Wanted& wanted,
               std::unordered_map<std::string, std::int64_t>& images, Collection& out) {
    std::vector<std::int64_t> taken;
    std::vector<std::size_t> counts(out.keys.size());  // by image
    for (std::size_t i = 0; i < rows.labels.size(); ++i) {
        const RowLabel& label = rows.labels[i];
        const auto [image, is_new] = images.emplace(label.key, std::ssize(out.keys));
        if (is_new && wanted.images)
            throw cli::DataError(rows.place(i) +
                                 ": no image has the key of the text: " + label.key);
        if (is_new) {
            out.keys.push_back(label.key);
            counts.push_back(0);
        }
        if (label.part <= 0) ++out.captions;  // of many parts the first stands for the caption
        std::size_t& count = counts[static_cast<std::size_t>(image->second)];
        if (wanted.selection.most > 0 && static_cast<std::int64_t>(count) >= wanted.selection.most)
            continue;
        ++count;
        taken.push_back(static_cast<std::int64_t>(i));
        out.texts.push_back(
            {image->second, label.caption, label.part, label.part_name, label.text});
    }
    for (std::size_t i = 0; i < counts.size(); ++i) {
        if (const auto reject = too_few(counts[i], wanted))
            throw cli::DataError(rows.file + ": " + out.keys[i] + ": " + reject->message + " [" +
                                 std::string(reject->word) + "]");
        if (static_cast<std::int64_t>(counts[i]) < wanted.least_texts) ++out.short_images;
    }
    out.text_rows = rows.values.index_select(0, at::tensor(taken, at::TensorOptions(at::kLong)));
}

}  // namespace

eval::Vectors Collection::image_vectors() const {
    std::vector<std::int64_t> owners(keys.size());
    std::iota(owners.begin(), owners.end(), std::int64_t{0});
    return {image_rows, std::move(owners)};
}

eval::Vectors Collection::text_vectors() const {
    std::vector<std::int64_t> owners;
    for (const TextRow& text : texts) owners.push_back(text.image);
    return {text_rows, std::move(owners)};
}

Collection embed_collection(const RetrieveOptions& options, const Wanted& wanted,
                            const eval::Embedder& embedder, record::ErrorLog& errors) {
    shard::ImageStream stream({options.stream, options.image_root, wanted.images}, errors);
    Builder builder(wanted, embedder, errors);
    if (wanted.images) {
        embed_images(options, wanted, embedder, stream, errors, builder);
    } else {
        shard::ImageRecord item;
        while (stream.next(item)) builder.add(item);
    }
    Collection collection = builder.finish();
    if (collection.cut_texts > 0) {
        const bool is_whole =
            wanted.selection.kind == eval::TextKind::kCaption && !wanted.selection.mean_of_parts;
        cli::warn(std::to_string(collection.cut_texts) +
                  (wanted.selection.mean_of_parts ? " sentences" : " texts") + " were cut to " +
                  std::to_string(embedder.config().text.context_length) + " tokens" +
                  (is_whole ? " (--long-text=mean takes them by sentence)" : ""));
    }
    return collection;
}

Collection read_collection(const RetrieveOptions& options, const Wanted& wanted) {
    Collection out;
    std::unordered_map<std::string, std::int64_t> images;  // by key
    if (wanted.images) {
        const VectorRows rows = read_vector_rows(options.image_embeddings, "image", false);
        for (std::size_t i = 0; i < rows.labels.size(); ++i) {
            const std::string& key = rows.labels[i].key;
            if (!images.emplace(key, std::ssize(out.keys)).second)
                throw cli::DataError(rows.place(i) + ": the key stood before: " + key +
                                     " [duplicate-key]");
            out.keys.push_back(key);
        }
        out.image_rows = rows.values;
    }
    if (wanted.texts) {
        const VectorRows rows = read_vector_rows(options.text_embeddings, "text", wanted.keep_text);
        if (wanted.images && rows.values.size(1) != out.image_rows.size(1))
            throw cli::DataError(options.text_embeddings + ": vectors of " +
                                 std::to_string(rows.values.size(1)) + " numbers, those of " +
                                 options.image_embeddings + " have " +
                                 std::to_string(out.image_rows.size(1)) + " [bad-embedding]");
        add_texts(rows, wanted, images, out);
    }
    return out;
}

}  // namespace lip::cmd
