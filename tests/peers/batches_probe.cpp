// The batches that train takes, for training.py:
//   batches_probe CONFIG TOKENIZER SHARDS METHOD TEXTS BATCH STEPS OUT.safetensors
// TEXTS is the number of texts an image; crops, draws and order are those of train with
// --texts-per-image TEXTS, seed 0 and all else by default. Rows of step s are s BATCH and on.
#include "image/geometry.h"
#include "model/config.h"
#include "record/errors.h"
#include "record/file.h"
#include "tensor/safetensors.h"
#include "text/tokenizer.h"
#include "train/data.h"
#include "train/method_facts.h"
#include "train/negatives.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cstdlib>
#include <string>

int main(int argc, char** argv) {
    if (argc != 9) return 2;
    using namespace lip;
    const model::ModelConfig config =
        model::parse_config(record::read_file(argv[1], 1 << 20), argv[1]);
    const auto tokenizer = text::load_tokenizer(argv[2]);
    const train::MethodFacts& method = train::method_facts(argv[4]);
    const std::int64_t texts = std::atol(argv[5]), batch = std::atol(argv[6]),
                       steps = std::atol(argv[7]), context = config.text.context_length;
    train::DataSettings settings;
    settings.shards = {{argv[3], 1}};
    settings.batch_size = batch;
    settings.context_length = context;
    settings.pixels.image_size = config.vision.image_size;
    settings.pixels.mode = image::resize_mode(config.preprocess.resize_mode);
    settings.sampler.texts_per_image = texts;
    settings.sampler.pool.sentences = method.sentences;
    train::Loader loader(settings, *tokenizer);
    record::ErrorLog errors({}, false);
    std::vector<at::Tensor> pixels, valid, ids, lengths, drawn;
    for (std::int64_t step = 0; step < steps; ++step) {
        const train::Batch b = loader.next(errors);
        pixels.push_back(b.pixels);
        valid.push_back(b.valid);
        const at::Tensor padded = at::zeros({batch * texts, context}, at::kLong);
        const at::Tensor length = at::zeros({batch * texts}, at::kLong);
        for (std::size_t i = 0; i < b.texts.size(); ++i) {
            const auto row = static_cast<std::int64_t>(i);
            length[row] = std::ssize(b.texts[i]);
            for (std::size_t n = 0; n < b.texts[i].size(); ++n)
                padded[row][static_cast<std::int64_t>(n)] = b.texts[i][n];
        }
        ids.push_back(padded);
        lengths.push_back(length);
        const at::Tensor draws = train::draws_of(b);
        drawn.push_back(train::draw_negatives(draws, draws, b.valid));
    }
    tensor::write_safetensors(argv[8],
                              {{"pixels", at::cat(pixels)},
                               {"valid", at::cat(valid).to(at::kByte)},
                               {"ids", at::cat(ids)},
                               {"lengths", at::cat(lengths)},
                               {"drawn", at::cat(drawn)}},
                              {}, true);
}
