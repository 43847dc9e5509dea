#include "shard/sample.h"

#include "shard/tar.h"

#include <algorithm>
#include <array>

namespace lip::shard {
namespace {

constexpr std::size_t kMaxExtBytes = 255;

// Kinds that are not read are among them, so that a message can name what is there.
constexpr std::array<std::string_view, 15> kImageExts = {"jpg",  "jpeg", "jpe", "jfif", "png",
                                                         "webp", "gif",  "tif", "tiff", "avif",
                                                         "heic", "heif", "jxl", "jp2",  "bmp"};

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

}  // namespace

std::string member_name(std::string_view key, std::string_view ext) {
    std::string name;
    name.reserve(key.size() + ext.size() + 16);
    for (const char c : key) {
        if (c == '.') {
            name += "%2E";
        } else if (c == '%') {
            name += "%25";
        } else {
            name += c;
        }
    }
    return name.append(".").append(ext);
}

std::string_view key_problem(std::string_view key) {
    const std::string_view problem = member_name_problem(key);
    if (!problem.empty()) return problem;
    if (key.ends_with('/')) return "ends in '/'";
    if (key.find("//") != std::string_view::npos) return "has an empty part: \"//\"";
    // Room for the longest extension, so that a good key makes a good name with any of them.
    const auto escaped =
        std::count_if(key.begin(), key.end(), [](char c) { return c == '.' || c == '%'; });
    const std::size_t stem_bytes = key.size() + 2 * static_cast<std::size_t>(escaped);
    if (stem_bytes + 1 + kMaxExtBytes > kMaxNameBytes) return "is longer than 3840 bytes";
    return {};
}

std::string_view ext_problem(std::string_view ext) {
    if (ext.empty()) return "is empty";
    if (ext.size() > kMaxExtBytes) return "is longer than 255 bytes";
    if (ext.find('/') != std::string_view::npos) return "holds a '/'";
    if (ext.find('\0') != std::string_view::npos) return "holds a NUL byte";
    return {};
}

MemberName split_member_name(std::string_view name) {
    while (name.starts_with("./")) name.remove_prefix(2);
    const std::size_t slash = name.rfind('/');
    const std::size_t base = slash == std::string_view::npos ? 0 : slash + 1;
    const std::size_t dot = name.find('.', base);
    if (dot == base || base == name.size()) return {};
    if (dot == std::string_view::npos) return {name, {}};
    return {name.substr(0, dot), name.substr(dot + 1)};
}

std::string key_of_stem(std::string_view stem) {
    std::string key;
    key.reserve(stem.size());
    for (std::size_t i = 0; i < stem.size(); ++i) {
        const std::string_view three = stem.substr(i, 3);
        if (three == "%2E" || three == "%25") {
            key += three == "%2E" ? '.' : '%';
            i += 2;
        } else {
            key += stem[i];
        }
    }
    return key;
}

bool equal_ignoring_case(std::string_view a, std::string_view b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [](char x, char y) { return lower(x) == lower(y); });
}

bool is_litter(std::string_view path) {
    constexpr std::array<std::string_view, 4> kNames = {".ds_store", "thumbs.db", "desktop.ini",
                                                        "ehthumbs.db"};
    for (std::size_t begin = 0; begin <= path.size();) {
        const std::size_t end = std::min(path.find('/', begin), path.size());
        const std::string_view part = path.substr(begin, end - begin);
        if (part.starts_with("._") || part == "__MACOSX" || part == "@eaDir") return true;
        if (end == path.size())
            return std::any_of(kNames.begin(), kNames.end(), [part](std::string_view name) {
                return equal_ignoring_case(part, name);
            });
        begin = end + 1;
    }
    return false;
}

std::optional<PictureChoice> find_picture(const Sample& sample) {
    for (const bool is_compound : {false, true}) {
        std::optional<PictureChoice> found;
        for (std::size_t i = 0; i < sample.members.size(); ++i) {
            const std::string& ext = sample.members[i].ext;
            if (!is_image_ext(ext) || (ext.find('.') != ext.npos) != is_compound) continue;
            if (found)
                ++found->rivals;
            else
                found = PictureChoice{i, 0};
        }
        if (found) return found;
    }
    return std::nullopt;
}

bool is_image_ext(std::string_view ext) {
    const std::size_t dot = ext.rfind('.');
    if (dot != std::string_view::npos) ext.remove_prefix(dot + 1);
    return std::any_of(kImageExts.begin(), kImageExts.end(),
                       [ext](std::string_view known) { return equal_ignoring_case(ext, known); });
}

}  // namespace lip::shard
