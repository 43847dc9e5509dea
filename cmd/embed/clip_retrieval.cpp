#include "cmd/embed/clip_retrieval.h"

#include "record/output_folder.h"
#include "record/parquet_module.h"
#include "record/parquet_writer.h"
#include "tensor/vectors.h"
#include "text/utf8.h"

#include <ATen/ATen.h>

namespace lip::cmd {
namespace {

constexpr std::string_view kFolders[] = {"img_emb", "text_emb", "metadata"};

std::vector<record::parquet::NewColumn> columns_of(EmbedKind kind) {
    if (kind == EmbedKind::kImage) return {{"image_path"}, {"key"}};
    return {{"image_path"},           {"caption"},           {"key"}, {"caption_index", true},
            {"sentence_index", true}, {"phrase_index", true}};
}

class ClipRetrievalOutput final : public VectorOutput {
public:
    ClipRetrievalOutput(const EmbedOptions& o, std::int64_t width)
        : kind_(o.kind),
          folder_(o.common.output, o.common.force, kFolders),
          vectors_(o.kind == EmbedKind::kText ? folder_.add("text_emb") + "/text_emb_0.npy"
                                              : folder_.add("img_emb") + "/img_emb_0.npy",
                   tensor::vector_formats().front(), o.half ? at::kHalf : at::kFloat, width, false),
          rows_(folder_.add("metadata") + "/metadata_0.parquet", columns_of(o.kind), false) {}

    void add(const VectorRow& row, const at::Tensor& vectors) override {
        using record::parquet::Cell;
        pending_.push_back(vectors);
        const std::string key = text::replace_invalid_utf8(row.key).text;
        const std::string path = text::replace_invalid_utf8(row.image_path).text;
        std::vector<Cell> cells{path};
        if (kind_ == EmbedKind::kText) cells.emplace_back(row.text);
        cells.emplace_back(key);
        if (kind_ == EmbedKind::kText) {
            const bool is_phrase = row.part_name == std::string_view("phrase");
            const auto cell = [](std::int64_t index, bool is_there) {
                return is_there && index >= 0 ? Cell(index) : Cell();
            };
            cells.push_back(cell(row.caption, true));
            cells.push_back(cell(row.part, !is_phrase));
            cells.push_back(cell(row.part, is_phrase));
        }
        rows_.add(cells);
    }
    void flush() override {
        if (pending_.empty()) return;
        vectors_.add(at::cat(pending_));
        pending_.clear();
    }
    void close() override {
        flush();
        vectors_.close();
        rows_.close();
        folder_.close();
    }

private:
    EmbedKind kind_;
    record::OutputFolder folder_;
    tensor::VectorWriter vectors_;
    record::ParquetWriter rows_;
    std::vector<at::Tensor> pending_;
};

}  // namespace

void check_clip_retrieval_output(const EmbedOptions& o) {
    record::check_can_write_folder(o.common.output, o.common.force, kFolders);
    record::parquet_module(o.common.output, "choose another --format");
}

std::unique_ptr<VectorOutput> make_clip_retrieval_output(const EmbedOptions& o,
                                                         std::int64_t width) {
    return std::make_unique<ClipRetrievalOutput>(o, width);
}

}  // namespace lip::cmd
