#include "cmd/ground/ground.h"
#include "image/draw.h"
#include "image/encode.h"
#include "image/legend.h"
#include "image/palette.h"
#include "image/picture_file.h"
#include "image/resize.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace lip::cmd {
namespace {

constexpr int kPixelsALine = 240;  // of the long side for each pixel of a line
constexpr int kLeastSide = 320;    // of the long side: smaller images are enlarged
constexpr image::Rgb kWhite{255, 255, 255};

image::Image enlarged(const image::Image& picture) {
    const int side = std::max(picture.width, picture.height);
    if (side >= kLeastSide) return picture;
    const int factor = (kLeastSide + side - 1) / side;
    return image::resize(picture, picture.width * factor, picture.height * factor,
                         image::Filter::kBilinear);
}

image::Box in_pixels(const detect::Box& box, const image::Image& picture) {
    const auto at = [](double fraction, int size) {
        return static_cast<int>(std::lround(std::clamp(fraction, 0.0, 1.0) * size));
    };
    const int left = at(box[0], picture.width), top = at(box[1], picture.height);
    return {left, top, std::max(at(box[2], picture.width) - left, 1),
            std::max(at(box[3], picture.height) - top, 1)};
}

std::string with_score(double score) {
    char text[32];
    std::snprintf(text, sizeof text, " %.2f", score);
    return text;
}

}  // namespace

void write_overlay(const std::string& folder, const std::string& key, const image::Image& small,
                   const std::vector<detect::Detection>& found, const detect::Phrases& phrases,
                   bool force, const std::vector<detect::Box>& truth) {
    image::Image picture = enlarged(small);
    const auto& colour = image::bright_colour;
    const int thickness = 1 + std::max(picture.width, picture.height) / kPixelsALine;
    std::vector<const detect::Detection*> best(phrases.size());  // of each phrase found
    for (const detect::Box& box : truth)
        image::draw_outline(picture, in_pixels(box, picture), kWhite, 2 * thickness);
    // The best last: it lies on top.
    for (auto one = found.rbegin(); one != found.rend(); ++one) {
        image::draw_outline(picture, in_pixels(one->box, picture), colour(one->phrase), thickness);
        best[one->phrase] = &*one;
    }
    std::vector<image::LegendEntry> legend;
    if (!truth.empty()) legend.push_back({kWhite, "truth"});
    for (std::size_t p = 0; p < phrases.size(); ++p)
        if (best[p]) legend.push_back({colour(p), phrases[p] + with_score(best[p]->score)});
    image::write_picture(image::picture_path(folder, key),
                         image::encode_png(image::with_legend(picture, legend)), force);
}

}  // namespace lip::cmd
