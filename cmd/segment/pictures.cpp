#include "cmd/segment/pictures.h"

#include "cli/error.h"
#include "image/encode.h"
#include "image/legend.h"
#include "image/palette.h"
#include "image/picture_file.h"
#include "record/data_path.h"
#include "record/file.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <sstream>

namespace lip::cmd {
namespace {

constexpr std::size_t kLargestPalette = 1 << 20;
constexpr std::size_t kMostColours = 256;
constexpr double kOverlayWeight = 0.5;

std::optional<image::Rgb> parse_hex(const std::string& text) {
    unsigned value = 0;
    const char* end = text.data() + text.size();
    if (text.size() != 7) return std::nullopt;
    const auto result = std::from_chars(text.data() + 1, end, value, 16);
    if (result.ec != std::errc() || result.ptr != end) return std::nullopt;
    return image::Rgb{static_cast<std::uint8_t>(value >> 16), static_cast<std::uint8_t>(value >> 8),
                      static_cast<std::uint8_t>(value)};
}

std::optional<image::Rgb> parse_colour(const std::string& line) {
    std::istringstream in(line);
    std::string rest;
    if (line.starts_with('#')) {
        std::string word;
        in >> word;
        return in >> rest ? std::nullopt : parse_hex(word);
    }
    int r = -1, g = -1, b = -1;
    if (!(in >> r >> g >> b) || in >> rest) return std::nullopt;
    for (const int value : {r, g, b})
        if (value < 0 || value > 255) return std::nullopt;
    return image::Rgb{static_cast<std::uint8_t>(r), static_cast<std::uint8_t>(g),
                      static_cast<std::uint8_t>(b)};
}

}  // namespace

std::vector<image::Rgb> load_palette(const std::string& word, std::size_t classes) {
    if (word == "voc") {
        const auto voc = image::voc_palette();
        return {voc.begin(), voc.end()};
    }
    const std::vector<std::string> known = record::data_names("palettes");
    const bool is_known = std::find(known.begin(), known.end(), word) != known.end();
    std::istringstream in(record::read_file(
        is_known ? record::data_file("palettes/" + word + ".txt") : word, kLargestPalette));
    std::vector<image::Rgb> colours;
    for (std::string line; std::getline(in, line);) {
        const auto colour = parse_colour(line);
        if (!colour)
            throw cli::DataError(word + ":" + std::to_string(colours.size() + 1) +
                                 ": not a colour: expected \"R G B\" of 0..255, or \"#rrggbb\"");
        colours.push_back(*colour);
    }
    if (colours.size() < classes || colours.size() > kMostColours)
        throw cli::DataError(word + ": " + std::to_string(colours.size()) + " colours for " +
                             std::to_string(classes) +
                             " classes (one for each class is needed, and at most 256)");
    return colours;
}

std::string Pictures::write(const std::string& key, const image::Image& image,
                            const image::Mask& mask, const std::vector<ClassName>& found) const {
    if (!overlay_dir_.empty()) {
        std::vector<image::LegendEntry> entries;
        for (const ClassName& one : found) entries.push_back({palette_[one.value], one.name});
        const image::Image mixed = image::overlay(image, mask, palette_, kOverlayWeight);
        image::write_picture(image::picture_path(overlay_dir_, key),
                             image::encode_png(image::with_legend(mixed, entries)), force_);
    }
    if (mask_dir_.empty()) return {};
    const std::string path = image::picture_path(mask_dir_, key);
    image::write_picture(path, image::encode_png_indexed(mask, palette_), force_);
    return path;
}

}  // namespace lip::cmd
