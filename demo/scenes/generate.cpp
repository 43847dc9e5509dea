#include "scenes/generate.h"

#include "cli/error.h"
#include "scenes/captions.h"
#include "scenes/font.h"
#include "scenes/image_files.h"
#include "scenes/out_file.h"
#include "scenes/pictures.h"
#include "scenes/rows.h"
#include "scenes/scene.h"

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <exception>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

namespace lip::demo {

namespace {

constexpr std::size_t kBlock = 512;  // scenes whose rows are held before they are written

struct Split {
    std::string_view name;
    std::size_t count;
    bool has_masks;
    bool is_single;
};

struct Rows {
    std::string csv, objects;
};

// Draws, writes the image files and returns the rows of one scene.
Rows make_scene(const SceneSet& set, const Stickers& stickers, const Split& split,
                std::size_t index) {
    char digits[8];
    std::snprintf(digits, sizeof digits, "%07zu", index % (kMaxScenes + 1));
    SceneFiles files;
    files.key.append(split.name).append("/").append(digits);
    files.image = "images/" + files.key + ".jpg";
    if (split.has_masks) files.mask = "masks/" + files.key + ".png";

    std::optional<std::size_t> only;
    if (split.is_single) only = index % stickers.kinds.size();
    const Scene scene = draw_scene(stickers, set.seed, files.key, only, set.size);
    write_file(set.out / files.image, encode_jpeg(scene.rgb, set.size));
    if (split.has_masks) write_file(set.out / files.mask, encode_mask(scene.mask, set.size));
    const std::string_view label = only ? std::string_view(stickers.kinds[*only].name) : "";
    return {csv_row(files, write_captions(scene, stickers.kinds, set.seed, files.key)),
            objects_row(files, scene, stickers.kinds, label)};
}

// Calls work(i) for i in first..last-1 on some threads; rethrows the first error when all stopped.
template <class Work>
void for_each_parallel(std::size_t first, std::size_t last, int threads, const Work& work) {
    std::atomic<std::size_t> next = first;
    std::exception_ptr error;
    std::mutex error_mutex;
    const auto worker = [&] {
        try {
            for (std::size_t i = next++; i < last; i = next++) work(i);
        } catch (...) {
            const std::lock_guard lock(error_mutex);
            if (!error) error = std::current_exception();
            next = last;
        }
    };
    {
        std::vector<std::jthread> pool;
        for (int i = 1; i < threads; ++i) pool.emplace_back(worker);
        worker();
    }
    if (error) std::rethrow_exception(error);
}

void make_folder(const std::filesystem::path& path) {
    std::error_code error;
    std::filesystem::create_directories(path, error);
    if (error) {
        throw cli::DataError(path.string() + ": cannot be created: " + error.message());
    }
}

Stickers load_stickers(const SceneSet& set) {
    Stickers stickers;
    if (set.pictures.empty()) {
        stickers.kinds = load_kinds(set.kinds, set.names);
        stickers.glyphs = load_glyphs(set.font, stickers.kinds);
    } else {
        stickers.kinds = load_picture_kinds(set.kinds, set.pictures);
        stickers.glyphs = load_pictures(set.pictures, stickers.kinds);
    }
    return stickers;
}

}  // namespace

void generate(const SceneSet& set, const Progress& progress) {
    const Stickers stickers = load_stickers(set);
    const auto processors = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
    const int threads = set.threads > 0 ? set.threads : std::min(processors, kMaxThreads);
    const Split splits[] = {{"train", set.train, false, false},
                            {"test", set.test, true, false},
                            {"single", set.single, true, true}};
    const std::size_t total = set.train + set.test + set.single;
    std::size_t done = 0;
    for (const Split& split : splits) {
        make_folder(set.out / "images" / split.name);
        if (split.has_masks) make_folder(set.out / "masks" / split.name);
        OutFile csv(set.out / (std::string(split.name) + ".csv"));
        OutFile objects(set.out / (std::string(split.name) + ".objects.jsonl"));
        csv.write(kCsvHeader);
        for (std::size_t first = 0; first < split.count; first += kBlock) {
            const std::size_t last = std::min(split.count, first + kBlock);
            std::vector<Rows> rows(last - first);
            for_each_parallel(first, last, threads, [&](std::size_t i) {
                rows[i - first] = make_scene(set, stickers, split, i);
            });
            for (const Rows& row : rows) {
                csv.write(row.csv);
                objects.write(row.objects);
            }
            done += rows.size();
            progress(done, total);
        }
        csv.close();
        objects.close();
    }
    OutFile classes(set.out / "classes.txt");
    for (const Kind& kind : stickers.kinds) classes.write(kind.name + "\n");
    classes.close();
}

}  // namespace lip::demo
