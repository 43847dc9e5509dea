// Reading of Hugging Face's JSON: a standard value where a file says nothing.
#pragma once

#include "cli/error.h"
#include "model/config.h"
#include "model/config_reader.h"
#include "model/foreign.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace lip::model {

class HfReader {
public:
    HfReader(Json json, std::string where) : json_(std::move(json)), where_(std::move(where)) {
        if (!json_.is_object()) throw cli::DataError(where_ + ": is not a JSON object");
    }
    // `standard`: what the library takes where a file says nothing.
    template <class T>
    T get(const char* key, T standard) const {
        if (!json_.contains(key) || json_[key].is_null()) return standard;
        if constexpr (std::is_same_v<T, std::int64_t>)
            if (!is_whole(json_[key]))
                throw cli::DataError(where_ + "." + key + ": no whole number");
        try {
            return json_[key].get<T>();
        } catch (const nlohmann::json::exception&) {
            throw cli::DataError(where_ + "." + key + ": has the wrong type");
        }
    }
    HfReader child(const char* key) const {
        return {json_.contains(key) ? json_[key] : Json::object(), where_ + "." + key};
    }
    bool has(const char* key) const { return json_.contains(key) && !json_[key].is_null(); }
    const Json& operator[](const char* key) const { return json_[key]; }
    const std::string& where() const { return where_; }
    const Json& json() const { return json_; }

private:
    Json json_;
    std::string where_;
};

using Names = std::initializer_list<std::span<const std::string_view>>;

// A key of none of the lists may change the pixels, or whatever `what` is: DataError.
inline void refuse_unknown(const HfReader& r, Names known, const std::string& what) {
    for (const auto& [key, value] : r.json().items()) {
        const auto has = [&](auto names) { return std::ranges::find(names, key) != names.end(); };
        if (!value.is_null() && std::ranges::none_of(known, has))
            throw cli::DataError(r.where() + "." + key +
                                 ": is not known, so that it may change the " + what +
                                 " (take it out of the file if it does not)");
    }
}

inline void require(const HfReader& r, bool good, const std::string& what) {
    if (!good) throw cli::DataError(r.where() + "." + what);
}

// What an image processor's file says, as the library's own of this model does it: every key that
// changes a pixel is obeyed, or refused with a DataError. `side`: of the images that the tower
// takes. Without a file the library's standard.
PreprocessConfig read_hf_pixels(const HfPixels& file, bool siglip, std::int64_t side);
// The same of a detector.
void read_hf_owlv2_pixels(const HfPixels& file, std::int64_t side, PreprocessConfig& pixels);

}  // namespace lip::model
