// make-report OUT: the demo's results as a table on standard output and as OUT/report.html.
//
// Reads OUT/results/<model>.<task>.json, OUT/runs/<model>/metrics.jsonl, the scenes with their
// masks and OUT/results/<model>.masks/.
#include "cli/error.h"
#include "image/decode.h"
#include "image/encode.h"
#include "image/palette.h"
#include "record/file.h"
#include "record/lines.h"
#include "record/record.h"
#include "report/curve.h"

#include <nlohmann/json.hpp>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>

namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using namespace lip;

struct ModelName {
    const char* id;
    const char* title;
    const char* colour;
};
constexpr ModelName kModels[] = {{"clip", "CLIP, raw captions", "#b4552d"},
                                 {"dreamlip", "DreamLIP, sub-captions", "#1f6f8b"}};

struct Figure {
    const char* task;
    const char* metric;
    const char* title;
};
constexpr Figure kFigures[] = {
    {"zeroshot", "acc1", "zero-shot, 40 classes, top 1"},
    {"zeroshot", "acc5", "zero-shot, top 5"},
    {"retrieve", "image_retrieval_recall@1", "text to image, R@1"},
    {"retrieve", "image_retrieval_recall@5", "text to image, R@5"},
    {"retrieve", "text_retrieval_recall@1", "image to text, R@1"},
    {"segment", "mIoU", "segmentation without training, mIoU"},
};
constexpr int kPictures = 8;

std::string base64(const std::string& bytes) {
    constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string out;
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        std::uint32_t bits = 0;
        for (std::size_t k = 0; k < 3; ++k)
            bits =
                bits << 8 | (i + k < bytes.size() ? static_cast<unsigned char>(bytes[i + k]) : 0U);
        for (std::size_t k = 0; k < 4; ++k)
            out += i + k > bytes.size() ? '=' : kDigits[bits >> (18 - 6 * k) & 63];
    }
    return out;
}

json read_json(const fs::path& path) {
    return json::parse(record::read_file(path.string(), 1 << 24));
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
    std::ifstream file(out / "runs" / model.id / "metrics.jsonl");
    double smooth = 0;
    for (std::string line; std::getline(file, line);) {
        const json entry = json::parse(line);
        if (entry["type"] != "train") continue;
        const double loss = entry["loss"].get<double>();
        smooth = curve.points.empty() ? loss : 0.7 * smooth + 0.3 * loss;
        curve.points.emplace_back(entry["samples"].get<double>() / 1000, smooth);
    }
    return curve;
}

std::string picture(const std::string& bytes, const char* type) {
    return std::string("<td><img src=\"data:image/") + type + ";base64," + base64(bytes) +
           "\" width=\"120\" height=\"120\"></td>";
}

// `shift` is added to the values: predictions count classes from 0, the truth from 1.
std::string mask_picture(const fs::path& path, int shift) {
    auto mask = image::decode_mask(record::read_file(path.string()));
    if (!mask) throw cli::DataError(path.string() + ": " + mask.reject().message);
    for (std::uint8_t& value : mask->value) value = static_cast<std::uint8_t>(value + shift);
    return picture(image::encode_png_indexed(*mask, image::voc_palette()), "png");
}

std::string pictures(const fs::path& out) {
    std::ifstream file(out / "data" / "test.jsonl");
    std::string rows;
    int count = 0;
    for (std::string line; std::getline(file, line) && count < kPictures;) {
        const auto record = record::parse_record(line);
        if (!record || record->regions.size() < 2) continue;
        ++count;
        rows += "<tr>" +
                picture(record::read_file((out / "data" / record->image).string()), "jpeg") +
                mask_picture(out / "data" / record->mask, 0);
        for (const ModelName& model : kModels)
            rows += mask_picture(
                out / "results" / (std::string(model.id) + ".masks") / (record->key + ".png"), 1);
        rows += "<td class=\"caption\">" + record->captions.back().text + "</td></tr>\n";
    }
    return rows;
}

constexpr const char* kStyle = R"(<style>
body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#222;background:#fff}
table{border-collapse:collapse;margin:1rem 0}td,th{padding:.35rem .8rem;border-bottom:1px solid #ddd;text-align:left}
td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}img{image-rendering:pixelated;display:block}
svg{width:100%;font-size:12px;fill:#555}.grid{stroke:#e4e4e4}.axis{stroke:#888}.caption{font-size:13px;color:#555}
</style>)";

std::string html(const fs::path& out, const std::string& rows) {
    std::vector<demo::Curve> curves;
    for (const ModelName& model : kModels) curves.push_back(loss_curve(out, model));
    std::string page =
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>liptools demo</title>";
    page += kStyle;
    page +=
        "<h1>What sub-captions change</h1><p>Two models of the same shape saw the same images "
        "equally often. "
        "CLIP read the raw web-like caption of each; DreamLIP read four texts drawn from the raw, "
        "short and long captions, "
        "long ones by sentence. Figures are per cent.</p><table><tr><th></th>";
    for (const ModelName& model : kModels)
        page += std::string("<th class=\"n\">") + model.title + "</th>";
    page +=
        "</tr>" + rows + "</table><h2>Loss</h2>" + draw_curves(curves, "thousand images", "loss");
    page +=
        "<p class=\"caption\">The losses are of different texts: compare shapes, not heights.</p>";
    page +=
        "<h2>Masks</h2><p>Every patch is given the class whose name it is most like, from the "
        "value path of the last block. "
        "No mask was used in training; the background is left out of the "
        "measure.</p><table><tr><th>scene</th><th>truth</th>";
    for (const ModelName& model : kModels) page += std::string("<th>") + model.title + "</th>";
    return page + "<th>a caption</th></tr>" + pictures(out) + "</table></html>\n";
}

int report(const fs::path& out) {
    std::string rows;
    std::printf("\n%-38s %20s %24s\n", "per cent", kModels[0].title, kModels[1].title);
    for (const Figure& f : kFigures) {
        rows += std::string("<tr><td>") + f.title + "</td>";
        std::printf("%-38s", f.title);
        for (const ModelName& model : kModels) {
            const std::string value = percent(figure(out, model, f));
            rows += "<td class=\"n\">" + value + "</td>";
            std::printf(" %*s", &model == kModels ? 20 : 24, value.c_str());
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
