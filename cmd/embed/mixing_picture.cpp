#include "cmd/embed/mixing_picture.h"

#include "image/encode.h"
#include "image/legend.h"
#include "image/picture_file.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace lip::cmd {
namespace {

constexpr int kLeastSide = 224, kGap = 4, kLeastRow = 8;
constexpr image::Rgb kWhite{255, 255, 255}, kBlack{0, 0, 0}, kBlue{40, 60, 220},
    kYellow{250, 230, 70}, kRed{210, 20, 20};
constexpr double kHeatShare = 0.6;

image::Rgb between(const image::Rgb& a, const image::Rgb& b, double share) {
    image::Rgb out{};
    for (std::size_t c = 0; c < out.size(); ++c)
        out[c] = static_cast<std::uint8_t>(std::lround(a[c] + share * (b[c] - a[c])));
    return out;
}

// 0 is blue, 1 red.
image::Rgb heat(double value) {
    return value < 0.5 ? between(kBlue, kYellow, 2 * value) : between(kYellow, kRed, 2 * value - 1);
}

void set(image::Image& picture, int x, int y, const image::Rgb& colour) {
    std::copy(colour.begin(), colour.end(), &picture.rgb[image::pixel_offset(picture, x, y)]);
}

image::Rgb pixel(const image::Image& image, int x, int y) {
    const std::uint8_t* at = &image.rgb[image::pixel_offset(image, x, y)];
    return {at[0], at[1], at[2]};
}

// A map [G, G] at a point of 0..1, between the centres of its cells.
double value_at(const at::Tensor& map, double x, double y) {
    const std::int64_t grid = map.size(0);
    const float* values = map.const_data_ptr<float>();
    const auto place = [&](double at) {
        return std::clamp(at * static_cast<double>(grid) - 0.5, 0.0, static_cast<double>(grid - 1));
    };
    const double column = place(x), row = place(y);
    const auto c = static_cast<std::int64_t>(column), r = static_cast<std::int64_t>(row);
    const double right = column - static_cast<double>(c), down = row - static_cast<double>(r);
    const auto cell = [&](std::int64_t i, std::int64_t j) {
        return static_cast<double>(values[std::min(i, grid - 1) * grid + std::min(j, grid - 1)]);
    };
    return (1 - down) * ((1 - right) * cell(r, c) + right * cell(r, c + 1)) +
           down * ((1 - right) * cell(r + 1, c) + right * cell(r + 1, c + 1));
}

std::string with_number(const char* words, double value) {
    char text[60];
    std::snprintf(text, sizeof text, "%s %.2g", words, value);
    return text;
}

}  // namespace

image::Image mixing_picture(const image::Image& image, const at::Tensor& weights,
                            const at::Tensor& attention, const std::string& text) {
    const at::Tensor phi = weights.contiguous();
    const std::int64_t heads = phi.size(0), tokens = phi.size(1);
    const auto grid = std::llround(std::sqrt(static_cast<double>(attention.size(1))));
    const at::Tensor seen = phi.mean(0).matmul(attention).view({grid, grid}).contiguous();
    const double least = seen.min().item<double>(), most = seen.max().item<double>();
    const double range = std::max(most - least, 1e-12), highest = phi.max().item<double>();

    const int scale = std::max(1, (kLeastSide + image.width - 1) / image.width);
    const int side = image.width * scale, width = 2 * side + kGap;
    const int row = std::max(kLeastRow, side / (2 * static_cast<int>(heads)));
    image::Image out = image::make_image(width, side + kGap + row * static_cast<int>(heads));
    std::fill(out.rgb.begin(), out.rgb.end(), std::uint8_t{255});
    for (int y = 0; y < side; ++y)
        for (int x = 0; x < side; ++x) {
            const image::Rgb colour = pixel(image, x / scale, y / scale);
            const double value = value_at(seen, (x + 0.5) / side, (y + 0.5) / side);
            set(out, x, y, colour);
            set(out, side + kGap + x, y,
                between(colour, heat((value - least) / range), kHeatShare));
        }
    const float* values = phi.const_data_ptr<float>();
    for (int y = side + kGap; y < out.height; ++y)
        for (int x = 0; x < width; ++x) {
            const std::int64_t head = (y - side - kGap) / row, token = x * tokens / width;
            set(out, x, y, between(kWhite, kBlack, values[head * tokens + token] / highest));
        }
    const image::LegendEntry entries[] = {{kWhite, text},
                                          {kRed, with_number("attention", most)},
                                          {kBlue, with_number("attention", least)},
                                          {kBlack, with_number("weight", highest)}};
    return image::with_legend(out, entries);
}

void write_mixing(const EmbedOptions& options, const VectorRow& row,
                  const std::vector<std::uint8_t>& planes, const at::Tensor& weights,
                  const at::Tensor& attention) {
    const std::size_t pixels = planes.size() / 3;
    const int side = static_cast<int>(std::lround(std::sqrt(static_cast<double>(pixels))));
    image::Image image = image::make_image(side, side);
    for (std::size_t i = 0; i < pixels; ++i)
        for (std::size_t c = 0; c < 3; ++c) image.rgb[3 * i + c] = planes[c * pixels + i];
    image::write_picture(
        image::picture_path(options.mixing_dir, row.key + "." + std::to_string(*row.given)),
        image::encode_png(mixing_picture(image, weights, attention, row.text)),
        options.common.force);
}

}  // namespace lip::cmd
