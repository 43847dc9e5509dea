// A tool as its user sees it: commands, options, texts. Help, man page, completions and the JSON
// for tests are made from this one description.
#pragma once

#include "cli/manual.h"
#include "cli/options.h"

#include <functional>
#include <string>
#include <vector>

namespace lip::cli {

struct Example {
    std::string comment;  // what it does, a short sentence
    std::string command;  // shell; run by the tests in a folder with example data
};

// What to do where the output exists already.
enum class IfExists { kFail, kReplace, kSkip };

// Options every tool has (lip(7)).
struct Common {
    std::string output = "-";
    bool force = false;  // also by --if-exists=replace
    IfExists if_exists = IfExists::kFail;
    std::int64_t threads = 0;  // 0: all cores this process may use
    bool quiet = false;
    int verbose = 0;
    bool dry_run = false;
    std::string config;
    std::string log_format = "text";
    std::string progress = "auto";
    bool provenance = true;
    std::string provenance_text;  // tests fix it
    bool assume_tty = false;      // tests see progress without a terminal
    bool print_config = false;

    // `threads` with 0 resolved: affinity and the cgroup's limit count.
    int thread_count() const;
};

struct Command {
    std::string name;      // empty: the tool itself; else the first operand, "ls"
    std::string synopsis;  // what follows the name: "[OPTION]... [FILE]..."
    std::string summary;
    Options options;
    std::function<int()> run;
};

// What a tool is: its page in man/ (summary, sections, examples) and its commands.
struct Tool {
    Page page;
    bool resumes = false;                    // ends with exit 4 on a signal instead of dying
    std::vector<std::string> features = {};  // for --version: libraries and what is built in
    std::vector<Command> commands = {};

    std::vector<Example> examples() const;  // a sentence and its code, from EXAMPLES
};

// `output_help` empty: the tool declares -o itself. `one_output`: -o names a file or folder that is
// there complete or not at all, so that --if-exists can tell whether the work is done.
void add_common(Options& options, Common& common, std::string_view output_help,
                bool one_output = true);

// Parses, runs, reports, closes standard output. The exit code of the program.
int run_tool(int argc, char** argv, Tool& tool, Common& common);

std::string short_help(const Tool& tool, const Command& command, const std::string& called);
std::string long_help(const Tool& tool, const Command& command, const std::string& called);
// format: man bash zsh fish json. Throws UsageError for others.
std::string generate(const Tool& tool, const std::string& format);
// Roff: of a tool with its options and exit status, or of a page that is complete as it stands.
std::string man_page(const Tool& tool);
std::string man_page(const Page& page);

// Who made an output: {"tool":…,"version":…,"git":…,"argv":[…],"time":…} as JSON, or the text of
// the hidden option --provenance.
std::string provenance_json(const Common& common);

const char* version();   // 0.1.0
const char* build_id();  // git commit, or "unknown"

// The arguments as called, for provenance and messages.
const std::vector<std::string>& called_arguments();

}  // namespace lip::cli
