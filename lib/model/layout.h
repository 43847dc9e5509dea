// Names and shapes of weights in the files of other libraries, and ours (open_clip's).
#pragma once

#include "model/config.h"
#include "tensor/safetensors.h"

#include <string>
#include <vector>

namespace lip::model {

enum class Layout {
    kOpenClip,    // CLIP, or CustomTextCLIP with "text." in front; OpenAI's names are the same
    kTimmSiglip,  // open_clip's SigLIP: vision in another library's names below visual.trunk
    kHfClip,      // Hugging Face CLIPModel
    kHfSiglip,    // Hugging Face SiglipModel
    kHfOwlv2,     // Hugging Face Owlv2ForObjectDetection; find_layout() never says so
};

// Names as the model itself has them: the parts "module" and "_orig_mod", which wrappers of
// training leave wherever they stood, fall away, and so does what stands in front of all names if a
// known layout is behind it. Throws DataError if two names become one.
tensor::NamedTensors without_wrappers(tensor::NamedTensors tensors, const std::string& where);

// By the names that are there. Throws DataError with `where` in front if it is none of them.
Layout find_layout(const tensor::NamedTensors& tensors, const std::string& where);

// Other names and shapes into ours, as float32. What has no counterpart keeps its name. Buffers
// that hold no weights fall away. Throws DataError for a tensor that has lost its other thirds.
tensor::NamedTensors from_layout(const tensor::NamedTensors& tensors, Layout layout,
                                 const std::string& where);

// A tensor that no other library has: Llip's mixture tokens and readout, DreamLIP's own scale.
bool is_ours_alone(const std::string& name);

// Ours into theirs; names without a counterpart come back in `left`, but with keep_ours those that
// are ours alone stay as they are.
tensor::NamedTensors to_layout(const tensor::NamedTensors& tensors, Layout layout,
                               std::vector<std::string>& left, bool keep_ours = false);

}  // namespace lip::model
