// compare-arms ARMS FOLDER SEED...: what demo/reproduce measured, as a table on standard output
// (Markdown) and as FOLDER/compare.svg.
//
// Reads FOLDER/<arm>-<seed>.<task>.json; an arm whose first seed lacks a task has no such figure.
// Of several seeds it gives the mean and the 95 % interval of the mean, by Student's t.
#include "cli/error.h"
#include "record/file.h"
#include "report/bars.h"

#include <nlohmann/json.hpp>

#include <cmath>
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <limits>
#include <sstream>

namespace {

namespace fs = std::filesystem;
using namespace lip;

struct Arm {
    std::string name, title, published;
};

struct Figure {
    const char* task;
    const char* metric;
    const char* title;
    bool is_share = true;  // printed in per cent, and drawn
};
constexpr Figure kFigures[] = {
    {"regions", "mAcc", "boxes, mAcc"},
    {"phrases", "r2t_recall@10", "box to phrase R@10"},
    {"phrases", "t2r_recall@10", "phrase to box R@10"},
    {"ground", "acc@0.5", "phrase found, IoU 0.5"},
    {"zeroshot", "acc1", "zero-shot top 1"},
    {"short", "text_retrieval_recall@1", "short, image to text R@1"},
    {"short", "image_retrieval_recall@1", "short, text to image R@1"},
    {"long", "text_retrieval_recall@1", "long, image to text R@1"},
    {"photos", "text_retrieval_recall@1", "image to text R@1"},
    {"photos", "text_retrieval_recall@10", "image to text R@10"},
    {"photos", "image_retrieval_recall@1", "text to image R@1"},
    {"photos", "image_retrieval_recall@10", "text to image R@10"},
    {"segment", "mIoU", "masks without training, mIoU"},
    {"prior", "mIoU", "the same, the image as a prior"},
    {"mixing", "mixing_entropy", "entropy of the mixing"},
    {"mixing", "text_distance", "1 - cosine between texts"},
    {"mixing", "effective_rank", "effective rank of z, a number", /*is_share=*/false},
};

std::vector<Arm> read_arms(const std::string& path) {
    std::istringstream lines(record::read_file(path));
    std::vector<Arm> arms;
    for (std::string line; std::getline(lines, line);) {
        if (line.empty() || line[0] == '#') continue;
        std::istringstream fields(line);
        Arm arm;
        if (!std::getline(fields, arm.name, '\t') || !std::getline(fields, arm.title, '\t') ||
            !std::getline(fields, arm.published, '\t'))
            throw cli::DataError(path + ": a line is not ARM TAB TITLE TAB PUBLISHED TAB OPTIONS");
        arms.push_back(arm);
    }
    return arms;
}

fs::path result_file(const fs::path& folder, const Arm& arm, const std::string& seed,
                     const Figure& f) {
    return folder / (arm.name + "-" + seed + "." + f.task + ".json");
}

bool has_figure(const fs::path& folder, const Arm& arm, const std::string& seed, const Figure& f) {
    return fs::exists(result_file(folder, arm, seed, f));
}

double measured(const fs::path& folder, const Arm& arm, const std::string& seed, const Figure& f) {
    const fs::path file = result_file(folder, arm, seed, f);
    const auto summary = nlohmann::json::parse(record::read_file(file.string()));
    if (!summary["metrics"].contains(f.metric))
        throw cli::DataError(file.string() + ": lacks the metric " + f.metric);
    return summary["metrics"][f.metric].get<double>();
}

// 97.5 % points of Student's t for 1..9 degrees of freedom; 2.0 is close enough above.
double student(std::size_t freedom) {
    constexpr double kPoints[] = {12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262};
    return freedom <= std::size(kPoints) ? kPoints[freedom - 1] : 2.0;
}

demo::Bar mean_of(const std::string& name, const std::vector<double>& values) {
    const auto n = static_cast<double>(values.size());
    double sum = 0, squares = 0;
    for (const double value : values) sum += value;
    for (const double value : values) squares += (value - sum / n) * (value - sum / n);
    const double half = values.size() < 2
                            ? std::numeric_limits<double>::quiet_NaN()
                            : student(values.size() - 1) * std::sqrt(squares / (n - 1) / n);
    return {name, sum / n, half};
}

std::string cell(const demo::Bar& bar, double scale) {
    char text[64];
    if (std::isfinite(bar.half_width))
        std::snprintf(text, sizeof text, "%.1f ± %.1f", scale * bar.value, scale * bar.half_width);
    else
        std::snprintf(text, sizeof text, "%.1f", scale * bar.value);
    return text;
}

void compare(const std::string& arms_file, const fs::path& folder,
             const std::vector<std::string>& seeds) {
    const std::vector<Arm> arms = read_arms(arms_file);
    if (arms.empty()) throw cli::DataError(arms_file + ": names no arm");
    std::vector<Figure> figures;
    for (const Figure& figure : kFigures)
        for (const Arm& arm : arms)
            if (has_figure(folder, arm, seeds[0], figure)) {
                figures.push_back(figure);
                break;
            }
    std::vector<demo::BarGroup> drawn;
    std::vector<std::vector<std::string>> cells(arms.size());
    for (const Figure& figure : figures) {
        demo::BarGroup group{figure.title, {}};
        for (std::size_t a = 0; a < arms.size(); ++a) {
            if (!has_figure(folder, arms[a], seeds[0], figure)) {
                cells[a].push_back("-");
                continue;
            }
            std::vector<double> values;
            for (const std::string& seed : seeds)
                values.push_back(measured(folder, arms[a], seed, figure));
            group.bars.push_back(mean_of(arms[a].title, values));
            cells[a].push_back(cell(group.bars.back(), figure.is_share ? 100 : 1));
        }
        if (figure.is_share) drawn.push_back(std::move(group));
    }
    if (seeds.size() == 1)
        std::printf("| per cent, one seed |");
    else
        std::printf("| per cent, %zu seeds, mean and 95 %% interval |", seeds.size());
    for (const Figure& figure : figures) std::printf(" %s |", figure.title);
    std::printf(" published |\n| --- |");
    for (std::size_t i = 0; i <= figures.size(); ++i) std::printf(" --- |");
    std::printf("\n");
    for (std::size_t a = 0; a < arms.size(); ++a) {
        std::printf("| %s |", arms[a].title.c_str());
        for (const std::string& text : cells[a]) std::printf(" %s |", text.c_str());
        std::printf(" %s |\n", arms[a].published.c_str());
    }
    record::write_file((folder / "compare.svg").string(), draw_bars(drawn), /*force=*/true);
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 4) {
        std::cerr << "usage: compare-arms ARMS FOLDER SEED...\n";
        return 2;
    }
    try {
        compare(argv[1], argv[2], {argv + 3, argv + argc});
        return 0;
    } catch (const std::exception& error) {
        std::cerr << "compare-arms: " << error.what() << "\n";
        return 1;
    }
}
