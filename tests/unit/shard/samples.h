// Samples and shards for the tests.
#pragma once

#include "record/keyed_rng.h"
#include "shard/sample.h"
#include "shard/writer.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <string>
#include <vector>

namespace lip::shard {

// Bytes without pattern, as those of a JPEG; the same for the same name.
inline std::string noise(std::size_t n, std::string_view name) {
    record::KeyedRng rng(7, 0, record::Stream::kInit, name);
    std::string bytes(n, '\0');
    for (char& c : bytes) c = static_cast<char>(rng.below(256));
    return bytes;
}

inline Sample image_sample(const std::string& key, std::size_t image_bytes) {
    return {key, {{"jpg", noise(image_bytes, key)}, {"json", "{\"key\":\"" + key + "\"}"}}};
}

inline Sample text_sample(const std::string& key) {
    std::string text;
    record::KeyedRng rng(7, 0, record::Stream::kInit, key);
    for (int i = 0; i < 60; ++i) text += i % 3 == 0 ? " bus" : " " + std::to_string(rng.below(50));
    return {key, {{"json", "{\"key\":\"" + key + "\",\"text\":\"" + text + "\"}"}}};
}

inline ShardInfo write_shard(const std::filesystem::path& path, const std::vector<Sample>& samples,
                             const ShardOptions& options) {
    ShardWriter writer(path, options);
    for (const Sample& sample : samples) REQUIRE(static_cast<bool>(writer.add(sample)));
    return writer.close();
}

inline void check_equal(const Sample& a, const Sample& b) {
    CHECK(a.key == b.key);
    REQUIRE(a.members.size() == b.members.size());
    for (std::size_t i = 0; i < a.members.size(); ++i) {
        CHECK(a.members[i].ext == b.members[i].ext);
        CHECK(a.members[i].bytes == b.members[i].bytes);
    }
}

}  // namespace lip::shard
