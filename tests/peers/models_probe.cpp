// Unit features of given pixels and token ids, and the patches of the last block but one as they
// are, for models.py:
//   models_probe CHECKPOINT PIXELS.npy TEXTS.json OUT.safetensors
// Pixels are float32 [B, 3, H, W], normalised already; texts lists of ids.
#include "model/checkpoint.h"
#include "tensor/math.h"
#include "tensor/safetensors.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <nlohmann/json.hpp>

#include <cstring>
#include <fstream>
#include <sstream>

int main(int argc, char** argv) {
    if (argc != 5) return 2;
    const at::NoGradGuard no_grad;
    const auto loaded = lip::model::load_model(argv[1], at::kCPU);
    const auto& model = *loaded.model;
    std::ifstream file(argv[2], std::ios::binary);
    std::ostringstream bytes;
    bytes << file.rdbuf();
    const std::string npy = bytes.str();
    const std::int64_t side = model.config.vision.image_size;
    const std::size_t header = 10 + static_cast<unsigned char>(npy[8]) +
                               256 * static_cast<std::size_t>(static_cast<unsigned char>(npy[9]));
    const auto images = static_cast<std::int64_t>((npy.size() - header) / 4) / (3 * side * side);
    at::Tensor pixels = at::empty({images, 3, side, side}, at::TensorOptions(at::kFloat));
    std::memcpy(pixels.mutable_data_ptr(), npy.data() + header, npy.size() - header);
    std::ifstream json(argv[3]);
    const auto texts = nlohmann::json::parse(json).get<std::vector<lip::model::TokenIds>>();
    const auto packed = lip::model::pack_texts(texts, model.config.text);
    lip::tensor::write_safetensors(
        argv[4],
        {{"images", lip::tensor::unit(model.vision.pooled(pixels)).contiguous()},
         {"texts", lip::tensor::unit(model.text.pooled(packed)).contiguous()},
         {"block", model.vision.block_output(pixels, -2).contiguous()}},
        {}, true);
}
