// make-report OUT: the demo's results as a table on standard output and as OUT/report.html.
//
// Reads of OUT: results/<model>.<task>.json, runs/<model>/metrics.jsonl, the scenes of data/ with
// their masks, results/<model>.masks/; what demo/run asked the last model: results/looks/, pictures
// of `embed --mixing-dir` with the sentences in KEY.txt, and the hits of results/search.jsonl.
#include "cli/error.h"
#include "image/decode.h"
#include "image/palette.h"
#include "image/resize.h"
#include "record/file.h"
#include "record/record.h"
#include "report/curve.h"
#include "report/page.h"

#include <nlohmann/json.hpp>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>

namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using namespace lip;

struct ModelName {
    const char* id;
    const char* title;
    const char* colour;
};
constexpr ModelName kModels[] = {{"clip", "CLIP, raw captions", "#c0603a"},
                                 {"dreamlip", "DreamLIP, sub-captions", "#2a86a6"},
                                 {"flair", "FLAIR, they ask patches", "#6a9a2d"}};

struct Figure {
    const char* task;
    const char* metric;
    const char* title;
};
constexpr Figure kFigures[] = {
    {"zeroshot", "acc1", "zero-shot, 40 classes, top 1"},
    {"zeroshot", "acc5", "zero-shot, top 5"},
    {"retrieve", "image_retrieval_recall@1", "long text to image, R@1"},
    {"retrieve", "image_retrieval_recall@5", "long text to image, R@5"},
    {"retrieve", "text_retrieval_recall@1", "image to long text, R@1"},
    {"segment", "mIoU", "segmentation without training, mIoU"},
};
constexpr int kMasks = 6;
constexpr int kLooks = 5;  // sentences of a scene

json read_json(const fs::path& path) {
    return json::parse(record::read_file(path.string(), 1 << 24));
}

std::vector<std::string> lines_of(const fs::path& path) {
    std::ifstream file(path);
    if (!file) throw cli::DataError(path.string() + ": cannot be read");
    std::vector<std::string> lines;
    for (std::string line; std::getline(file, line);) lines.push_back(line);
    return lines;
}

double figure(const fs::path& out, const ModelName& model, const Figure& figure) {
    const fs::path file = out / "results" / (std::string(model.id) + "." + figure.task + ".json");
    const json summary = read_json(file);
    if (!summary["metrics"].contains(figure.metric))
        throw cli::DataError(file.string() + ": lacks the metric " + figure.metric);
    return summary["metrics"][figure.metric].get<double>();
}

std::string percent(double value) {
    char text[32];
    std::snprintf(text, sizeof text, "%.1f", 100 * value);
    return text;
}

demo::Curve loss_curve(const fs::path& out, const ModelName& model) {
    demo::Curve curve{model.id, model.colour, {}};
    double smooth = 0;
    for (const std::string& line : lines_of(out / "runs" / model.id / "metrics.jsonl")) {
        const json entry = json::parse(line);
        if (entry["type"] != "train") continue;
        const double loss = entry["loss"].get<double>();
        smooth = curve.points.empty() ? loss : 0.7 * smooth + 0.3 * loss;
        curve.points.emplace_back(entry["samples"].get<double>() / 1000, smooth);
    }
    return curve;
}

image::Image read_image(const fs::path& path) {
    auto image = image::decode(record::read_file(path.string()));
    if (!image) throw cli::DataError(path.string() + ": " + image.reject().message);
    return std::move(*image);
}

image::Mask read_mask(const fs::path& path) {
    auto mask = image::decode_mask(record::read_file(path.string()));
    if (!mask) throw cli::DataError(path.string() + ": " + mask.reject().message);
    return std::move(*mask);
}

// The classes in their colours where there is an object; the background, which is not judged, is
// the scene gone pale.
std::string mask_picture(const image::Image& scene, const image::Mask& truth,
                         const image::Mask& classes) {
    const auto palette = image::voc_palette();
    image::Image out = scene;
    for (std::size_t i = 0; i < truth.value.size(); ++i)
        for (std::size_t c = 0; c < 3; ++c)
            out.rgb[3 * i + c] =
                truth.value[i] == 0
                    ? static_cast<std::uint8_t>((scene.rgb[3 * i + c] + 3 * 255) / 4)
                    : palette[classes.value[i]][c];
    return demo::picture(out);
}

struct Scenes {
    explicit Scenes(const fs::path& out) {
        for (const std::string& line : lines_of(out / "data" / "test.jsonl"))
            if (auto record = record::parse_record(line)) records.push_back(std::move(*record));
        for (const record::Record& record : records) by_key[record.key] = &record;
    }
    std::vector<record::Record> records;
    std::map<std::string, const record::Record*> by_key;
};

std::string masks(const fs::path& out, const Scenes& scenes) {
    std::string rows;
    int count = 0;
    for (const record::Record& record : scenes.records) {
        if (record.regions.size() < 2 || ++count > kMasks) continue;
        const image::Image scene = read_image(out / "data" / record.image);
        const image::Mask truth = read_mask(out / "data" / record.mask);
        rows += "<tr>" + demo::cell(demo::picture(scene)) +
                demo::cell(mask_picture(scene, truth, truth));
        for (const ModelName& model : kModels) {
            image::Mask mask = read_mask(out / "results" / (std::string(model.id) + ".masks") /
                                         (record.key + ".png"));
            // Predictions count classes from 0, the truth from 1.
            for (std::uint8_t& value : mask.value) ++value;
            rows += demo::cell(mask_picture(scene, truth, mask));
        }
        rows += "</tr>\n";
    }
    return rows;
}

std::string figure_of(const std::string& picture, const std::string& caption) {
    return "<figure>" + picture + "<figcaption>" + demo::escaped(caption) +
           "</figcaption></figure>";
}

// The right half of the upper part of a picture of embed --mixing-dir: where the text looks.
std::string look(const fs::path& path) {
    const image::Image whole = read_image(path);
    const int side = (whole.width - 4) / 2;
    return demo::picture(image::crop(whole, {whole.width - side, 0, side, side}));
}

std::string looks(const fs::path& out, const Scenes& scenes) {
    const fs::path folder = out / "results" / "looks";
    std::string rows;
    for (const std::string& key : lines_of(folder / "keys.txt")) {
        const auto found = scenes.by_key.find(key);
        if (found == scenes.by_key.end())
            throw cli::DataError((folder / "keys.txt").string() + ": there is no scene " + key);
        rows += "<div class=\"row\">" +
                figure_of(demo::picture(read_image(out / "data" / found->second->image)), "");
        const auto sentences = lines_of(folder / (key + ".txt"));
        for (std::size_t i = 0; i < sentences.size() && i < kLooks; ++i)
            rows +=
                figure_of(look(folder / (key + "." + std::to_string(i) + ".png")), sentences[i]);
        rows += "</div>\n";
    }
    return rows;
}

std::string search(const fs::path& out, const Scenes& scenes) {
    std::string rows, query;
    for (const std::string& line : lines_of(out / "results" / "search.jsonl")) {
        const json hit = json::parse(line);
        if (hit["query"] != query) {
            if (!query.empty()) rows += "</div>\n";
            query = hit["query"];
            rows += "<p>" + demo::escaped(query) + "</p><div class=\"row\">";
        }
        const record::Record& record = *scenes.by_key.at(hit["key"]);
        rows += figure_of(demo::picture(read_image(out / "data" / record.image)), "");
    }
    return rows + "</div>\n";
}

std::string html(const fs::path& out, const std::string& rows) {
    const Scenes scenes(out);
    std::vector<demo::Curve> curves;
    std::string titles;
    for (const ModelName& model : kModels) {
        curves.push_back(loss_curve(out, model));
        titles += std::string("<th>") + model.title + "</th>";
    }
    return demo::page_head("liptools demo") +
           "<h1>What sub-captions change</h1><p>Three models of the same shape saw the same images "
           "equally often. CLIP read the raw web-like caption of each. DreamLIP read four texts "
           "drawn from the raw, short and long captions, long ones by sentence. FLAIR read the "
           "same, and each of its texts asks the patches of the image for what it is about. "
           "Figures are per cent.</p><table><tr><th></th>" +
           titles + "</tr>" + rows +
           "</table><h2>Where a sentence looks</h2><p>Scenes that no model has seen, and "
           "sentences of their captions: FLAIR's weights of the patches, blue to red.</p>" +
           looks(out, scenes) +
           "<h2>Masks</h2><p>Every patch is given the class whose name it is most like, with the "
           "image as a whole as a prior; no mask was used in training. The background is pale: it "
           "is no class, and is left out of the measure.</p><table><tr><th>scene</th>"
           "<th>truth</th>" +
           titles + "</tr>" + masks(out, scenes) +
           "</table><h2>Search</h2><p>The first hits of FLAIR among a thousand new scenes.</p>" +
           search(out, scenes) + "<h2>Loss</h2>" + draw_curves(curves, "thousand images", "loss") +
           "<p class=\"soft\">The losses are of different texts and forms: compare shapes, not "
           "heights.</p></html>\n";
}

int report(const fs::path& out) {
    std::string rows;
    std::printf("\n%-36s", "per cent");
    for (const ModelName& model : kModels) std::printf(" %24s", model.title);
    std::printf("\n");
    for (const Figure& f : kFigures) {
        rows += std::string("<tr><td>") + f.title + "</td>";
        std::printf("%-36s", f.title);
        for (const ModelName& model : kModels) {
            const std::string value = percent(figure(out, model, f));
            rows += demo::cell(value, "n");
            std::printf(" %24s", value.c_str());
        }
        rows += "</tr>";
        std::printf("\n");
    }
    record::write_file((out / "report.html").string(), html(out, rows), /*force=*/true);
    std::printf("\nreport: %s\n", (out / "report.html").c_str());
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 2) {
        std::cerr << "usage: make-report OUT\n";
        return 2;
    }
    try {
        return report(argv[1]);
    } catch (const std::exception& error) {
        std::cerr << "make-report: " << error.what() << "\n";
        return 1;
    }
}
