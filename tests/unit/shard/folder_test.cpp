#include "shard/folder.h"

#include "tests/unit/shard/temp_folder.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <string>
#include <vector>

namespace lip::shard {
namespace {

TEST_CASE("folder: pictures, their keys and what stands beside them") {
    const TempFolder temp;
    std::filesystem::create_directories(temp / "d/sub");
    std::filesystem::create_directories(temp / "d/__MACOSX");
    for (const char* name : {"b.jpg", "a.PNG", "sub/v1.2.jpg", "__MACOSX/x.jpg", "._b.jpg"})
        spill(temp / ("d/" + std::string(name)), "");
    spill(temp / "d/b.txt", "A cat.");
    spill(temp / "d/sub/v1.2.jpg.json", "{}");
    spill(temp / "d/metadata.jsonl", "{\"file_name\":\"a.PNG\",\"text\":\"A dog.\",\"n\":1}\n");
    const std::string root = (temp / "d").string();
    for (const std::string& named : {root, root + "/"}) {
        const PictureFolder folder(named);
        REQUIRE(folder.pictures().size() == 3);
        CHECK(folder.key(folder.pictures()[0]) == "a.PNG");
        CHECK(folder.key(folder.pictures()[2]) == "sub/v1.2.jpg");
        const Sample dog = folder.sample_of(folder.pictures()[0]);
        REQUIRE(dog.members.size() == 2);
        CHECK(dog.members[0].bytes == "{\"n\":1}");
        CHECK(dog.members[1].bytes == "A dog.");
        CHECK(folder.sample_of(folder.pictures()[1]).members.at(0).ext == "txt");
        CHECK(folder.sample_of(folder.pictures()[2]).members.at(0).ext == "json");
    }
}

TEST_CASE("sample: its picture, and files that systems leave behind") {
    const auto choice = [](const std::vector<std::string>& exts) {
        Sample sample{"k", {}};
        for (const std::string& ext : exts) sample.members.push_back({ext, ""});
        return find_picture(sample);
    };
    CHECK(!choice({"json", "txt"}));
    CHECK(choice({"seg.png", "JPG"})->member == 1);
    CHECK(choice({"json", "left.jpg", "right.jpg"})->member == 1);
    CHECK(choice({"json", "left.jpg", "right.jpg"})->rivals == 1);
    CHECK(choice({"seg.png", "jpg"})->rivals == 0);
    for (const char* path : {"._a.jpg", "d/._a.jpg", "__MACOSX/a.jpg", "d/.DS_Store", "thumbs.DB"})
        CHECK_MESSAGE(is_litter(path), path);
    for (const char* path : {"a.jpg", "MACOSX/a.jpg", "thumbs.db/a.jpg", ".a/b.jpg", ""})
        CHECK_MESSAGE(!is_litter(path), path);
}

}  // namespace
}  // namespace lip::shard
