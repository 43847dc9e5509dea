// What OWLv2 sees of an image and what it says, for owlv2.py:
//   owlv2_probe CHECKPOINT IMAGE TEXTS.json SIDE OUT.safetensors
// TEXTS are lists of ids, the begin token first. Pixels [1, 3, SIDE, SIDE], logits [1, P, Q], boxes
// [1, P, 4] and objectness [1, P].
#include "detect/owlv2_checkpoint.h"
#include "detect/owlv2_pixels.h"
#include "image/decode.h"
#include "record/file.h"
#include "tensor/safetensors.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <nlohmann/json.hpp>

#include <cstring>
#include <fstream>

int main(int argc, char** argv) {
    if (argc != 6) return 2;
    const at::NoGradGuard no_grad;
    const auto loaded = lip::detect::load_owlv2(argv[1], at::kCPU);
    const auto& model = *loaded.model;
    const auto image = lip::image::decode(lip::record::read_file(argv[2]));
    if (!image) return 1;
    const int side = std::stoi(argv[4]);
    const std::vector<float> planes = lip::detect::owlv2_pixels(
        *image, side, model.config.preprocess.mean, model.config.preprocess.std);
    at::Tensor pixels = at::empty({1, 3, side, side}, at::TensorOptions(at::kFloat));
    std::memcpy(pixels.mutable_data_ptr(), planes.data(), planes.size() * sizeof(float));
    std::ifstream json(argv[3]);
    const auto texts = nlohmann::json::parse(json).get<std::vector<lip::model::TokenIds>>();
    const at::Tensor queries =
        model.queries(lip::model::pack_texts(texts, model.config.text), at::kFloat);
    const at::Tensor features = model.features(pixels, at::kFloat);
    lip::tensor::write_safetensors(
        argv[5],
        {{"pixels", pixels},
         {"logits", model.heads.logits(features, queries).contiguous()},
         {"boxes", model.heads.boxes(features, side / model.config.vision.patch_size).contiguous()},
         {"objectness", model.heads.objectness_logits(features).contiguous()}},
        {}, true);
}
