// A step's batch in parts, each with graphs of its own.
#pragma once

#include "model/language_image_model.h"
#include "train/data.h"

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <vector>

namespace lip::train {

struct Part {
    at::Tensor pixels;                 // [b, 3, S, S]
    at::Tensor valid;                  // [b, K]
    at::Tensor boxes, boxes_valid;     // [b, M, 4] and [b, M]; undefined without regions
    std::int64_t first = 0;            // number of its first image
    model::PackedTexts texts;          // not those of its images: texts of nearly one length
    model::PackedTexts teacher_texts;  // the same texts, as the teacher takes them
    model::PackedTexts phrases;  // the same of the regions' phrases; undefined if there are none
    at::Tensor v, u, t;          // features of images, patches and texts, with their graphs
    at::Tensor teacher_v, teacher_t;  // the teacher's, without; undefined if there is none
    at::Tensor z, f;                  // of boxes [b, M, D] and phrases
    model::ImageMemory memory;        // what prompts of its images ask
    at::Tensor g;                     // [b, K, D]: patches grouped by the texts
    at::Tensor own_texts;             // [b, K, D], a leaf: features of its images' texts
    at::Tensor own_phrases;           // [b, M, D], a leaf: of their regions' phrases
    at::Tensor patch_loss, grounding_loss;
    std::uint64_t sequence = 0;         // autograd's, when the images' graph was made
    std::vector<at::Tensor> gradients;  // of the parameters, then of the leaves in use
};

struct Parts {
    std::vector<Part> parts;
    at::Tensor place;         // [B·K] int64: row of each text in the features of all parts
    at::Tensor phrase_place;  // the same of the phrases, in the order of the batch
};

// Texts are dealt out in the order of their lengths, so that a part holds few lengths.
// Texts longer than a teacher takes lose what stands before their end token.
Parts divide(const Batch& batch, std::int64_t count, const model::TextConfig& text,
             const model::TextConfig* teacher = nullptr);

// Features of all parts as one leaf: the loss's graph ends here. Parts without are left out.
at::Tensor join(const std::vector<Part>& parts, at::Tensor Part::*features);

// Of the outputs that have a graph, at the inputs: what is frozen has none, and without any there
// is nothing to go back through. Undefined where an output does not depend on an input.
std::vector<at::Tensor> gradients(const std::vector<at::Tensor>& outputs,
                                  const std::vector<at::Tensor>& inputs,
                                  const std::vector<at::Tensor>& seeds);

// Adds to the gradient of a parameter.
void add_gradient(at::Tensor& parameter, const at::Tensor& gradient);

// How the parts of a step are worked on: a part to a thread, or, where that would leave more than
// half of the threads without one, all threads on each part in turn.
class WorkerTeam {
public:
    WorkerTeam(c10::Device device, std::int64_t parts);
    void for_each(std::int64_t begin, std::int64_t end,
                  const std::function<void(std::int64_t)>& body) const;

private:
    c10::Device device_;
    bool side_by_side_;
};

// The loss of few images is the same bits for any number of threads.
void on_few_threads(c10::Device device, std::int64_t images, const std::function<void()>& body);

}  // namespace lip::train
