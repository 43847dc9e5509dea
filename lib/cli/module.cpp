#include "cli/module.h"

#include "cli/error.h"

#include <dlfcn.h>

#include <filesystem>

namespace lip::cli {

std::string module_path(const std::string& file) {
    std::error_code failed;
    const std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe", failed);
    return (program.parent_path().parent_path() / "lib" / "liptools" / file).string();
}

int run_in_module(const std::string& tool, const std::string& command, void* options,
                  std::size_t options_size) {
    const std::string path = module_path("lip_" + tool + ".so");
    void* module = ::dlopen(path.c_str(), RTLD_LAZY | RTLD_LOCAL);  // stays until the end
    if (!module)
        throw DataError("the program cannot be loaded: " + std::string(::dlerror()) +
                        " (is the installation complete, and LibTorch where it was?)");
    const auto run = reinterpret_cast<ModuleRun>(::dlsym(module, kModuleRun));
    const auto* size = static_cast<const std::size_t*>(::dlsym(module, kModuleOptionsSize));
    if (!run || !size || *size != options_size)
        throw DataError(path + ": is of another version (install again)");
    return run(command.c_str(), options);
}

}  // namespace lip::cli
