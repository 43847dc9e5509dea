#include "tensor/npy.h"

#include "cli/error.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cstring>
#include <iterator>
#include <utility>

namespace lip::tensor {
namespace {

constexpr std::size_t kNpyHeader = 128;             // as written, with the magic
constexpr std::uint32_t kLongestNpyHeader = 65535;  // as read; two axes need some 80
constexpr std::string_view kNpyMagic = "\x93NUMPY";

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

// What stands behind a key, to the comma or the end of what it is in.
std::string value_of(const std::string& header, std::string_view key) {
    const std::size_t at = header.find(key);
    if (at == header.npos) return {};
    const std::size_t begin = header.find_first_not_of(' ', at + key.size());
    if (begin == header.npos) return {};
    return header.substr(begin, std::min(header.find_first_of(",}\n", begin), begin + 40) - begin);
}

}  // namespace

bool is_npy(std::string_view head) {
    return head.starts_with(kNpyMagic);
}

std::string npy_header(const RowsShape& shape) {
    std::string out(kNpyMagic);
    out += {'\x01', '\0', static_cast<char>(kNpyHeader - 10), '\0'};
    out += "{'descr': '<f" + std::to_string(c10::elementSize(shape.type)) +
           "', 'fortran_order': False, 'shape': (" + std::to_string(shape.rows) + ", " +
           std::to_string(shape.width) + "), }";
    out.resize(kNpyHeader - 1, ' ');
    return out + "\n";
}

RowsPlace find_npy_rows(const InputFile& file) {
    const auto bad = [&](const std::string& why) {
        return cli::DataError(file.path() + ": not a sound .npy file: " + why);
    };
    const std::string start = file.head(12);
    if (!is_npy(start) || start.size() < 12) throw bad("the header is truncated");
    const bool long_header = start[6] >= 2;
    std::uint32_t length = 0;
    std::memcpy(&length, start.data() + 8, long_header ? 4 : 2);
    if (length > kLongestNpyHeader) throw bad("a header of " + std::to_string(length) + " bytes");
    const std::size_t begin = (long_header ? 12 : 10) + std::size_t{length};
    if (begin > file.size()) throw bad("the header is truncated");
    const std::string header = file.head(begin);
    const std::string numbers = value_of(header, "'descr':");
    constexpr std::pair<std::string_view, at::ScalarType> kTypes[] = {
        {"'<f4'", at::kFloat}, {"'<f2'", at::kHalf}, {"'<f8'", at::kDouble}};
    const auto* type = std::ranges::find(kTypes, std::string_view(numbers),
                                         &std::pair<std::string_view, at::ScalarType>::first);
    if (type == std::end(kTypes))
        throw cli::DataError(file.path() + ": numbers of type " + numbers +
                             " are not supported (array.astype('<f4') converts them)");
    if (value_of(header, "'fortran_order':") != "False")
        throw cli::DataError(file.path() +
                             ": an array in Fortran order is not supported "
                             "(numpy.ascontiguousarray(array) converts it)");
    std::size_t at = header.find("'shape'");
    const std::int64_t rows = at == header.npos ? -1 : number_after(header, at);
    const std::int64_t width = at == header.npos ? -1 : number_after(header, at);
    if (rows < 0 || width < 1 || number_after(header, at) >= 0)
        throw bad("it does not have two axes");
    return {{rows, width, type->second}, begin};
}

}  // namespace lip::tensor
