#include "tensor/pt_file.h"

#include "cli/error.h"
#include "tensor/unpickler.h"

#include <ATen/ATen.h>
#include <caffe2/serialize/inline_container.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <map>
#include <span>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace lip::tensor {
namespace {

using Dict = PickleValue::Dict;

const PickleValuePtr* find(const Dict& dict, std::string_view key) {
    for (const auto& [name, value] : dict.items)
        if (const auto* text = std::get_if<std::string>(&name->is); text && *text == key)
            return &value;
    return nullptr;
}

bool has_tensors(const Dict& dict) {
    return std::ranges::any_of(dict.items, [](const auto& item) {
        return std::holds_alternative<at::Tensor>(item.second->is);
    });
}

constexpr std::string_view kStateNames[] = {"state_dict", "model_state_dict", "model", "student"};
constexpr std::string_view kAverageNames[] = {"ema", "model_ema", "state_dict_ema",
                                              "ema_state_dict", "teacher"};

// The dictionary of tensors: the whole, or what stands under one of the usual names.
const Dict* state_dict(const Dict& whole, std::span<const std::string_view> names) {
    for (const std::string_view name : names)
        if (const PickleValuePtr* found = find(whole, name))
            if (const auto* dict = std::get_if<Dict>(&(*found)->is))
                if (const Dict* inner = state_dict(*dict, kStateNames)) return inner;
    const bool is_average = names.data() == kAverageNames;
    return !is_average && has_tensors(whole) ? &whole : nullptr;
}

// Tensors of the objects of a program, by the path of their attributes. What is shared counts at
// each place, so that there are bounds.
class Attributes {
public:
    NamedTensors tensors;

    // False beyond the bounds.
    bool collect(const Dict& object, const std::string& path, int depth = 0) {
        if (depth > 32 || ++objects_ > 100'000) return false;
        for (const auto& [name, value] : object.items) {
            const auto* text = std::get_if<std::string>(&name->is);
            if (!text) continue;
            if (const auto* tensor = std::get_if<at::Tensor>(&value->is))
                tensors.emplace_back(path + *text, tensor->contiguous());
            else if (const auto* inner = std::get_if<Dict>(&value->is);
                     inner && !collect(*inner, path + *text + ".", depth + 1))
                return false;
        }
        return true;
    }

private:
    int objects_ = 0;
};

std::string head_of(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) throw cli::DataError(path + ": cannot be opened: " + std::strerror(errno));
    std::string head(9, '\0');
    file.read(head.data(), 9);
    head.resize(static_cast<std::size_t>(file.gcount()));
    return head;
}

constexpr std::string_view kZip = "PK\x03\x04";

// A pickle begins with its protocol. The length of a safetensors header can begin with the same
// two bytes, and then the header follows.
bool is_bare_pickle(const std::string& head) {
    return head.size() > 1 && head[0] == '\x80' && head[1] >= 2 && head[1] <= 5 &&
           !head.ends_with('{');
}

}  // namespace

bool is_torchscript(const std::string& path) {
    if (!head_of(path).starts_with(kZip)) return false;
    try {
        caffe2::serialize::PyTorchStreamReader archive(path);
        return archive.hasRecord("constants.pkl");
    } catch (const c10::Error&) {
        return false;
    }
}

bool is_pt(const std::string& path) {
    const std::string head = head_of(path);
    return head.starts_with(kZip) || is_bare_pickle(head);
}

NamedTensors read_pt(const std::string& path, bool ema) {
    const std::string head = head_of(path);
    if (is_bare_pickle(head))
        throw cli::DataError(
            path +
            ": is in the format from before PyTorch 1.6, which is not supported (load it with "
            "weights_only=True and save it again, or as safetensors)");
    if (!head.starts_with(kZip)) throw cli::DataError(path + ": is not a file of torch.save");
    PickleValuePtr whole;
    bool is_program = false;  // TorchScript: its objects are read, its code never
    try {
        caffe2::serialize::PyTorchStreamReader archive(path);
        is_program = archive.hasRecord("constants.pkl");
        const auto bytes_of = [&](const std::string& name) {
            auto [data, size] = archive.getRecord(name);
            return std::pair(std::move(data), size);
        };
        std::map<std::string, at::Tensor> storages;
        const auto load = [&](const PickleValue::Storage& storage) {
            at::Tensor& found = storages[storage.key];
            if (!found.defined()) {
                const auto [data, size] = bytes_of("data/" + storage.key);
                const std::size_t one = c10::elementSize(storage.type);
                if (size % one != 0 || static_cast<std::int64_t>(size / one) != storage.size)
                    throw cli::DataError(path + ": storage " + storage.key + " has " +
                                         std::to_string(size) + " bytes, expected " +
                                         std::to_string(storage.size) + " numbers");
                found = at::empty({storage.size}, at::TensorOptions(storage.type));
                std::memcpy(found.mutable_data_ptr(), data.get(), size);
            }
            if (found.scalar_type() != storage.type || found.numel() != storage.size)
                throw cli::DataError(path + ": storage " + storage.key + " has two types");
            return found;
        };
        const auto [pickle, size] = bytes_of("data.pkl");
        whole = unpickle(std::string(static_cast<const char*>(pickle.get()), size), path, load,
                         is_program);
    } catch (const c10::Error& problem) {
        throw cli::DataError(path + ": the archive is truncated or damaged (" +
                             problem.what_without_backtrace() + ")");
    }
    const auto* dict = std::get_if<Dict>(&whole->is);
    if (is_program && dict) {
        if (ema) throw cli::DataError(path + ": is a TorchScript program, which has no averages");
        Attributes attributes;
        if (!attributes.collect(*dict, ""))
            throw cli::DataError(path + ": its objects lie too deep within each other");
        return std::move(attributes.tensors);
    }
    const Dict* state = dict && ema ? state_dict(*dict, kAverageNames)
                        : dict      ? state_dict(*dict, kStateNames)
                                    : nullptr;
    if (!state && ema)
        throw cli::DataError(
            path + ": holds no averaged weights (ema, model_ema, state_dict_ema, teacher)");
    if (!state) throw cli::DataError(path + ": holds no state dict");
    NamedTensors tensors;
    for (const auto& [name, value] : state->items)
        if (const auto* tensor = std::get_if<at::Tensor>(&value->is))
            if (const auto* text = std::get_if<std::string>(&name->is))
                tensors.emplace_back(*text, tensor->contiguous());
    return tensors;
}

}  // namespace lip::tensor
