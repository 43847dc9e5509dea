#include "tensor/safetensors.h"

#include "cli/error.h"
#include "record/file.h"
#include "tensor/input_file.h"
#include "tensor/parallel.h"

#include <ATen/ATen.h>
#include <nlohmann/json.hpp>

#include <algorithm>

namespace lip::tensor {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::uint64_t kLongestHeader = 100 << 20;
constexpr std::uint64_t kMostNumbers = 1ULL << 40;  // of a tensor
constexpr std::uint64_t kVectorsHeader = 120;
constexpr const char* kVectorsName = "embeddings";

struct TypeName {
    const char* name;
    at::ScalarType type;
};
constexpr TypeName kTypes[] = {{"F32", at::kFloat},
                               {"F16", at::kHalf},
                               {"BF16", at::kBFloat16},
                               {"F64", at::kDouble},
                               {"I64", at::kLong},
                               {"I32", at::kInt},
                               {"I16", at::kShort},
                               {"I8", at::kChar},
                               {"U8", at::kByte},
                               {"BOOL", at::kBool},
                               {"U16", at::kUInt16},
                               {"U32", at::kUInt32},
                               {"U64", at::kUInt64},
                               {"F8_E4M3", at::kFloat8_e4m3fn},
                               {"F8_E5M2", at::kFloat8_e5m2}};

const char* name_of(at::ScalarType type) {
    for (const TypeName& entry : kTypes)
        if (entry.type == type) return entry.name;
    throw cli::DataError("safetensors cannot hold this type of tensor");
}

struct Entry {
    std::string name;
    at::ScalarType type;
    std::vector<std::int64_t> shape;
    std::uint64_t begin, end;
};

[[noreturn]] void corrupt(const std::string& path, const std::string& why) {
    throw cli::DataError(path + ": not a sound safetensors file: " + why);
}

Entry entry_of(const std::string& path, const std::string& name, const Json& value) {
    const std::string where = "tensor \"" + name + "\"";
    if (!value.is_object() || !value.contains("dtype") || !value.contains("shape") ||
        !value.contains("data_offsets"))
        corrupt(path, where + " lacks dtype, shape or data_offsets");
    Entry entry{name, at::kFloat, {}, 0, 0};
    const std::string type = value["dtype"].is_string() ? value["dtype"].get<std::string>() : "";
    const auto found = std::find_if(std::begin(kTypes), std::end(kTypes),
                                    [&](const TypeName& t) { return type == t.name; });
    if (found == std::end(kTypes))
        throw cli::DataError(
            path + ": " + where + " has a type that is not supported, \"" + type +
            "\" (supported: F32, F16, BF16, F64, F8_E4M3, F8_E5M2, I8 to I64, U8 to "
            "U64, BOOL)");
    entry.type = found->type;
    const Json& offsets = value["data_offsets"];
    if (!offsets.is_array() || offsets.size() != 2 || !offsets[0].is_number_unsigned() ||
        !offsets[1].is_number_unsigned())
        corrupt(path, where + " does not have two offsets");
    entry.begin = offsets[0].get<std::uint64_t>();
    entry.end = offsets[1].get<std::uint64_t>();
    std::uint64_t count = 1, numbers = 1;
    if (!value["shape"].is_array()) corrupt(path, where + " has no shape");
    for (const Json& side : value["shape"]) {
        if (!side.is_number_unsigned())
            corrupt(path, where + " has a shape that is not a list of sizes");
        const auto n = side.get<std::uint64_t>();
        // With the sides before, a side of nothing taken as one: the strides must not overflow.
        if (n > kMostNumbers || numbers > kMostNumbers / std::max<std::uint64_t>(n, 1))
            corrupt(path, where + " is too large");
        numbers *= std::max<std::uint64_t>(n, 1);
        count *= n;
        entry.shape.push_back(static_cast<std::int64_t>(n));
    }
    if (entry.end < entry.begin || entry.end - entry.begin != count * c10::elementSize(entry.type))
        corrupt(path, where + " has " + std::to_string(entry.end - entry.begin) +
                          " bytes, but its shape needs " +
                          std::to_string(count * c10::elementSize(entry.type)));
    return entry;
}

}  // namespace

void write_safetensors(const std::string& path, const NamedTensors& tensors,
                       const std::map<std::string, std::string>& metadata, bool force) {
    Json header = Json::object();
    if (!metadata.empty()) header["__metadata__"] = metadata;
    std::uint64_t offset = 0;
    for (const auto& [name, tensor] : tensors) {
        const std::uint64_t size = tensor.nbytes();
        header[name] = {{"dtype", name_of(tensor.scalar_type())},
                        {"shape", tensor.sizes().vec()},
                        {"data_offsets", {offset, offset + size}}};
        offset += size;
    }
    std::string text = header.dump();
    text.append((8 - text.size() % 8) % 8, ' ');
    const std::uint64_t length = text.size();
    record::Output output(path, force);
    output.write({reinterpret_cast<const char*>(&length), sizeof length});
    output.write(text);
    for (const auto& [name, tensor] : tensors) {
        const at::Tensor plain = tensor.detach().to(at::kCPU).contiguous();
        output.write({static_cast<const char*>(plain.const_data_ptr()), plain.nbytes()});
    }
    output.close();
}

NamedTensors read_safetensors(const std::string& path,
                              std::map<std::string, std::string>* metadata) {
    const InputFile file(path);
    std::uint64_t length = 0;
    if (file.size() < sizeof length) corrupt(path, "it is shorter than its length field");
    file.read(&length, sizeof length, 0);
    if (length > kLongestHeader || length > file.size() - sizeof length)
        corrupt(path, "the header length " + std::to_string(length) +
                          " is beyond the end of the file or too large");
    std::string text(length, '\0');
    file.read(text.data(), length, sizeof length);
    const Json header = Json::parse(text, nullptr, /*allow_exceptions=*/false);
    if (!header.is_object()) corrupt(path, "the header is not a JSON object");
    std::vector<Entry> entries;
    for (const auto& [name, value] : header.items()) {
        if (name != "__metadata__") {
            entries.push_back(entry_of(path, name, value));
        } else if (metadata) {
            for (const auto& [key, word] : value.items())
                if (word.is_string()) (*metadata)[key] = word.get<std::string>();
        }
    }
    std::stable_sort(entries.begin(), entries.end(),
                     [](const Entry& a, const Entry& b) { return a.begin < b.begin; });
    const std::uint64_t data = sizeof length + length;
    std::uint64_t at = 0;
    NamedTensors tensors;
    for (const Entry& entry : entries) {
        if (entry.begin != at)
            corrupt(path, "tensor \"" + entry.name + "\" overlaps another or leaves a gap");
        if (entry.end > file.size() - data)
            corrupt(path, "tensor \"" + entry.name +
                              "\" extends beyond the end of the file (is it truncated?)");
        tensors.emplace_back(entry.name, at::empty(entry.shape, at::TensorOptions(entry.type)));
        at = entry.end;
    }
    if (at != file.size() - data) corrupt(path, "there are bytes after the last tensor");
    for_each_piece(c10::kCPU, std::ssize(entries), [&](std::int64_t i) {
        const Entry& entry = entries[static_cast<std::size_t>(i)];
        file.read(tensors[static_cast<std::size_t>(i)].second.mutable_data_ptr(),
                  entry.end - entry.begin, data + entry.begin);
    });
    return tensors;
}

// Text has no bytes of zero, as the high half of the header's length has; zstd may.
bool is_safetensors(std::string_view head) {
    return head.size() >= 9 && head.substr(0, 8).find('\0') != head.npos && head[8] == '{' &&
           !head.starts_with("\x28\xb5\x2f\xfd");
}

std::string vectors_header(const RowsShape& shape) {
    const std::int64_t bytes =
        shape.rows * shape.width * static_cast<std::int64_t>(c10::elementSize(shape.type));
    Json header = Json::object();
    header[kVectorsName] = {{"dtype", name_of(shape.type)},
                            {"shape", {shape.rows, shape.width}},
                            {"data_offsets", {0, bytes}}};
    std::string text = header.dump();
    text.resize(kVectorsHeader, ' ');  // 62 letters and three numbers
    return std::string(reinterpret_cast<const char*>(&kVectorsHeader), sizeof kVectorsHeader) +
           text;
}

at::Tensor read_vectors_tensor(const std::string& path) {
    NamedTensors tensors = read_safetensors(path);
    auto found = std::find_if(tensors.begin(), tensors.end(),
                              [](const auto& entry) { return entry.first == kVectorsName; });
    if (found == tensors.end() && tensors.size() == 1) found = tensors.begin();
    if (found == tensors.end())
        throw cli::DataError(path + ": has no tensor \"" + kVectorsName + "\" among its " +
                             std::to_string(tensors.size()));
    const auto& [name, tensor] = *found;
    if (tensor.dim() != 2 || tensor.size(1) < 1 || !tensor.is_floating_point())
        throw cli::DataError(path + ": the tensor \"" + name +
                             "\" does not have two axes of floating-point numbers");
    return tensor;
}

}  // namespace lip::tensor
