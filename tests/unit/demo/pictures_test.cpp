#include "scenes/pictures.h"

#include "scenes/generate.h"
#include "scenes/options.h"
#include "scenes/scene.h"

#include "cli/error.h"
#include "record/file.h"

#include <doctest/doctest.h>
#include <png.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;
using namespace lip::demo;

// Four pictures of 20 x 20 in a clear margin of 2: red, green, blue, and a yellow ring.
class Pictures {
public:
    Pictures() : root_(fs::temp_directory_path() / ("lip-pictures-" + std::to_string(::getpid()))) {
        fs::remove_all(root_);
        fs::create_directories(root_ / "animals/birds");
        fs::create_directories(root_ / "food");
        add("animals/birds/robin", "A red robin!\nA second line: owl.\n", {200, 0, 0}, false);
        add("animals/frog", "The Frog.", {0, 200, 0}, false);
        add("food/plum", "A plum", {0, 0, 200}, false);
        add("ring", "A golden ring.", {255, 240, 60}, true);
    }
    ~Pictures() { fs::remove_all(root_); }
    Pictures(const Pictures&) = delete;
    Pictures& operator=(const Pictures&) = delete;

    void add(const std::string& name, const std::string& text, std::array<std::uint8_t, 3> colour,
             bool hollow) const {
        std::vector<std::uint8_t> pixels;
        for (int y = 0; y < 24; ++y) {
            for (int x = 0; x < 24; ++x) {
                const bool inside = x >= 2 && y >= 2 && x < 22 && y < 22;
                const bool hole = hollow && x >= 7 && y >= 7 && x < 17 && y < 17;
                pixels.insert(pixels.end(), colour.begin(), colour.end());
                pixels.push_back(inside && !hole ? 255 : 0);
            }
        }
        png_image image{};
        image.version = PNG_IMAGE_VERSION;
        image.width = image.height = 24;
        image.format = PNG_FORMAT_RGBA;
        REQUIRE(png_image_write_to_file(&image, (root_ / (name + ".png")).c_str(), 0, pixels.data(),
                                        0, nullptr) != 0);
        std::ofstream(root_ / (name + ".txt")) << text;
    }

    fs::path list(const std::string& lines) const {
        std::ofstream(root_ / "kinds.txt") << lines;
        return root_ / "kinds.txt";
    }
    const fs::path& folder() const { return root_; }

private:
    fs::path root_;
};

const std::string kList =
    "animals/birds/robin.png\trobin\nanimals/frog.png\tfrog\nfood/plum.png\tplum\nring.png\tring\n";

TEST_CASE("pictures keep their colour, their shape and what their folder says") {
    const Pictures pictures;
    Stickers stickers;
    stickers.kinds = load_picture_kinds(pictures.list(kList), pictures.folder());
    stickers.glyphs = load_pictures(pictures.folder(), stickers.kinds);
    REQUIRE(stickers.glyphs.size() == 4);
    CHECK(stickers.kinds[0].group == "bird");
    CHECK(stickers.kinds[1].group == "animal");
    CHECK(stickers.kinds[2].group == "snack");
    CHECK(stickers.kinds[3].group == "object");
    const Bitmap& ring = stickers.glyphs[3].levels[0];
    CHECK((ring.width == 20 && ring.height == 20));
    CHECK(ring.pixels[0].g == doctest::Approx(240.0 / 255));
    CHECK(ring.pixels[0].a == 1);
    CHECK(ring.pixels[10 * 20 + 10].a == 0);
    CHECK(ring.pixels[10 * 20 + 10].r == 0);  // premultiplied
    CHECK(stickers.glyphs[3].area == doctest::Approx(300));

    const Scene scene = draw_scene(stickers, 3, "x/1", 3, 48);
    REQUIRE(scene.objects.size() == 1);
    CHECK(scene.objects[0].color == "yellow");
    const PixelBox& box = scene.objects[0].box;
    const int x = (box.x0 + box.x1) / 2, y = (box.y0 + box.y1) / 2;
    CHECK(scene.mask[static_cast<std::size_t>(y * 48 + x)] == 0);
    CHECK(scene.mask[static_cast<std::size_t>(y * 48 + box.x0 + 1)] == 4);
}

TEST_CASE("a set of pictures needs no font, and its classes are the list's") {
    const Pictures pictures;
    SceneSet set;
    set.out = pictures.folder() / "out";
    set.kinds = pictures.list(kList);
    set.pictures = pictures.folder();
    set.font = set.names = "/nowhere";
    set.train = set.test = 2;
    set.single = 4;
    generate(set, [](std::size_t, std::size_t) {});
    CHECK(lip::record::read_file((set.out / "classes.txt").string()) ==
          "robin\nfrog\nplum\nring\n");
    const std::string objects = lip::record::read_file((set.out / "single.objects.jsonl").string());
    for (const std::string text : {"red robin\"", "green frog\"", "blue plum\"", "yellow ring\""}) {
        CHECK_MESSAGE(objects.find(text) != std::string::npos, text);
    }
}

TEST_CASE("pictures that cannot be used are named") {
    const Pictures pictures;
    const auto message = [&](const std::string& lines) {
        try {
            load_pictures(pictures.folder(),
                          load_picture_kinds(pictures.list(lines), pictures.folder()));
        } catch (const lip::cli::DataError& error) {
            return std::string(error.what());
        }
        return std::string("no error");
    };
    const auto has = [&](const std::string& line, const std::string& part) {
        const std::string found = message(kList + line);
        CHECK_MESSAGE(found.find(part) != std::string::npos, found);
    };
    CHECK(message(kList) == "no error");
    pictures.add("owl", "A red robin!\nA second line: owl.\n", {0, 0, 0}, false);
    has("owl.png\towl\n", "kinds.txt:5: the description of owl.png is \"a red robin!\"");
    has("ring.png\tgolden\n", "kinds.txt:5: the name or picture occurs twice");
    has("lark.png\tlark\n", "lark.txt");
    std::ofstream(pictures.folder() / "lark.txt") << "A lark.";
    has("lark.png\tlark\n", "lark.png");
    const std::string whole = lip::record::read_file((pictures.folder() / "ring.png").string());
    std::ofstream(pictures.folder() / "lark.png") << whole.substr(0, whole.size() - 30);
    has("lark.png\tlark\n", "lark.png: cannot be read as PNG: ");
    CHECK_THROWS_WITH_AS(load_picture_kinds(pictures.list(kList), pictures.folder() / "no"),
                         doctest::Contains("tuxpaint-stamps-default"), lip::cli::DataError);
}

TEST_CASE("--stickers stands in for the font") {
    const auto parse = [](std::vector<std::string> words) {
        std::vector<char*> argv;
        for (std::string& word : words) argv.push_back(word.data());
        return parse_options(static_cast<int>(argv.size()), argv.data());
    };
    CHECK(parse({"make-scenes", "--out", "x", "--stickers", "y"}).set.pictures == "y");
    CHECK_THROWS_WITH_AS(parse({"make-scenes", "--font", "z", "--out", "x", "--stickers", "y"}),
                         "--stickers takes the place of --font and --names", lip::cli::UsageError);
}

}  // namespace
