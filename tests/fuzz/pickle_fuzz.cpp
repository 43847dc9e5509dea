// Any bytes as a pickle: a value, or a DataError; never more tensors' bytes than the storages have,
// and never a value that holds itself.
#include "cli/error.h"
#include "tensor/unpickler.h"
#include "tests/fuzz/require.h"

#include <ATen/ATen.h>

#include <cstddef>
#include <cstdint>
#include <string>

namespace {

using namespace lip::tensor;

constexpr std::int64_t kMostNumbers = 64;

at::Tensor storage(const PickleValue::Storage& wanted) {
    if (wanted.size < 0 || wanted.size > kMostNumbers)
        throw lip::cli::DataError("the storage is not there");
    return at::zeros({wanted.size}, at::TensorOptions(wanted.type));
}

// Whatever is in it can be looked at.
void walk(const PickleValuePtr& value, int depth, int& budget) {
    if (!value || depth > 200 || --budget < 0) return;
    if (const auto* tensor = std::get_if<at::Tensor>(&value->is)) {
        if (tensor->defined())
            require(tensor->numel() == 0 || tensor->clone().numel() == tensor->numel(),
                    "a tensor can be read");
    } else if (const auto* list = std::get_if<PickleValue::List>(&value->is)) {
        for (const auto& item : list->items) walk(item, depth + 1, budget);
    } else if (const auto* tuple = std::get_if<PickleValue::Tuple>(&value->is)) {
        for (const auto& item : tuple->items) walk(item, depth + 1, budget);
    } else if (const auto* dict = std::get_if<PickleValue::Dict>(&value->is)) {
        for (const auto& [key, item] : dict->items) {
            walk(key, depth + 1, budget);
            walk(item, depth + 1, budget);
        }
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string bytes(reinterpret_cast<const char*>(data), size);
    for (const bool objects : {false, true}) {
        try {
            int budget = 10000;
            walk(unpickle(bytes, "fuzz", storage, objects), 0, budget);
        } catch (const lip::cli::DataError&) {
        }
    }
    return 0;
}
