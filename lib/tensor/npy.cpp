#include "tensor/npy.h"

#include "cli/error.h"

#include <ATen/ATen.h>

#include <cstdio>
#include <cstring>

namespace lip::tensor {
namespace {

constexpr std::size_t kHeaderBytes = 128;  // with the magic; room for any row count

std::int64_t number_after(const std::string& text, std::size_t& at) {
    at = text.find_first_of("0123456789", at);
    if (at == text.npos) return -1;
    std::int64_t value = 0;
    for (; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at) {
        value = value * 10 + (text[at] - '0');
        if (value > (1LL << 40)) return -1;
    }
    return value;
}

}  // namespace

NpyWriter::NpyWriter(const std::string& path, at::ScalarType type, bool force)
    : output_(path, force), type_(type) {
    if (output_.is_stream())
        throw cli::UsageError("--format npy needs -o FILE: its header is filled in last");
    output_.write(std::string(kHeaderBytes, ' '));
}

std::string NpyWriter::header() const {
    char text[160];
    std::snprintf(
        text, sizeof text, "{'descr': '<f%d', 'fortran_order': False, 'shape': (%lld, %lld), }",
        type_ == at::kHalf ? 2 : 4, static_cast<long long>(rows_), static_cast<long long>(width_));
    std::string out = "\x93NUMPY";
    out += '\x01';
    out += '\0';
    out += static_cast<char>(kHeaderBytes - 10);
    out += '\0';
    out += text;
    out.resize(kHeaderBytes - 1, ' ');
    return out + "\n";
}

void NpyWriter::add(const at::Tensor& rows) {
    const at::Tensor plain = rows.detach().to(at::kCPU).to(type_).contiguous();
    if (rows_ > 0 && plain.size(1) != width_)
        throw cli::DataError("rows of different widths for one .npy file");
    width_ = plain.size(1);
    rows_ += plain.size(0);
    output_.write({static_cast<const char*>(plain.const_data_ptr()), plain.nbytes()});
}

void NpyWriter::close() {
    output_.write_at(header(), 0);
    output_.close();
}

at::Tensor read_npy(const std::string& path) {
    const std::string bytes = record::read_file(path, std::size_t{1} << 36);
    const auto bad = [&](const std::string& why) -> cli::DataError {
        return cli::DataError(path + ": " + why);
    };
    if (bytes.size() < 10 || bytes.compare(0, 6, "\x93NUMPY") != 0) throw bad("no .npy file");
    const bool long_header = bytes[6] >= 2;
    std::uint32_t length = 0;
    std::memcpy(&length, bytes.data() + 8, long_header && bytes.size() >= 12 ? 4 : 2);
    const std::size_t begin = (long_header ? 12 : 10) + std::size_t{length};
    if (begin > bytes.size()) throw bad("the header is cut");
    const std::string header = bytes.substr(0, begin);
    const bool half = header.find("'<f2'") != header.npos;
    if (!half && header.find("'<f4'") == header.npos)
        throw bad("holds neither <f4 nor <f2 numbers");
    if (header.find("'fortran_order': False") == header.npos) throw bad("is not in C order");
    std::size_t at = header.find("'shape'");
    const std::int64_t rows = at == header.npos ? -1 : number_after(header, at);
    const std::int64_t width = at == header.npos ? -1 : number_after(header, at);
    if (rows < 0 || width < 1 || number_after(header, at) >= 0) throw bad("has not two axes");
    const std::size_t size =
        static_cast<std::size_t>(rows) * static_cast<std::size_t>(width) * (half ? 2 : 4);
    if (bytes.size() - begin != size)
        throw bad("has " + std::to_string(bytes.size() - begin) +
                  " bytes of numbers, its shape needs " + std::to_string(size) + " (is it cut?)");
    at::Tensor values = at::empty({rows, width}, at::TensorOptions(half ? at::kHalf : at::kFloat));
    std::memcpy(values.mutable_data_ptr(), bytes.data() + begin, size);
    values = values.to(at::kFloat);
    if (rows > 0 && !values.isfinite().all().item<bool>())
        throw bad("holds numbers that are not finite");
    return values;
}

}  // namespace lip::tensor
