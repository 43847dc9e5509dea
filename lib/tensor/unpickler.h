// Pickles read as data: a machine for their opcodes that makes values and runs nothing.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace lip::tensor {

struct PickleValue;
using PickleValuePtr = std::shared_ptr<PickleValue>;
using PickleItems = std::vector<PickleValuePtr>;

// Values are shared, as the memo of a pickle shares them.
struct PickleValue {
    struct Mark {};
    // What a pickle names by module: tensors, their storages, dictionaries, and data that is
    // dropped.
    struct Global {
        std::string name;
    };
    // The numbers of one or more tensors, which lie beside the pickle under `key`.
    struct Storage {
        at::ScalarType type;
        std::string key;
        std::int64_t size;
    };
    struct List {
        PickleItems items;
    };
    struct Tuple {
        PickleItems items;
    };
    struct Dict {
        std::vector<std::pair<PickleValuePtr, PickleValuePtr>> items;
    };

    std::variant<std::monostate, bool, std::int64_t, double, std::string, Mark, Global, Storage,
                 List, Tuple, Dict, at::Tensor>
        is;
};

// Gives the numbers of a storage, one-dimensional, of its type and size.
using LoadStorage = std::function<at::Tensor(const PickleValue::Storage&)>;

// The value of a pickle of protocols 2 to 4. With `objects`, those of a TorchScript program come as
// dictionaries of their attributes. Sizes, devices, types, sets, numbers of NumPy or of more than
// 64 bits come as nothing. Throws DataError naming `path`: cut or damaged, asks for anything but
// data to be made, a tensor that leaves its storage; and what `load` throws.
PickleValuePtr unpickle(std::string bytes, std::string path, LoadStorage load,
                        bool objects = false);

}  // namespace lip::tensor
