// Strict reading of JSON objects of a configuration.
#pragma once

#include "cli/error.h"
#include "cli/values.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace lip::model {

using Json = nlohmann::ordered_json;

// 768.0 is whole, too; beyond 2^53 a fraction could not be told.
inline bool is_whole(const Json& number) {
    return number.is_number_integer() ||
           (number.is_number_float() && std::abs(number.get<double>()) < 9e15 &&
            std::floor(number.get<double>()) == number.get<double>());
}

// Reads known keys of one JSON object and refuses the others.
class ConfigReader {
public:
    ConfigReader(const Json& json, std::string where) : json_(json), where_(std::move(where)) {
        if (!json_.is_object()) throw cli::DataError(where_ + ": is not a JSON object");
    }
    template <class T>
    void take(const char* key, T& value) {
        seen_.push_back(key);
        if (!json_.contains(key) || json_[key].is_null()) return;
        const Json& there = json_[key];
        if (!is_of_type(there, value))
            throw cli::DataError(where_ + "." + key + ": " + there.dump().substr(0, kMostShown) +
                                 " is not " + type_name(value));
        value = there.get<T>();
    }
    // A side of a square: a number, or two that are equal.
    void take_side(const char* key, std::int64_t& value) {
        const bool is_pair = json_.contains(key) && json_[key].is_array() &&
                             json_[key].size() == 2 && is_whole(json_[key][0]) &&
                             is_whole(json_[key][1]);
        if (!is_pair) return take(key, value);
        seen_.push_back(key);
        if (json_[key][0] != json_[key][1])
            throw cli::DataError(where_ + "." + key + ": " + json_[key].dump() +
                                 " is not supported (only squares are)");
        value = json_[key][0].get<std::int64_t>();
    }
    // A word of a list.
    void take_word(const char* key, std::string& value,
                   std::initializer_list<std::string_view> words) {
        std::string word = value;
        if (json_.contains(key) && !json_[key].is_null() && !json_[key].is_string())
            word = json_[key].dump().substr(0, kMostShown);
        else
            take(key, word);
        seen_.push_back(key);
        if (std::ranges::find(words, word) == words.end()) {
            std::string known;
            for (const std::string_view other : words)
                known.append(known.empty() ? "" : ", ").append(other);
            throw cli::DataError(where_ + "." + key + ": '" + word + "' is none of " + known);
        }
        value = word;
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
            if (std::find(seen_.begin(), seen_.end(), key) == seen_.end()) {
                const std::string meant = cli::meant_name(seen_, key);
                throw cli::DataError(where_ + ": unknown key \"" + key + "\"" +
                                     (meant.empty() ? "" : " (did you mean " + meant + "?)"));
            }
    }

private:
    static constexpr std::size_t kMostShown = 60;
    static bool is_of_type(const Json& there, bool) { return there.is_boolean(); }
    static bool is_of_type(const Json& there, double) { return there.is_number(); }
    static bool is_of_type(const Json& there, const std::string&) { return there.is_string(); }
    static bool is_of_type(const Json& there, std::int64_t) { return is_whole(there); }
    static bool is_of_type(const Json& there, const std::vector<double>&) {
        return there.is_array() &&
               std::ranges::all_of(there, [](const Json& item) { return item.is_number(); });
    }
    static const char* type_name(bool) { return "true or false"; }
    static const char* type_name(double) { return "a number"; }
    static const char* type_name(const std::string&) { return "a string"; }
    static const char* type_name(std::int64_t) { return "a whole number"; }
    static const char* type_name(const std::vector<double>&) { return "a list of numbers"; }

    const Json& json_;
    std::string where_;
    std::vector<std::string> seen_;
};

}  // namespace lip::model
