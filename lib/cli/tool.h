// A tool as its user sees it: commands, options, texts. Help, man page, completions and the JSON
// for tests are made from this one description.
#pragma once

#include "cli/options.h"

#include <functional>
#include <string>
#include <vector>

namespace lip::cli {

struct Example {
    std::string comment;  // what it does, a short sentence
    std::string command;  // shell; run by the tests in a folder with example data
};

struct Section {
    std::string title;  // "OUTPUT"
    std::string
        text;  // paragraphs split by blank lines; lines with four spaces in front stand as they are
};

// Options every tool has (lip(7)).
struct Common {
    std::string output = "-";
    bool force = false;
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
    bool answer = false;  // -h, -V and --generate are answered before parsing
    std::string generate;

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

struct Tool {
    std::string name;
    std::string summary;
    std::string description;
    std::vector<Section> sections;  // OUTPUT, BAD INPUT, ...
    std::vector<Example> examples;
    std::string see_also;               // "shard(1), record(5)"
    bool resumes = false;               // ends with exit 4 on a signal instead of dying
    std::vector<std::string> features;  // for --version: libraries and what is built in
    std::vector<Command> commands;
};

void add_common(Options& options, Common& common, std::string_view output_help);

// Parses, runs, reports, closes standard output. The exit code of the program.
int run_tool(int argc, char** argv, Tool& tool, Common& common);

std::string short_help(const Tool& tool, const Command& command, const std::string& called);
std::string long_help(const Tool& tool, const Command& command, const std::string& called);
// format: man bash zsh fish json. Throws UsageError for others.
std::string generate(const Tool& tool, const std::string& format);

// Who made an output: {"tool":…,"version":…,"git":…,"argv":[…],"time":…} as JSON, or the text of
// the hidden option --provenance.
std::string provenance_json(const Common& common);

const char* version();   // 0.1.0
const char* build_id();  // git commit, or "unknown"

// The arguments as called, for provenance and messages.
const std::vector<std::string>& called_arguments();

}  // namespace lip::cli
