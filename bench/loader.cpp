// Photographs to uint8 planes as `train` makes them, on one thread; bench/loader puts it beside its
// peers.
//
// usage: loader-bench FOLDER ROUNDS [crop|exact|strong|none|entropy]     JSON: images per second of
// processor time. entropy: libjpeg's Huffman decoder alone, without which no picture is read.
#include "train/pixels.h"

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include <jpeglib.h>

namespace {

double processor_seconds() {
    timespec t{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

std::vector<std::string> read_files(const std::filesystem::path& folder) {
    std::vector<std::filesystem::path> paths;
    for (const auto& entry : std::filesystem::directory_iterator(folder))
        if (entry.is_regular_file()) paths.push_back(entry.path());
    std::sort(paths.begin(), paths.end());
    std::vector<std::string> files;
    for (const auto& path : paths) {
        std::ifstream in(path, std::ios::binary);
        files.emplace_back(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
    }
    return files;
}

// The coefficients of a JPEG file, of which no pixels are made.
bool read_coefficients(const std::string& file) {
    jpeg_decompress_struct jpeg{};
    jpeg_error_mgr errors{};
    jpeg.err = jpeg_std_error(&errors);  // a file that is no JPEG ends the program
    jpeg_create_decompress(&jpeg);
    jpeg_mem_src(&jpeg, reinterpret_cast<const unsigned char*>(file.data()), file.size());
    jpeg_read_header(&jpeg, TRUE);
    const bool done = jpeg_read_coefficients(&jpeg) != nullptr;
    jpeg_destroy_decompress(&jpeg);
    return done;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 3) {
        std::fputs("usage: loader-bench FOLDER ROUNDS [crop|exact|strong|none|entropy]\n", stderr);
        return 2;
    }
    const auto files = read_files(argv[1]);
    const long rounds = std::strtol(argv[2], nullptr, 10);
    const std::string_view how = argc > 3 ? argv[3] : "crop";
    lip::train::PixelSettings settings;
    if (how == "none") settings.augment = lip::train::Augment::kNone;
    if (how == "strong") {
        settings.augment = lip::train::Augment::kStrong;
        settings.crop_scale = 0.2;
    }
    settings.exact_decode = how == "exact";
    std::vector<std::uint8_t> planes;
    std::size_t done = 0;
    const double start = processor_seconds();
    for (long epoch = 0; epoch < rounds; ++epoch)
        for (std::size_t i = 0; i < files.size(); ++i)
            if (how == "entropy" ? read_coefficients(files[i])
                                 : !lip::train::read_pixels(files[i], settings, /*seed=*/0,
                                                            static_cast<std::uint64_t>(epoch),
                                                            std::to_string(i), planes))
                ++done;
    const double seconds = processor_seconds() - start;
    std::printf("{\"images_per_s\":%.1f,\"images\":%zu,\"files\":%zu}\n",
                static_cast<double>(done) / seconds, done, files.size());
}
