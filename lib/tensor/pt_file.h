// Weights in PyTorch's .pt and .bin files, read as data: nothing in a file is ever run.
#pragma once

#include "tensor/safetensors.h"

#include <string>

namespace lip::tensor {

// The tensors of the state dict in a zip archive of torch.save. The pickle inside may hold what
// PyTorch's own weights-only reader makes; what is neither a tensor nor leads to one is dropped,
// and anything else is refused by the name under which it asks to be made. A state dict may be the
// whole, or stand under state_dict, model_state_dict, model; or (`ema` true) under ema, model_ema,
// state_dict_ema, ema_state_dict. Other entries, such as an optimiser's, are passed over.
// Of a TorchScript archive the objects are read, by the paths of their attributes; its code is not.
// Throws DataError: not such an archive (a file from before PyTorch 1.6), cut or damaged, a pickle
// with code, no state dict or no averages, tensors that leave their storage.
NamedTensors read_pt(const std::string& path, bool ema = false);

// Writes a state dict, as torch.save does, that torch.load(weights_only=True) opens: the tensors in
// the given order, floating point only; complete or not at all. The same tensors give the same
// bytes. Throws DataError.
void write_pt(const std::string& path, const NamedTensors& tensors, bool force);

// Is it a program, whose architecture its weights must tell?
bool is_torchscript(const std::string& path);

// Does a file begin as a zip archive or as a bare pickle does?
bool is_pt(const std::string& path);

}  // namespace lip::tensor
