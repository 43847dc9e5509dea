// Sample: what belongs to one key of a data set, and how its members are named in a tar.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lip::shard {

// A member of a sample: "jpg" and the bytes of the image, "json" and the record.
struct Member {
    std::string ext;
    std::string bytes;
};

struct Sample {
    std::string key;
    std::vector<Member> members;
};

// Most bytes of a sample and of a frame, and most members of a sample, that are written or read.
constexpr std::uint64_t kMaxSampleBytes = std::uint64_t{1} << 30;
constexpr std::size_t kMaxSampleMembers = 4096;

// KEY.EXT, with '.' in the key written %2E and '%' written %25: readers cut at the first '.'.
std::string member_name(std::string_view key, std::string_view ext);

// What is wrong with a key, or empty: it must make a good member name (member_name_problem), not
// end in '/', hold no empty part between slashes and no part "..".
std::string_view key_problem(std::string_view key);

// What is wrong with an extension, or empty: it must have 1 to 255 bytes, no '/' and no NUL.
std::string_view ext_problem(std::string_view ext);

// A member name taken apart again.
struct MemberName {
    std::string_view stem;  // names with the same stem are of the same sample
    std::string_view ext;
};

// Cuts at the first '.' of the last part, a leading "./" left out; a part without '.' is all
// stem. The stem is empty for names that belong to no sample, as ".DS_Store" or "._a.jpg".
// Views into `name`.
MemberName split_member_name(std::string_view name);

// The key of a stem: %2E and %25 turned back, anything else as it is.
std::string key_of_stem(std::string_view stem);

// Extensions and file names are compared as webdataset does it: A to Z as a to z.
bool equal_ignoring_case(std::string_view a, std::string_view b);

// Files that systems leave beside those of the user, in tars and folders alike: "._a.jpg",
// ".DS_Store", "__MACOSX/…", "Thumbs.db", "@eaDir/…".
bool is_litter(std::string_view path);

// The picture of a sample: KEY.jpg before KEY.NAME.jpg, the first of several.
struct PictureChoice {
    std::size_t member = 0;  // which one
    std::size_t rivals = 0;  // others that have as good a name
};
std::optional<PictureChoice> find_picture(const Sample& sample);

// True for the extensions of images, whose bytes do not shrink: "jpg", "seg.PNG".
bool is_image_ext(std::string_view ext);

}  // namespace lip::shard
