#include "cmd/retrieve/collection.h"

#include "cli/error.h"
#include "cli/log.h"
#include "cmd/retrieve/vector_rows.h"

#include <ATen/ATen.h>

#include <unordered_map>

namespace lip::cmd {
namespace {

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
        if (const auto reject = eval::too_few(counts[i], wanted))
            throw cli::DataError(rows.file + ": " + out.keys[i] + ": " + reject->message + " [" +
                                 std::string(reject->word) + "]");
        if (static_cast<std::int64_t>(counts[i]) < wanted.least_texts) ++out.short_images;
    }
    out.text_rows = rows.values.index_select(0, at::tensor(taken, at::TensorOptions(at::kLong)));
}

}  // namespace

Collection embed_collection(const RetrieveOptions& options, const Wanted& wanted,
                            const eval::Embedder& embedder, record::ErrorLog& errors) {
    shard::ImageStream stream({options.stream, options.image_root, wanted.images}, errors);
    cli::Progress progress("images", "images");
    Collection collection = eval::embed_collection(
        stream, wanted, embedder, errors, options.model.batch_size, options.common.thread_count(),
        [&](const auto&, const auto&) { progress.update(errors.records()); });
    progress.finish();
    if (collection.cut_texts > 0) {
        const bool is_whole =
            wanted.selection.kind == eval::TextKind::kCaption && !wanted.selection.by_sentence();
        cli::warn(std::to_string(collection.cut_texts) +
                  (wanted.selection.by_sentence() ? " sentences" : " texts") +
                  " were truncated to " + std::to_string(embedder.config().text.context_length) +
                  " tokens" + (is_whole ? " (--long-text=mean embeds them by sentence)" : ""));
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
                throw cli::DataError(rows.place(i) + ": the key occurred before: " + key +
                                     " [duplicate-key]");
            out.keys.push_back(key);
        }
        out.image_rows = rows.values;
        out.is_uniform = rows.is_uniform;
        if (rows.is_uniform)
            cli::warn(
                options.image_embeddings +
                ": image vectors of a Llip model, which depend on no text: " +
                (options.is_search()
                     ? "the search is only its first step (give INPUT instead to score all pairs)"
                     : "the metrics are those of the first step of its search (give -m DIR and "
                       "INPUT to score all pairs)"));
    }
    if (wanted.texts) {
        const VectorRows rows = read_vector_rows(options.text_embeddings, "text", wanted.keep_text);
        if (wanted.images && rows.values.size(1) != out.image_rows.size(1))
            throw cli::DataError(options.text_embeddings + ": vectors of " +
                                 std::to_string(rows.values.size(1)) + " numbers, but those of " +
                                 options.image_embeddings + " have " +
                                 std::to_string(out.image_rows.size(1)) + " [bad-embedding]");
        add_texts(rows, wanted, images, out);
    }
    return out;
}

}  // namespace lip::cmd
