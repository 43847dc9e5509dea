// Any bytes as a reference to an image: the normal form is one, and its key is that of what it came
// from.
#include "record/url.h"
#include "tests/fuzz/require.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace lip::record;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const std::string normal = normalize_reference(text);
    require(normalize_reference(normal) == normal, "normalising twice changes nothing");
    require(reference_key(normal) == reference_key(text), "a key is that of the normal form");
    require(reference_key(text).size() == 32, "a key has 32 digits");
    require(normalize_reference(" " + std::string(text) + "\n") == normal,
            "space around is dropped");
    if (is_url(text)) {
        require(is_url(normal), "a URL stays a URL");
        require(normal.find('#') == normal.npos, "a fragment is dropped");
        require(!normal.starts_with("http:"), "http is https");
        require(looks_like_reference(text), "a URL is a reference");
        require(normalize_reference(std::string(normal) + "#top") == normal,
                "fragments do not count");
    }
    return 0;
}
