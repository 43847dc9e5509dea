#include "scenes/pictures.h"

#include "cli/error.h"
#include "record/file.h"

#include <png.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

namespace lip::demo {

using cli::DataError;

namespace {

constexpr std::size_t kMaxPictureBytes = std::size_t{1} << 26;
constexpr std::size_t kMaxTextBytes = 65536;

constexpr GroupWord kGroupWords[] = {
    {"animals/birds/", "bird"},
    {"animals/fish/", "sea animal"},
    {"animals/insects/", "insect"},
    {"animals/", "animal"},
    {"food/fruit/", "fruit"},
    {"food/vegetables/", "vegetable"},
    {"food/", "snack"},
    {"plants/", "plant"},
    {"vehicles/", "vehicle"},
    {"hobbies/music/", "instrument"},
    {"household/tools/", "tool"},
};

// The words of the description, lower case; bytes beyond ASCII stay.
std::string description(const std::filesystem::path& picture) {
    std::filesystem::path path = picture;
    path.replace_extension(".txt");
    std::string text = record::read_file(path.string(), kMaxTextBytes);
    text.resize(std::min(text.find('\n'), text.size()));
    for (char& c : text) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    return text;
}

// libpng's simplified reader, which frees itself.
struct PngImage : png_image {
    PngImage() : png_image{} { version = PNG_IMAGE_VERSION; }
    ~PngImage() { png_image_free(this); }
    PngImage(const PngImage&) = delete;
    PngImage& operator=(const PngImage&) = delete;
};

Bitmap read_picture(const std::string& path) {
    const std::string bytes = record::read_file(path, kMaxPictureBytes);
    PngImage image;
    if (png_image_begin_read_from_memory(&image, bytes.data(), bytes.size()) == 0)
        throw DataError(path + ": cannot be read as PNG: " + image.message);
    if (image.width > kMaxPictureSide || image.height > kMaxPictureSide)
        throw DataError(path + ": a side of more than 4096 pixels; make it smaller");
    image.format = PNG_FORMAT_RGBA;
    std::vector<std::uint8_t> pixels(PNG_IMAGE_SIZE(image));
    if (png_image_finish_read(&image, nullptr, pixels.data(), 0, nullptr) == 0)
        throw DataError(path + ": cannot be read as PNG: " + image.message);
    Bitmap bitmap{static_cast<int>(image.width), static_cast<int>(image.height), {}};
    bitmap.pixels.reserve(pixels.size() / 4);
    for (std::size_t i = 0; i < pixels.size(); i += 4) {
        const float a = static_cast<float>(pixels[i + 3]) / 255.0F, f = a / 255.0F;
        bitmap.pixels.push_back({static_cast<float>(pixels[i]) * f,
                                 static_cast<float>(pixels[i + 1]) * f,
                                 static_cast<float>(pixels[i + 2]) * f, a});
    }
    return bitmap;
}

}  // namespace

std::vector<Kind> load_picture_kinds(const std::filesystem::path& kinds_file,
                                     const std::filesystem::path& folder) {
    if (!std::filesystem::is_directory(folder)) {
        throw DataError(folder.string() +
                        ": is no folder; install the package tuxpaint-stamps-default "
                        "or name one of pictures with --stickers");
    }
    return read_kinds(kinds_file, "picture", [&](const std::string& file, const std::string& name) {
        const std::string words = description(folder / file);
        if (words.find(name) == std::string::npos) {
            throw DataError("the description of " + file + " is \"" + words +
                            "\", which does not hold \"" + name + "\"");
        }
        return Kind{0, file, name, group_word(kGroupWords, file)};
    });
}

std::vector<Glyph> load_pictures(const std::filesystem::path& folder, std::span<const Kind> kinds) {
    std::vector<Glyph> glyphs;
    for (const Kind& kind : kinds) {
        const std::string path = (folder / kind.picture).string();
        std::optional<Glyph> glyph = make_glyph(read_picture(path));
        if (!glyph)
            throw DataError(path + ": nothing to be seen; take it out of the list of kinds");
        glyphs.push_back(std::move(*glyph));
    }
    return glyphs;
}

}  // namespace lip::demo
