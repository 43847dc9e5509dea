// Strict reading of JSON objects of a configuration.
#pragma once

#include "cli/error.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

namespace lip::model {

using Json = nlohmann::ordered_json;

// Reads known keys of one JSON object and refuses the others.
class ConfigReader {
public:
    ConfigReader(const Json& json, std::string where) : json_(json), where_(std::move(where)) {
        if (!json_.is_object()) throw cli::DataError(where_ + ": is no JSON object");
    }
    template <class T>
    void take(const char* key, T& value) {
        seen_.push_back(key);
        if (!json_.contains(key) || json_[key].is_null()) return;
        try {
            value = json_[key].get<T>();
        } catch (const nlohmann::json::exception&) {
            throw cli::DataError(where_ + "." + key + ": has the wrong type");
        }
    }
    // A truth value; open_clip has texts for variants, which are refused by name.
    void take_flag(const char* key, bool& value) {
        if (json_.contains(key) && json_[key].is_string())
            expect(key, true);
        else
            take(key, value);
    }
    // Keys that change nothing here at the given value.
    void expect(const char* key, const Json& harmless) {
        seen_.push_back(key);
        if (json_.contains(key) && !json_[key].is_null() && json_[key] != harmless)
            throw cli::DataError(where_ + "." + key + ": " + json_[key].dump() +
                                 " is not supported (only " + harmless.dump() + ")");
    }
    // Keys that change nothing once a model is trained, whatever they hold.
    void ignore(std::initializer_list<const char*> keys) {
        for (const char* key : keys) seen_.emplace_back(key);
    }
    // {"eps": 1e-6} below "norm_kwargs", {"approximate": "tanh"} below "act_kwargs".
    template <class T>
    void take_below(const char* parent, const char* key, T& value) {
        seen_.emplace_back(parent);
        if (!json_.contains(parent) || json_[parent].is_null()) return;
        ConfigReader below(json_[parent], where_ + "." + parent);
        below.take(key, value);
        below.finish();
    }
    bool has(const char* key) const { return json_.contains(key); }
    Json child(const char* key) {
        seen_.push_back(key);
        if (!json_.contains(key)) throw cli::DataError(where_ + ": lacks \"" + key + "\"");
        return json_[key];
    }
    void finish() const {
        for (const auto& [key, value] : json_.items())
            if (std::find(seen_.begin(), seen_.end(), key) == seen_.end())
                throw cli::DataError(where_ + ": unknown key \"" + key + "\"");
    }

private:
    const Json& json_;
    std::string where_;
    std::vector<std::string> seen_;
};

}  // namespace lip::model
