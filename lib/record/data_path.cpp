#include "record/data_path.h"

#include "cli/error.h"

#include <filesystem>
#include <set>
#include <system_error>

namespace lip::record {

namespace fs = std::filesystem;

namespace {

// Where data may be, the first place first.
std::vector<fs::path> data_places() {
    std::error_code failed;
    const fs::path program = fs::read_symlink("/proc/self/exe", failed);  // empty without /proc
    return {
        program.parent_path().parent_path() / "share" / "liptools",
#ifdef LIP_SHARE_DIR  // the sources; a packager may leave it out
        fs::path(LIP_SHARE_DIR),
#endif
#ifdef LIP_FETCHED_DIR
        fs::path(LIP_FETCHED_DIR),
#endif
    };
}

}  // namespace

std::string data_file(std::string_view relative) {
    std::error_code failed;
    std::string looked_at;
    for (const fs::path& place : data_places()) {
        const fs::path file = place / relative;
        if (fs::is_regular_file(file, failed)) return file.string();
        looked_at += (looked_at.empty() ? "" : ", ") + file.string();
    }
    throw cli::DataError(
        std::string(relative) + ": not found; looked at " + looked_at +
        " (is the installation complete? scripts/install-deps of the sources fetches "
        "what does not come with them)");
}

std::vector<std::string> data_names(std::string_view folder) {
    std::set<std::string> names;
    for (const fs::path& place : data_places()) {
        std::error_code failed;
        for (const fs::directory_entry& entry : fs::directory_iterator(place / folder, failed))
            names.insert(entry.path().stem().string());
    }
    return {names.begin(), names.end()};
}

}  // namespace lip::record
