// Parts of a program that are loaded when they are needed: what is large to load is not waited for
// by who asks for help or mistypes an option.
#pragma once

#include <cstddef>
#include <string>

namespace lip::cli {

// Where a module of this installation is: ../lib/liptools beside the folder of the program, in a
// build and where it is installed.
std::string module_path(const std::string& file);

// Runs a command of a tool in the module lip_<tool>.so with its options, an object of the type that
// the command takes. Returns the exit code, throws what the command throws, and DataError if the
// module cannot be loaded.
int run_in_module(const std::string& tool, const std::string& command, void* options,
                  std::size_t options_size);

// The same for options of any type.
template <class Options>
int run_in_module(const std::string& tool, const std::string& command, Options& options) {
    return run_in_module(tool, command, &options, sizeof options);
}

// What a module has: its entry, and the size of the options that it was compiled with.
using ModuleRun = int (*)(const char* command, void* options);
inline constexpr const char* kModuleRun = "lip_module_run";
inline constexpr const char* kModuleOptionsSize = "lip_module_options_size";

}  // namespace lip::cli

// The entry of a module: LIP_MODULE(EmbedOptions) { return embed(options); }
#define LIP_MODULE(Options)                                               \
    static int run_command(const std::string& command, Options& options); \
    extern "C" {                                                          \
    extern const std::size_t lip_module_options_size;                     \
    const std::size_t lip_module_options_size = sizeof(Options);          \
    int lip_module_run(const char* command, void* options);               \
    int lip_module_run(const char* command, void* options) {              \
        return run_command(command, *static_cast<Options*>(options));     \
    }                                                                     \
    }                                                                     \
    static int run_command([[maybe_unused]] const std::string& command, Options& options)
