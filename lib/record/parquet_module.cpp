#include "record/parquet_module.h"

#include "cli/error.h"

#include <dlfcn.h>

#include <filesystem>

namespace lip::record {
namespace {

#ifdef LIP_ARROW_VERSION
constexpr const char* kVersion = "Arrow " LIP_ARROW_VERSION;
#else
constexpr const char* kVersion = nullptr;
#endif

constexpr const char* kModule = "liblip_parquet.so";

// In ../lib/liptools beside the folder of the program: so it is in a build and installed.
ParquetModule load(const std::string& name) {
    std::error_code failed;
    const std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe", failed);
    const std::string path =
        (program.parent_path().parent_path() / "lib" / "liptools" / kModule).string();
    void* module = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);  // stays until the end
    if (!module)
        throw cli::DataError(name + ": the Parquet module cannot be loaded: " + ::dlerror() +
                             " (is the installation complete?)");
    const auto interface =
        reinterpret_cast<parquet::Interface>(::dlsym(module, parquet::kInterfaceSymbol));
    const ParquetModule found{
        reinterpret_cast<parquet::Open>(::dlsym(module, parquet::kOpenSymbol)),
        reinterpret_cast<parquet::Create>(::dlsym(module, parquet::kCreateSymbol))};
    if (!interface || !found.open || !found.create || interface() != parquet::kInterface)
        throw cli::DataError(path + ": is the Parquet module of another version (install again)");
    return found;
}

}  // namespace

std::string_view parquet_version() {
    return kVersion ? kVersion : "not built in";
}

const ParquetModule& parquet_module(const std::string& name, const std::string& otherwise) {
    if (!kVersion)
        throw cli::DataError(name +
                             ": is a Parquet file, and this program was built without Parquet (run "
                             "scripts/install-deps and build again, or " +
                             otherwise + ")");
    static const ParquetModule module = load(name);
    return module;
}

}  // namespace lip::record
