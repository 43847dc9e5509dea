// compare-arms ARMS FOLDER SEED...: what demo/reproduce measured, as a table on standard output
// (Markdown) and as FOLDER/compare.svg.
//
// Reads FOLDER/<arm>-<seed>.<task>.json; a task that the first of these lacks was not measured. Of
// several seeds it gives the mean and the 95 % interval of the mean, by Student's t.
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
    {"segment", "mIoU", "masks without training, mIoU"},
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

void compare(const std::string& arms_file, const fs::path& folder,
             const std::vector<std::string>& seeds) {
    const std::vector<Arm> arms = read_arms(arms_file);
    if (arms.empty()) throw cli::DataError(arms_file + ": names no arm");
    std::vector<Figure> figures;
    for (const Figure& figure : kFigures)
        if (fs::exists(result_file(folder, arms[0], seeds[0], figure))) figures.push_back(figure);
    std::vector<demo::BarGroup> groups;
    for (const Figure& figure : figures) {
        demo::BarGroup group{figure.title, {}};
        for (const Arm& arm : arms) {
            std::vector<double> values;
            for (const std::string& seed : seeds)
                values.push_back(measured(folder, arm, seed, figure));
            group.bars.push_back(mean_of(arm.title, values));
        }
        groups.push_back(std::move(group));
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
        for (const demo::BarGroup& group : groups) {
            std::printf(" %.1f", 100 * group.bars[a].value);
            if (std::isfinite(group.bars[a].half_width))
                std::printf(" ± %.1f", 100 * group.bars[a].half_width);
            std::printf(" |");
        }
        std::printf(" %s |\n", arms[a].published.c_str());
    }
    record::write_file((folder / "compare.svg").string(), draw_bars(groups), /*force=*/true);
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
