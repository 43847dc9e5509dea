#include "scenes/captions.h"
#include "scenes/font.h"
#include "scenes/generate.h"
#include "scenes/scene.h"

#include "cli/error.h"

#include <doctest/doctest.h>
#include <png.h>
#include <unistd.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;
using lip::demo::SceneSet;

const fs::path kKinds =
    fs::path(__FILE__).parent_path().parent_path().parent_path().parent_path() / "demo/kinds.txt";

// The font and Unicode's list come from packages that only the demo needs.
bool no_inputs() {
    return !fs::exists(SceneSet().font) || !fs::exists(SceneSet().names);
}

class TempFolder {
public:
    explicit TempFolder(const std::string& name)
        : path_(fs::temp_directory_path() / ("lip-" + name + "-" + std::to_string(::getpid()))) {
        fs::remove_all(path_);
        fs::create_directories(path_);
    }
    ~TempFolder() { fs::remove_all(path_); }
    TempFolder(const TempFolder&) = delete;
    TempFolder& operator=(const TempFolder&) = delete;
    fs::path operator/(const std::string& name) const { return path_ / name; }

private:
    fs::path path_;
};

std::string read_all(const fs::path& path) {
    std::ifstream in(path, std::ios::binary);
    REQUIRE(in);
    return {std::istreambuf_iterator<char>(in), {}};
}

std::map<std::string, std::string> read_tree(const fs::path& root) {
    std::map<std::string, std::string> files;
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator(root)) {
        if (!entry.is_regular_file()) continue;
        files[entry.path().lexically_relative(root).string()] = read_all(entry.path());
    }
    return files;
}

SceneSet small_set(const fs::path& out, int threads) {
    SceneSet set;
    set.out = out;
    set.kinds = kKinds;
    set.train = 8;
    set.test = 6;
    set.single = 6;
    set.threads = threads;
    return set;
}

// Fields of all rows; quotes doubled within quoted fields, as RFC 4180 has them.
std::vector<std::vector<std::string>> parse_csv(const std::string& text) {
    std::vector<std::vector<std::string>> rows(1, std::vector<std::string>(1));
    bool quoted = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        std::string& field = rows.back().back();
        if (c == '"' && quoted && i + 1 < text.size() && text[i + 1] == '"') {
            field += text[++i];
        } else if (c == '"') {
            quoted = !quoted;
        } else if (c == ',' && !quoted) {
            rows.back().emplace_back();
        } else if (c == '\n' && !quoted) {
            rows.emplace_back(1);
        } else {
            field += c;
        }
    }
    rows.pop_back();
    return rows;
}

// Palette indices as they stand in the file.
std::vector<int> read_indices(const fs::path& path, unsigned size) {
    std::FILE* const file = std::fopen(path.c_str(), "rb");
    REQUIRE(file != nullptr);
    png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
    png_infop info = png_create_info_struct(png);
    png_init_io(png, file);
    png_read_png(png, info, PNG_TRANSFORM_IDENTITY, nullptr);
    CHECK(png_get_color_type(png, info) == PNG_COLOR_TYPE_PALETTE);
    CHECK(png_get_bit_depth(png, info) == 8);
    REQUIRE(png_get_image_width(png, info) == size);
    std::vector<int> values;
    for (unsigned y = 0; y < size; ++y) {
        const png_bytep row = png_get_rows(png, info)[y];
        values.insert(values.end(), row, row + size);
    }
    png_destroy_read_struct(&png, &info, nullptr);
    std::fclose(file);
    return values;
}

std::vector<nlohmann::json> read_objects(const fs::path& path) {
    std::vector<nlohmann::json> objects;
    std::istringstream lines(read_all(path));
    for (std::string line; std::getline(lines, line);) {
        objects.push_back(nlohmann::json::parse(line));
    }
    return objects;
}

TEST_CASE("one seed gives the same bytes with one thread and with two" *
          doctest::skip(no_inputs())) {
    const TempFolder folder("scenes");
    int calls = 0;
    lip::demo::generate(small_set(folder / "one", 1), [&](std::size_t, std::size_t) { ++calls; });
    lip::demo::generate(small_set(folder / "two", 2), [](std::size_t, std::size_t) {});
    SceneSet other = small_set(folder / "other", 2);
    other.seed = 2;
    lip::demo::generate(other, [](std::size_t, std::size_t) {});
    const auto one = read_tree(folder / "one");
    CHECK(calls == 3);
    CHECK(one.size() == 20 + 12 + 6 + 1);  // images, masks, lists, classes
    CHECK((one == read_tree(folder / "two")));
    CHECK(one.at("images/train/0000000.jpg") !=
          read_all(folder / "other/images/train/0000000.jpg"));
}

TEST_CASE("rows, boxes and masks of the splits agree" * doctest::skip(no_inputs())) {
    const TempFolder folder("splits");
    lip::demo::generate(small_set(folder / "d", 2), [](std::size_t, std::size_t) {});
    std::istringstream names(read_all(folder / "d/classes.txt"));
    std::map<std::string, int> value_of;
    for (std::string name; std::getline(names, name);) {
        value_of.emplace(name, static_cast<int>(value_of.size()) + 1);
    }
    CHECK(value_of.size() == 40);
    for (const std::string split : {"train", "test", "single"}) {
        CAPTURE(split);
        const auto rows = parse_csv(read_all(folder / ("d/" + split + ".csv")));
        const auto objects = read_objects(folder / ("d/" + split + ".objects.jsonl"));
        REQUIRE(rows.size() == objects.size() + 1);
        for (const auto& row : rows) {
            CHECK(row.size() == 8);
            for (const std::string& field : row) {
                REQUIRE(!field.empty());
                CHECK((field.front() != ' ' && field.back() != ' '));
            }
        }
        for (std::size_t i = 0; i < objects.size(); ++i) {
            const nlohmann::json& object = objects[i];
            CHECK(object["image"] == rows[i + 1][0]);
            CHECK(object.contains("label") == (split == "single"));
            std::set<int> expected;
            for (const nlohmann::json& region : object["regions"]) {
                const std::vector<double> box = region["box"];
                CHECK((0 <= box[0] && box[0] < box[2] && box[2] <= 1));
                CHECK((0 <= box[1] && box[1] < box[3] && box[3] <= 1));
                const std::string text = region["text"];
                CHECK(region["label"] == text.substr(text.rfind(' ') + 1));
                expected.insert(value_of.at(text.substr(text.rfind(' ') + 1)));
            }
            if (split == "train") continue;
            const std::string mask = object["mask"];
            const std::vector<int> values = read_indices(folder / ("d/" + mask), 48);
            std::set<int> found(values.begin(), values.end());
            CHECK(found.erase(0) == 1);
            CHECK(found == expected);
            if (split == "single") CHECK(found == std::set{value_of.at(object["label"])});
        }
    }
}

TEST_CASE("the box of a lone sticker is the extent of its mask" * doctest::skip(no_inputs())) {
    lip::demo::Stickers stickers;
    stickers.kinds = lip::demo::load_kinds(kKinds, SceneSet().names);
    stickers.glyphs = lip::demo::load_glyphs(SceneSet().font, stickers.kinds);
    for (const std::size_t kind : {std::size_t{0}, std::size_t{21}, std::size_t{39}}) {
        const lip::demo::Scene scene = lip::demo::draw_scene(stickers, 7, "x/1", kind, 48);
        int x0 = 48, y0 = 48, x1 = 0, y1 = 0;
        for (int i = 0; i < 48 * 48; ++i) {
            if (scene.mask[static_cast<std::size_t>(i)] != kind + 1) continue;
            x0 = std::min(x0, i % 48);
            x1 = std::max(x1, i % 48 + 1);
            y0 = std::min(y0, i / 48);
            y1 = std::max(y1, i / 48 + 1);
        }
        REQUIRE(scene.objects.size() == 1);
        const lip::demo::PixelBox& box = scene.objects[0].box;
        CHECK(std::vector{x0, y0, x1, y1} == std::vector{box.x0, box.y0, box.x1, box.y1});
    }
}

TEST_CASE("shrinking keeps the area, and layers cover those below") {
    lip::demo::Glyph glyph;
    for (const int side : {64, 32, 16, 8, 4}) {
        const auto count = static_cast<std::size_t>(side * side);
        glyph.levels.push_back({side, side, std::vector<lip::demo::Rgba>(count, {1, 0, 0, 1})});
    }
    glyph.area = 64 * 64;
    const auto square = [&](double x, double angle) {
        return lip::demo::draw_sticker(glyph, {x, 24, 16, angle, 0.5}, 48);
    };
    std::vector<lip::demo::Layer> layers = {square(16, 0), square(24, 0), square(0, 0)};
    CHECK((layers[0].box.x0 == 8 && layers[0].box.x1 == 24));
    CHECK((layers[0].box.y0 == 16 && layers[0].box.y1 == 32));
    CHECK(layers[0].pixels[24 * 48 + 16].r == doctest::Approx(0.5));
    CHECK(lip::demo::box_iou(layers[0].box, layers[1].box) == doctest::Approx(1.0 / 3));
    // Half below the second; the third reaches up to x = 8 and half of it is outside.
    CHECK(lip::demo::visible_fraction(layers, 0) == doctest::Approx(0.5).epsilon(0.05));
    CHECK(lip::demo::visible_fraction(layers, 2) == doctest::Approx(0.5).epsilon(0.05));
    layers = {square(24, 0.4)};
    CHECK(lip::demo::visible_fraction(layers, 0) == doctest::Approx(1).epsilon(0.01));
}

TEST_CASE("a list of kinds that cannot be used names its line" * doctest::skip(no_inputs())) {
    const TempFolder folder("kinds");
    const auto message = [&](const std::string& lines) {
        std::ofstream(folder / "kinds.txt") << lines;
        try {
            lip::demo::load_kinds(folder / "kinds.txt", SceneSet().names);
        } catch (const lip::cli::DataError& error) {
            return std::string(error.what());
        }
        return std::string("no error");
    };
    const std::string good = "1F418\telephant\n1F993\tzebra\n1F98A\tfox\n";
    CHECK(message(good + "1F43C\tpanda\n") == "no error");
    CHECK(message(good).find("at least 4") != std::string::npos);
    CHECK(message(good + "1F43C panda\n").find("kinds.txt:4: expected") != std::string::npos);
    CHECK(message(good + "1F418\telephant\n").find(":4: the name or code point occurs twice") !=
          std::string::npos);
    CHECK(message(good + "1F43C\tlion\n").find("is \"panda\"") != std::string::npos);
    CHECK(message(good + "41\tletter\n").find("lists no fully-qualified") != std::string::npos);
    CHECK(message(good + "1F43C\tPanda!\n").find("letters a-z") != std::string::npos);
}

}  // namespace
