// The blocks "dreamlip", "llip", "flair" and "cloc" of a configuration.
#pragma once

#include "model/config.h"

#include <nlohmann/json_fwd.hpp>

#include <string>

namespace lip::model {

// Throw DataError naming `where` and the key: unknown keys and values out of bounds.
void read_dreamlip(const nlohmann::ordered_json& json, DreamlipConfig& config,
                   const std::string& where);
void read_llip(const nlohmann::ordered_json& json, LlipConfig& config, const std::string& where);
void read_flair(const nlohmann::ordered_json& json, FlairConfig& config, const std::string& where);
void read_cloc(const nlohmann::ordered_json& json, ClocConfig& config, const std::string& where);

nlohmann::ordered_json dreamlip_json(const DreamlipConfig& config);
nlohmann::ordered_json llip_json(const LlipConfig& config);
nlohmann::ordered_json flair_json(const FlairConfig& config);
nlohmann::ordered_json cloc_json(const ClocConfig& config);

}  // namespace lip::model
