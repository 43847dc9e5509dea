// Masks and overlays as files, one an image, named by its key.
#pragma once

#include "image/image.h"

#include <cstdint>
#include <string>
#include <vector>

namespace lip::cmd {

// "voc", a palette of share/palettes by its name (ade20k), or a file with a colour a line, "R G B"
// of 0..255 or "#rrggbb"; line n, from 0, is class n. Throws DataError with file and line; and if
// there are fewer colours than classes, or over 256.
std::vector<image::Rgb> load_palette(const std::string& word_or_file, std::size_t classes);

// A class for a legend.
struct ClassName {
    std::uint8_t value;  // in masks
    std::string name;
};

// Writes PNG files below two folders, either of which may be empty: not wanted.
class Pictures {
public:
    Pictures(std::string mask_dir, std::string overlay_dir, std::vector<image::Rgb> palette,
             bool force)
        : mask_dir_(std::move(mask_dir)),
          overlay_dir_(std::move(overlay_dir)),
          palette_(std::move(palette)),
          force_(force) {}

    bool has_any() const { return !mask_dir_.empty() || !overlay_dir_.empty(); }
    // `found` are the classes of the mask, in the order of the overlay's legend. Makes folders
    // where they are missing. Returns the path of the mask, empty if not wanted.
    // Throws DataError if a file exists and may not be replaced, or cannot be written.
    std::string write(const std::string& key, const image::Image& image, const image::Mask& mask,
                      const std::vector<ClassName>& found) const;

private:
    std::string mask_dir_, overlay_dir_;
    std::vector<image::Rgb> palette_;
    bool force_;
};

}  // namespace lip::cmd
