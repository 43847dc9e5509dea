#include "shard/images_by_key.h"

#include "tests/unit/shard/samples.h"
#include "tests/unit/shard/temp_folder.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace lip::shard;

namespace {

// Samples 00 to 29 in two shards, 5 has no image.
std::vector<std::string> two_shards(const TempFolder& folder) {
    std::vector<Sample> samples;
    for (int i = 0; i < 30; ++i) {
        const std::string key = std::string(i < 10 ? "0" : "") + std::to_string(i);
        samples.push_back({key, {{"json", "{}"}}});
        if (i != 5) samples.back().members.push_back({"jpg", "image " + key});
    }
    write_shard(folder / "a.tar.zst", {samples.begin(), samples.begin() + 12}, {});
    write_shard(folder / "b.tar.zst", {samples.begin() + 12, samples.end()}, {});
    return {(folder / "a.tar.zst").string(), (folder / "b.tar.zst").string()};
}

std::string found(ImagesByKey& images, const std::string& key) {
    const auto image = images.find(key);
    return image ? image->ext + ":" + image->bytes : "none";
}

}  // namespace

TEST_CASE("images by key: either side may lack some, whatever is held") {
    const TempFolder folder;
    const std::vector<std::string> shards = two_shards(folder);
    // None held; about three samples; all.
    for (const std::size_t held : {std::size_t{0}, std::size_t{40}, std::size_t{1} << 20}) {
        CAPTURE(held);
        ImagesByKey images(shards, held);
        CHECK(found(images, "00") == "jpg:image 00");
        CHECK(found(images, "missing") == "none");
        CHECK(found(images, "01") == "jpg:image 01");
        CHECK(found(images, "05") == "none");
        CHECK(found(images, "06") == "jpg:image 06");
        CHECK(found(images, "also missing") == "none");
        CHECK(found(images, "25") == "jpg:image 25");
        CHECK(found(images, "24") == "none");  // out of order
        CHECK(found(images, "29") == "jpg:image 29");
        CHECK(found(images, "missing at the end") == "none");
    }
}
