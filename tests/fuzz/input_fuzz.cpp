// Unpacking and the decision what an input is: any bytes, read in steps that the first one sets.
#include "cli/error.h"
#include "record/content.h"
#include "record/unpack.h"
#include "tests/fuzz/require.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    namespace record = lip::record;
    if (size == 0) return 0;
    const std::size_t step = data[0] + std::size_t{1};
    const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
    std::string to(step, '\0'), head;
    try {
        auto input = record::look_into(record::unpack(record::memory_bytes(bytes), "in"), "in");
        constexpr std::size_t kMost = 1 << 20;  // packed bytes may unpack to terabytes
        std::size_t total = 0;
        while (const std::size_t n = input.bytes->read(to.data(), step)) {
            require(n <= step, "read() gives no more than was asked for");
            total += n;
            head.append(to, 0, n);
            head.resize(std::min(head.size(), record::kContentBytes));
            if (total > kMost) break;
        }
        // What look_into() saw of it is what comes out of it.
        require(
            record::content_of(head).content == input.kind.content || head.find('\n') != head.npos,
            "what look_into() saw comes out of it");
    } catch (const lip::cli::DataError&) {
    }
    return 0;
}
