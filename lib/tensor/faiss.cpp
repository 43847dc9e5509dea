#include "tensor/faiss.h"

#include "cli/error.h"

#include <ATen/ATen.h>

#include <cstring>

namespace lip::tensor {
namespace {

constexpr std::size_t kFaissHeader = 45;
constexpr std::int64_t kUnused = 1 << 20;  // two fields that FAISS once had a use for
constexpr std::int32_t kInnerProduct = 0, kL2 = 1;

template <class Number>
void append_bytes(std::string& out, Number number) {
    out.append(reinterpret_cast<const char*>(&number), sizeof number);
}

// Numbers one after the other, without gaps.
class Fields {
public:
    explicit Fields(std::string_view bytes) : bytes_(bytes) {}
    template <class Number>
    Number next() {
        Number number;
        std::memcpy(&number, bytes_.data(), sizeof number);
        bytes_.remove_prefix(sizeof number);
        return number;
    }

private:
    std::string_view bytes_;
};

}  // namespace

// "Ix" begins most kinds, "Iw" those with inverted lists, "IH" graphs, "IB" those of bits.
bool is_faiss(std::string_view head) {
    return head.size() >= 4 && head[0] == 'I' &&
           std::string_view("xwHBNvPSRI").find(head[1]) != std::string_view::npos;
}

std::string faiss_header(const RowsShape& shape) {
    std::string out = "IxFI";
    append_bytes(out, static_cast<std::int32_t>(shape.width));
    append_bytes(out, shape.rows);
    append_bytes(out, kUnused);
    append_bytes(out, kUnused);
    out += '\x01';  // trained
    append_bytes(out, kInnerProduct);
    append_bytes(out, static_cast<std::uint64_t>(shape.rows * shape.width));
    return out;
}

RowsPlace find_faiss_rows(const InputFile& file) {
    const auto bad = [&](const std::string& why) {
        return cli::DataError(file.path() + ": not a sound FAISS index: " + why);
    };
    const std::string head = file.head(kFaissHeader);
    const std::string_view kind = std::string_view(head).substr(0, 4);
    if (kind != "IxFI" && kind != "IxF2")
        throw cli::DataError(file.path() + ": is a FAISS index of kind \"" + std::string(kind) +
                             "\", expected a flat one (IndexFlatIP or IndexFlatL2), which holds "
                             "the vectors unchanged");
    if (head.size() < kFaissHeader) throw bad("the header is truncated");
    Fields fields(std::string_view(head).substr(4));
    const auto width = fields.next<std::int32_t>();
    const auto rows = fields.next<std::int64_t>();
    fields.next<std::int64_t>();
    fields.next<std::int64_t>();
    fields.next<char>();
    const auto metric = fields.next<std::int32_t>();
    const auto numbers = fields.next<std::uint64_t>();
    if (metric != (kind == "IxFI" ? kInnerProduct : kL2))
        throw bad("the metric " + std::to_string(metric) + " does not match its kind");
    if (width < 1 || rows < 0)
        throw bad(std::to_string(rows) + " vectors of " + std::to_string(width) + " numbers");
    if (numbers % static_cast<std::uint64_t>(width) != 0 ||
        numbers / static_cast<std::uint64_t>(width) != static_cast<std::uint64_t>(rows))
        throw bad(std::to_string(numbers) + " numbers for " + std::to_string(rows) +
                  " vectors of " + std::to_string(width));
    return {{rows, width, at::kFloat}, kFaissHeader};
}

}  // namespace lip::tensor
