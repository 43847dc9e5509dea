// Any bytes as the configuration of a model, open_clip's or Hugging Face's, with any bytes behind a
// zero as that of its image processor: a configuration that is written and read again the same, or
// a DataError.
#include "cli/error.h"
#include "model/config.h"
#include "model/foreign.h"
#include "tests/fuzz/require.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace {

using namespace lip::model;

void check_config(const ModelConfig& config) {
    const std::string json = to_json(config);
    require(to_json(parse_config(json, "again")) == json, "a configuration comes back as it was");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string bytes(reinterpret_cast<const char*>(data), size);
    const std::size_t zero = bytes.find('\0');
    const std::string json = bytes.substr(0, zero);
    const HfPixels pixels{zero == bytes.npos ? "" : bytes.substr(zero + 1), "pixels"};
    const auto attempt = [](auto&& parse) -> std::optional<ModelConfig> {
        try {
            return parse();
        } catch (const lip::cli::DataError&) {
            return std::nullopt;
        }
    };
    if (const auto config = attempt([&] { return parse_config(json, "config"); }))
        check_config(*config);
    if (const auto config = attempt([&] { return parse_hf_config(json, pixels, "config"); }))
        check_config(*config);
    // A detector's towers are no model of their own.
    attempt([&] { return parse_hf_owlv2_config(json, pixels, "config"); });
    return 0;
}
