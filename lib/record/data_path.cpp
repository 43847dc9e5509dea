#include "record/data_path.h"

#include "cli/error.h"

#include <filesystem>
#include <system_error>

namespace lip::record {

namespace fs = std::filesystem;

std::string data_file(std::string_view relative) {
    std::error_code failed;
    const fs::path program = fs::read_symlink("/proc/self/exe", failed);  // empty without /proc
    const fs::path places[] = {
        program.parent_path().parent_path() / "share" / "liptools",
#ifdef LIP_SHARE_DIR  // the sources; a packager may leave it out
        fs::path(LIP_SHARE_DIR),
#endif
#ifdef LIP_FETCHED_DIR
        fs::path(LIP_FETCHED_DIR),
#endif
    };
    std::string looked_at;
    for (const fs::path& place : places) {
        const fs::path file = place / relative;
        if (fs::is_regular_file(file, failed)) return file.string();
        looked_at += (looked_at.empty() ? "" : ", ") + file.string();
    }
    throw cli::DataError(
        std::string(relative) + ": not found; looked at " + looked_at +
        " (is the installation complete? scripts/install-deps of the sources fetches "
        "what does not come with them)");
}

}  // namespace lip::record
