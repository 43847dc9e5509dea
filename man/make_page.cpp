// make-page: a page that no program has, man/NAME.md, as roff. scripts/make-man calls it.
#include "cli/tool.h"

#include <cstdio>
#include <exception>
#include <stdexcept>
#include <string>

int main(int argc, char** argv) try {
    if (argc != 2) throw std::invalid_argument("usage: make-page lip.7");
    const std::string page = lip::cli::man_page(lip::cli::embedded_page(argv[1]));
    std::fwrite(page.data(), 1, page.size(), stdout);
    return std::fclose(stdout) == 0 ? 0 : 1;
} catch (const std::exception& problem) {
    std::fprintf(stderr, "make-page: %s\n", problem.what());
    return 1;
}
