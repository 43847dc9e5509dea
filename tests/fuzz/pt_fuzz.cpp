// Any bytes as a file of torch.save or torch.jit.save: tensors no larger than the file, or a
// DataError.
#include "cli/error.h"
#include "tensor/pt_file.h"
#include "tests/fuzz/memory_file.h"
#include "tests/fuzz/require.h"

#include <ATen/ATen.h>

#include <cstddef>
#include <cstdint>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace lip;
    static const MemoryFile file;
    file.fill({reinterpret_cast<const char*>(data), size});
    for (const bool ema : {false, true}) {
        try {
            if (tensor::is_pt(file.path())) tensor::is_torchscript(file.path());
            for (const auto& [name, value] : tensor::read_pt(file.path(), ema)) {
                require(value.defined(), "what comes is a tensor");
                require(value.storage().nbytes() <= size, "no more bytes than the file has");
            }
        } catch (const cli::DataError&) {
        }
    }
    return 0;
}
