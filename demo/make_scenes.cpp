// make-scenes: draws the demo data set, small scenes of colour stickers with captions.
#include "scenes/options.h"

#include "cli/error.h"

#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <exception>

namespace {

void run(const lip::demo::SceneSet& set) {
    const auto start = std::chrono::steady_clock::now();
    const bool terminal = ::isatty(STDERR_FILENO) == 1;
    std::size_t scenes = 0;
    lip::demo::generate(set, [&](std::size_t done, std::size_t total) {
        scenes = done;
        if (terminal) std::fprintf(stderr, "\rmake-scenes: %zu of %zu scenes", done, total);
    });
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    std::fprintf(stderr, "%smake-scenes: %zu scenes in %s, %.1f s\n", terminal ? "\r\x1b[K" : "",
                 scenes, set.out.c_str(), took.count());
}

}  // namespace

int main(int argc, char** argv) {
    try {
        const lip::demo::Options options = lip::demo::parse_options(argc, argv);
        if (!options.help) {
            run(options.set);
        } else if (std::fputs(lip::demo::help_text().c_str(), stdout) < 0 ||
                   std::fflush(stdout) != 0) {
            throw lip::cli::DataError("standard output: writing failed");
        }
        return lip::cli::kDone;
    } catch (const lip::cli::UsageError& error) {
        std::fprintf(stderr, "make-scenes: %s; try --help\n", error.what());
        return lip::cli::kUsage;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "make-scenes: %s\n", error.what());
        return lip::cli::kFailed;
    }
}
