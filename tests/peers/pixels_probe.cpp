// Prints pixels of lib/image for pixels.py, which compares them with Pillow's.
//   pixels_probe FILE OP...    OP is name[:argument...]; each prints "WIDTH HEIGHT\n" and the RGB
// bytes, or "bad WORD MESSAGE\n". Filter is bicubic or bilinear; boxes are x0:y0:x1:y1.
#include "image/decode.h"
#include "image/encode.h"
#include "image/geometry.h"
#include "image/resize.h"

#include "cli/error.h"

#include <cstdio>
#include <exception>
#include <fstream>
#include <iterator>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

using lip::image::Filter;
using lip::image::Image;
using Words = std::vector<std::string>;

Filter filter_of(const std::string& name) {
    return name == "bicubic" ? Filter::kBicubic : Filter::kBilinear;
}

lip::image::ResizeMode mode_of(const std::string& name) {
    if (name == "shortest") return lip::image::ResizeMode::kShortest;
    return name == "squash" ? lip::image::ResizeMode::kSquash : lip::image::ResizeMode::kLongest;
}

Image resized(const Image& image, const Words& op) {
    const int width = std::stoi(op.at(1));
    const int height = std::stoi(op.at(2));
    const Filter filter = filter_of(op.at(3));
    if (op.size() == 4) return lip::image::resize(image, width, height, filter);
    if (op.at(0) == "resize") {
        return lip::image::resize(
            image,
            {std::stof(op.at(4)), std::stof(op.at(5)), std::stof(op.at(6)), std::stof(op.at(7))},
            width, height, filter);
    }
    const int x = std::stoi(op.at(4));
    const int y = std::stoi(op.at(5));
    return lip::image::resize_crop(image, {x, y, std::stoi(op.at(6)) - x, std::stoi(op.at(7)) - y},
                                   width, height, filter);
}

Image result_of(const Image& image, const Words& op) {
    const std::string& name = op.at(0);
    if (name == "resize" || name == "resize_crop") return resized(image, op);
    if (name == "preprocess") {
        return lip::image::preprocess(
            image, {std::stoi(op.at(1)), mode_of(op.at(2)), filter_of(op.at(3)), {0, 0, 0}});
    }
    if (name == "png") return *lip::image::decode(lip::image::encode_png(image));
    throw std::runtime_error("unknown op " + name);
}

void print(const Image& image) {
    std::printf("%d %d\n", image.width, image.height);
    std::fwrite(image.rgb.data(), 1, image.rgb.size(), stdout);
}

Words split(const std::string& op) {
    Words words;
    std::istringstream in(op);
    for (std::string word; std::getline(in, word, ':');) words.push_back(word);
    return words;
}

void run(const std::string& bytes, const Words& op) {
    lip::image::DecodeOptions options;
    if (op.at(0) == "oriented") options.apply_orientation = true;
    if (op.at(0) == "scaled") options.min_short_side = std::stoi(op.at(1));
    const bool is_plain = op.at(0) == "decode" || op.at(0) == "oriented" || op.at(0) == "scaled";
    const auto image = lip::image::decode(bytes, options);
    if (!image) {
        std::printf("bad %s %s\n", std::string(image.reject().word).c_str(),
                    image.reject().message.c_str());
    } else {
        print(is_plain ? *image : result_of(*image, op));
    }
}

}  // namespace

int main(int argc, char** argv) {
    try {
        if (argc < 3) throw std::runtime_error("usage: pixels_probe FILE OP...");
        std::ifstream file(argv[1], std::ios::binary);
        if (!file) throw std::runtime_error(std::string("cannot read ") + argv[1]);
        const std::string bytes(std::istreambuf_iterator<char>(file), {});
        for (int i = 2; i < argc; ++i) run(bytes, split(argv[i]));
        return std::fflush(stdout) == 0 ? 0 : 1;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "pixels_probe: %s\n", error.what());
        return 1;
    }
}
