#include "record/parquet_module.h"

#include "cli/error.h"
#include "cli/module.h"

#include <dlfcn.h>

namespace lip::record {
namespace {

#ifdef LIP_ARROW_VERSION
constexpr const char* kVersion = "Arrow " LIP_ARROW_VERSION;
#else
constexpr const char* kVersion = nullptr;
#endif

constexpr const char* kModule = "liblip_parquet.so";

ParquetModule load(const std::string& name) {
    const std::string path = cli::module_path(kModule);
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
