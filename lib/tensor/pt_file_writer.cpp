// Weights as PyTorch's .pt: a zip archive with a pickle of names and shapes, and a record for each
// tensor's numbers.
#include "cli/error.h"
#include "record/file.h"
#include "tensor/pt_file.h"

#include <ATen/ATen.h>
#include <caffe2/serialize/inline_container.h>

#include <exception>
#include <string_view>

namespace lip::tensor {
namespace {

const char* storage_name(at::ScalarType type) {
    switch (type) {
        case at::kFloat:
            return "FloatStorage";
        case at::kHalf:
            return "HalfStorage";
        case at::kBFloat16:
            return "BFloat16Storage";
        case at::kDouble:
            return "DoubleStorage";
        default:
            throw cli::DataError("a .pt file can only hold floating-point tensors");
    }
}

// The opcodes of pickle protocol 2 that a state dict needs.
class Pickler {
public:
    std::string state_dict(const NamedTensors& tensors) {
        out_ = "\x80\x02";  // PROTO 2
        empty_dict();
        out_ += '(';
        for (std::size_t i = 0; i < tensors.size(); ++i) {
            text(tensors[i].first);
            tensor(tensors[i].second, std::to_string(i));
        }
        out_ += "u.";  // SETITEMS, STOP
        return std::move(out_);
    }

private:
    void global(std::string_view module, std::string_view name) {
        out_ += 'c';
        out_ += module;
        out_ += '\n';
        out_ += name;
        out_ += '\n';
    }
    void little_endian(std::uint64_t value, int bytes) {
        for (int i = 0; i < bytes; ++i) out_ += static_cast<char>(value >> (8 * i) & 0xff);
    }
    void text(std::string_view text) {
        out_ += 'X';  // BINUNICODE
        little_endian(text.size(), 4);
        out_ += text;
    }
    void integer(std::int64_t value) {  // not negative
        if (value < std::int64_t{1} << 31) {
            out_ += 'J';  // BININT
            little_endian(static_cast<std::uint64_t>(value), 4);
        } else {
            out_ += "\x8a\x08";  // LONG1 of 8 bytes
            little_endian(static_cast<std::uint64_t>(value), 8);
        }
    }
    void integers(at::IntArrayRef values) {
        out_ += '(';
        for (const std::int64_t value : values) integer(value);
        out_ += 't';
    }
    void empty_dict() {
        global("collections", "OrderedDict");
        out_ += ")R";
    }
    // _rebuild_tensor_v2(storage, offset, sizes, strides, requires_grad, hooks)
    void tensor(const at::Tensor& tensor, const std::string& storage_key) {
        global("torch._utils", "_rebuild_tensor_v2");
        out_ += "((";
        text("storage");
        global("torch", storage_name(tensor.scalar_type()));
        text(storage_key);
        text("cpu");
        integer(tensor.numel());
        out_ += "tQ";  // TUPLE, BINPERSID
        integer(0);
        integers(tensor.sizes());
        integers(tensor.strides());
        out_ += '\x89';  // NEWFALSE
        empty_dict();
        out_ += "tR";
    }

    std::string out_;
};

}  // namespace

void write_pt(const std::string& path, const NamedTensors& tensors, bool force) {
    NamedTensors plain;
    for (const auto& [name, value] : tensors)
        plain.emplace_back(name, value.detach().to(at::kCPU).contiguous());
    record::Output output(path, force);
    // An exception must not pass through the zip library, and PyTorchStreamWriter's destructor
    // throws where a write fails: the exception waits here, and what follows it is swallowed.
    std::exception_ptr failure;
    const auto write = [&](const void* bytes, std::size_t size) {
        try {
            if (!failure) output.write({static_cast<const char*>(bytes), size});
        } catch (...) {
            failure = std::current_exception();
        }
        return size;
    };
    const std::string pickle = Pickler().state_dict(plain);
    caffe2::serialize::PyTorchStreamWriter archive(write);
    archive.writeRecord("data.pkl", pickle.data(), pickle.size());
    archive.writeRecord("byteorder", "little", 6);
    for (std::size_t i = 0; i < plain.size(); ++i)
        archive.writeRecord("data/" + std::to_string(i), plain[i].second.const_data_ptr(),
                            plain[i].second.nbytes());
    archive.writeEndOfFile();
    if (failure) std::rethrow_exception(failure);
    output.close();
}

}  // namespace lip::tensor
