#include "eval/region_embedder.h"

#include "cli/log.h"
#include "model/box_encoding.h"
#include "tensor/device.h"
#include "tensor/math.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <span>

namespace lip::eval {
namespace {

RegionMode settled(const Embedder& embedder, RegionMode mode) {
    const bool has_prompter = embedder.model().prompter.has_value();
    if (mode == RegionMode::kAuto) return has_prompter ? RegionMode::kPrompter : RegionMode::kCrop;
    const std::string model = embedder.loaded().folder.string();
    if (mode == RegionMode::kPrompter && !has_prompter)
        throw cli::DataError(model +
                             ": --region-mode=prompter needs a model trained with regions (the "
                             "method of this model is " +
                             embedder.config().method +
                             "; --region-mode=crop works with any model)");
    if (mode == RegionMode::kRoi && embedder.config().has_mixture())
        throw cli::DataError(model +
                             ": --region-mode=roi needs patches in the joint space, which a Llip "
                             "model does not have (--region-mode=crop works with any model)");
    return mode;
}

std::int64_t most_regions(const ImageBatch& batch) {
    std::size_t most = 0;
    for (const auto& item : batch.items) most = std::max(most, item.record.regions.size());
    return static_cast<std::int64_t>(most);
}

std::vector<RegionPlace> places_of(const ImageBatch& batch) {
    std::vector<RegionPlace> places;
    for (std::size_t i = 0; i < batch.items.size(); ++i)
        for (std::size_t r = 0; r < batch.items[i].record.regions.size(); ++r)
            places.push_back({i, r});
    return places;
}

}  // namespace

image::UnitBox box_in_square(const model::ModelConfig& config, const image::UnitBox& box,
                             const ImageSize& size) {
    return image::to_square(box, size.width, size.height,
                            static_cast<int>(config.vision.image_size),
                            image::resize_mode(config.preprocess.resize_mode));
}

image::UnitBox box_from_square(const model::ModelConfig& config, const image::UnitBox& box,
                               const ImageSize& size) {
    return image::from_square(box, size.width, size.height,
                              static_cast<int>(config.vision.image_size),
                              image::resize_mode(config.preprocess.resize_mode));
}

image::UnitBox box_of_head(const model::ModelConfig& config, const float corners[4],
                           const ImageSize& size) {
    const auto [x0, x1] = std::minmax(corners[0], corners[2]);
    const auto [y0, y1] = std::minmax(corners[1], corners[3]);
    return box_from_square(config, {x0, y0, x1, y1}, size);
}

const char* name_of(RegionMode mode) {
    switch (mode) {
        case RegionMode::kPrompter:
            return "prompter";
        case RegionMode::kRoi:
            return "roi";
        case RegionMode::kCrop:
            return "crop";
        case RegionMode::kAuto:
            break;
    }
    return "auto";
}

RegionEmbedder::RegionEmbedder(const Embedder& embedder, RegionMode mode, std::int64_t batch_size)
    : embedder_(embedder),
      mode_(settled(embedder, mode)),
      batch_size_(static_cast<std::size_t>(batch_size)) {}

at::Tensor RegionEmbedder::boxes(const ImageBatch& batch) const {
    const at::Tensor all = at::zeros({std::ssize(batch.items), most_regions(batch), 4});
    auto to = all.accessor<float, 3>();
    for (std::size_t i = 0; i < batch.items.size(); ++i) {
        const auto& regions = batch.items[i].record.regions;
        for (std::size_t r = 0; r < regions.size(); ++r) {
            const image::UnitBox box =
                box_in_square(embedder_.config(), regions[r].box, batch.sizes[i]);
            if (!warned_ && (box[2] <= box[0] || box[3] <= box[1])) {
                warned_ = true;
                cli::warn(
                    "a region of " + batch.items[i].record.key +
                    " is outside the centre crop of the image, which is all that the model sees: "
                    "the vectors of such regions are meaningless (--region-mode=crop avoids this)");
            }
            for (std::size_t side = 0; side < 4; ++side)
                to[static_cast<std::int64_t>(i)][static_cast<std::int64_t>(r)]
                  [static_cast<std::int64_t>(side)] = static_cast<float>(box[side]);
        }
    }
    return all.to(embedder_.device());
}

at::Tensor RegionEmbedder::rows(const ImageBatch& batch) {
    const std::int64_t most = most_regions(batch);
    std::vector<std::int64_t> rows;
    for (const RegionPlace& place : places_of(batch))
        rows.push_back(static_cast<std::int64_t>(place.item) * most +
                       static_cast<std::int64_t>(place.region));
    return at::tensor(rows, at::TensorOptions(at::kLong));
}

at::Tensor RegionEmbedder::at_boxes(const at::Tensor& all, const ImageBatch& batch) {
    return all.flatten(0, 1).to(at::kCPU).index_select(0, rows(batch));
}

at::Tensor RegionEmbedder::of_prompter(const ImageBatch& batch,
                                       const model::ImageMemory& images) const {
    return at_boxes(embedder_.model().prompter->regions(images, boxes(batch)), batch);
}

at::Tensor RegionEmbedder::of_patches(const ImageBatch& batch) const {
    const at::Tensor patches = embedder_.model().embed_patches(embedder_.pixels(batch.planes),
                                                               model::DenseAttention::kPlain);
    const at::Tensor all =
        model::roi_weights(boxes(batch), embedder_.config().vision.grid()).matmul(patches);
    return at_boxes(tensor::unit(all), batch);
}

at::Tensor RegionEmbedder::of_crops(const ImageBatch& batch) const {
    std::vector<std::vector<std::uint8_t>> crops;
    for (const auto& own : batch.crops) crops.insert(crops.end(), own.begin(), own.end());
    std::vector<at::Tensor> parts;
    const std::span<const std::vector<std::uint8_t>> all = crops;
    for (std::size_t begin = 0; begin < all.size(); begin += batch_size_)
        parts.push_back(
            embedder_.images(all.subspan(begin, std::min(batch_size_, all.size() - begin))));
    return at::cat(parts);
}

void RegionEmbedder::check_finite(const at::Tensor& numbers, const ImageBatch& batch) const {
    require_finite(numbers, embedder_.loaded().folder.string(),
                   ", for an image from " + batch.items.front().record.key + " on");
}

RegionVectors RegionEmbedder::operator()(const ImageBatch& batch) const {
    if (most_regions(batch) == 0) return {{}, at::empty({0, embedder_.config().embed_dim})};
    const at::NoGradGuard no_grad;
    const tensor::Autocast autocast(embedder_.device(), embedder_.precision());
    if (mode_ == RegionMode::kPrompter)
        return (*this)(batch, embedder_.model().image_memory(embedder_.pixels(batch.planes)));
    RegionVectors out{places_of(batch),
                      mode_ == RegionMode::kRoi ? of_patches(batch) : of_crops(batch)};
    check_finite(out.vectors, batch);
    return out;
}

RegionVectors RegionEmbedder::operator()(const ImageBatch& batch,
                                         const model::ImageMemory& images) const {
    if (most_regions(batch) == 0) return {{}, at::empty({0, embedder_.config().embed_dim})};
    const at::NoGradGuard no_grad;
    const tensor::Autocast autocast(embedder_.device(), embedder_.precision());
    RegionVectors out{places_of(batch), of_prompter(batch, images)};
    check_finite(out.vectors, batch);
    return out;
}

RegionEmbedder::Grounded RegionEmbedder::ground(const ImageBatch& batch,
                                                const model::ImageMemory& images,
                                                const at::Tensor& texts) const {
    Grounded out{(*this)(batch, images), {}};
    if (out.regions.places.empty()) return out;
    const at::NoGradGuard no_grad;
    const tensor::Autocast autocast(embedder_.device(), embedder_.precision());
    const std::int64_t count = std::ssize(batch.items), most = most_regions(batch);
    const at::Tensor asked = at::zeros({count * most, texts.size(1)})
                                 .index_copy_(0, rows(batch), texts)
                                 .view({count, most, -1});
    const at::Tensor boxes =
        embedder_.model().prompter->boxes(images, asked.to(embedder_.device()));
    const at::Tensor found = at_boxes(boxes.clamp(0, 1), batch).contiguous();
    check_finite(found, batch);
    const float* corners = found.const_data_ptr<float>();
    for (const RegionPlace& place : out.regions.places) {
        out.found.push_back(box_of_head(embedder_.config(), corners, batch.sizes[place.item]));
        corners += 4;
    }
    return out;
}

}  // namespace lip::eval
