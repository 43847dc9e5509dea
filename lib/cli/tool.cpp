#include "cli/tool.h"

#include "cli/error.h"
#include "cli/log.h"
#include "cli/stop.h"

#include <fcntl.h>
#include <malloc.h>
#include <sched.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <new>

namespace lip::cli {
namespace {

std::vector<std::string> arguments_as_called;

std::string base_name(const std::string& path) {
    return path.substr(path.rfind('/') + 1);
}

void print(const std::string& text) {
    std::fwrite(text.data(), 1, text.size(), stdout);
    std::fflush(stdout);
    if (std::ferror(stdout) && errno != EPIPE)
        throw DataError(std::string("write error: ") + std::strerror(errno));
}

void add_questions(Options& options) {
    options.question("-h,--help", {},
                     "print a short summary of the options; --help prints everything");
    options.question("-V,--version", {}, "print the version, the build and the libraries");
    options.question("--generate", {"man", "bash", "zsh", "fish", "json"},
                     "print the man page, a shell completion, or the options as JSON");
}

std::string version_text(const Tool& tool, const std::string& called) {
    std::string out = called + " (liptools) " + version() + "\nbuild " + build_id() + "\n";
    for (const std::string& feature : tool.features) out += feature + "\n";
    return out;
}

// The command that the arguments name. Answers questions by throwing them.
Command& parse(Tool& tool, const std::vector<std::string>& arguments) {
    std::vector<NamedOptions> commands;
    std::vector<std::string> names;
    for (Command& command : tool.commands) {
        commands.push_back({command.name, &command.options});
        names.push_back(command.name);
    }
    // Without a command of the empty name there are only questions.
    std::vector<std::string> words;
    Options questions;
    add_questions(questions);
    questions.operands(words, "COMMAND", "");
    const bool needs_name = std::ranges::find(names, "") == names.end();
    if (needs_name) commands.push_back({"", &questions});
    const std::size_t chosen = parse_command_line(commands, arguments);
    if (chosen < tool.commands.size()) return tool.commands[chosen];
    if (words.empty()) throw UsageError("name a command: " + join(names) + " (see -h)");
    throw UsageError("unknown command '" + words.front() + "': " + join(names) + " (see -h)");
}

void answer(const Question& question, const Tool& tool, const std::string& called) {
    const Command& command =
        tool.commands[question.command < tool.commands.size() ? question.command : 0];
    if (question.name == "-h") return print(short_help(tool, command, called));
    if (question.name == "--help") return print(long_help(tool, command, called));
    if (question.name == "--generate") return print(generate(tool, question.value));
    print(version_text(tool, called));
}

// A standard stream that is closed must not become the descriptor of a file of ours. The direction
// is the wrong one on purpose: using the stream fails, as it would have.
void occupy_standard_streams() {
    for (int fd = 0; fd < 3; ++fd)
        if (::fcntl(fd, F_GETFD) < 0) ::open("/dev/null", fd == 0 ? O_WRONLY : O_RDONLY);
}

void configure(const Tool& tool, const Common& common, const std::string& called) {
    LogSettings settings;
    settings.tool = called;
    settings.format = common.log_format == "json" ? LogFormat::kJson : LogFormat::kText;
    settings.threshold = common.quiet          ? Level::kError
                         : common.verbose >= 2 ? Level::kDebug
                         : common.verbose == 1 ? Level::kVerbose
                                               : Level::kInfo;
    const char* terminal = std::getenv("TERM");
    const char* no_colour = std::getenv("NO_COLOR");
    settings.colour = ::isatty(STDERR_FILENO) == 1 && !(no_colour && *no_colour) &&
                      !(terminal && std::strcmp(terminal, "dumb") == 0);
    configure_log(settings);
    Progress::configure(common.progress == "always"  ? Progress::Mode::kAlways
                        : common.progress == "never" ? Progress::Mode::kNever
                                                     : Progress::Mode::kAuto,
                        common.assume_tty);
    install_signals(tool.resumes ? OnSignal::kFinish : OnSignal::kDie);
}

void report_usage_of_machine(double start) {
    rusage use{};
    getrusage(RUSAGE_SELF, &use);
    const auto seconds = [](const timeval& t) {
        return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
    };
    char text[160];
    std::snprintf(text, sizeof text, "wall %.2f s, cpu %.2f s, peak memory %.1f MiB",
                  monotonic_s() - start, seconds(use.ru_utime) + seconds(use.ru_stime),
                  static_cast<double>(use.ru_maxrss) / 1024);
    verbose(text);
}

// An output is complete when it has its name.
bool is_done(const Common& common) {
    return common.if_exists == IfExists::kSkip && common.output != "-" &&
           ::access(common.output.c_str(), F_OK) == 0;
}

int run_command(Tool& tool, Common& common, const std::vector<std::string>& arguments,
                const std::string& called) {
    Command* chosen = nullptr;
    try {
        chosen = &parse(tool, arguments);
    } catch (const Question& question) {
        answer(question, tool, called);
        return kDone;
    }
    const Command& command = *chosen;
    configure(tool, common, called);
    if (common.print_config) {
        print(command.options.as_toml(true));
        return kDone;
    }
    if (is_done(common)) {
        info(common.output + " exists already: nothing to do (--if-exists=skip)");
        return kDone;
    }
    verbose("settings:\n" + command.options.as_toml(false));
    const double start = monotonic_s();
    const int code = command.run();
    report_usage_of_machine(start);
    return code;
}

// Blocks of input and output come and go all the time: glibc would take each from the system and
// give it back, and have its pages cleared again.
void keep_freed_blocks() {
    mallopt(M_MMAP_THRESHOLD, 32 << 20);
    mallopt(M_TRIM_THRESHOLD, 64 << 20);
}

}  // namespace

const std::vector<std::string>& called_arguments() {
    return arguments_as_called;
}

std::vector<Example> Tool::examples() const {
    std::vector<Example> found;
    const Section* section = page.find("EXAMPLES");
    if (!section) return found;
    std::string comment;
    for (const Block& block : section->blocks)
        if (block.kind == Block::Kind::kCode)
            found.push_back({comment, block.text});
        else
            comment = block.text;
    return found;
}

int Common::thread_count() const {
    if (threads > 0) return static_cast<int>(threads);
    cpu_set_t set;
    int count = 1;
    if (sched_getaffinity(0, sizeof set, &set) == 0) count = CPU_COUNT(&set);
    std::ifstream limit("/sys/fs/cgroup/cpu.max");
    std::string quota;
    double period = 0;
    if (limit >> quota >> period && quota != "max" && period > 0)
        count = std::min(count, static_cast<int>(std::max(1.0, std::stod(quota) / period + 0.5)));
    return std::max(count, 1);
}

void add_common(Options& options, Common& common, std::string_view output_help, bool one_output) {
    options.group("common");
    if (!output_help.empty()) {
        options.add("-o,--output", common.output, "FILE", std::string(output_help));
        options.flag("-f,--force", common.force, "replace existing files");
    }
    if (!output_help.empty() && one_output) {
        options.choice(
            "--if-exists", common.if_exists,
            {{"fail", IfExists::kFail}, {"replace", IfExists::kReplace}, {"skip", IfExists::kSkip}},
            "if the output of -o exists: fail; replace it, as -f does; or do nothing and end with "
            "status 0");
        options.after_parse([&common](const Options& given) {
            if (common.force && given.on_command_line("force") &&
                common.if_exists == IfExists::kSkip)
                throw UsageError("-f and --if-exists=skip cannot be used together");
            if (common.if_exists == IfExists::kReplace) common.force = true;
        });
    }
    options
        .add("-j,--threads", common.threads, Kind::kPlain, "N",
             "number of threads; 0: all cores that the process may use", 0, 4096)
        .environment = "LIP_THREADS";
    options.flag("-q,--quiet", common.quiet, "print only errors");
    options.counter("-v,--verbose", common.verbose, "print more messages; twice for debugging");
    options.flag("-n,--dry-run", common.dry_run, "check everything, print the plan, write nothing");
    Option& config = options.add("--config", common.config, "FILE",
                                 "read settings from a TOML file, as --print-config prints it");
    config.in_config = false;
    config.environment = "LIP_CONFIG";
    options.flag("--print-config", common.print_config, "print every setting as TOML and exit")
        .in_config = false;
    options
        .choice("--progress", common.progress, {"auto", "always", "never"},
                "show progress on standard error")
        .environment = "LIP_PROGRESS";
    options.choice("--log-format", common.log_format, {"text", "json"}, "format of messages")
        .environment = "LIP_LOG_FORMAT";
    options.flag("--provenance", common.provenance,
                 "record in the outputs which program made them, and how", true);
    add_questions(options);
    options.flag("--assume-tty", common.assume_tty, "for tests: behave as at a terminal").hidden =
        true;
    options
        .add("--provenance-text", common.provenance_text, "TEXT",
             "for tests: record this provenance")
        .hidden = true;
}

std::string provenance_json(const Common& common) {
    if (!common.provenance_text.empty()) return common.provenance_text;
    std::string out = "{\"tool\":";
    append_json_string(out, log_settings().tool);
    out += ",\"version\":";
    append_json_string(out, version());
    out += ",\"git\":";
    append_json_string(out, build_id());
    out += ",\"argv\":[";
    for (std::size_t i = 0; i < arguments_as_called.size(); ++i) {
        if (i) out += ',';
        append_json_string(out, arguments_as_called[i]);
    }
    return out + "],\"time\":\"" + utc_now() + "\"}";
}

int run_tool(int argc, char** argv, Tool& tool, Common& common) {
    const std::string called = argc > 0 ? base_name(argv[0]) : tool.page.name;
    arguments_as_called.assign(argv, argv + argc);
    ::signal(SIGPIPE, SIG_IGN);  // of help, too, the reader may have enough
    occupy_standard_streams();
    keep_freed_blocks();
    LogSettings early;
    early.tool = called;
    configure_log(early);
    try {
        const int code = run_command(tool, common, {argv + std::min(argc, 1), argv + argc}, called);
        if (::close(STDOUT_FILENO) != 0 && errno != EBADF && errno != EPIPE)
            throw DataError(std::string("write error: ") + std::strerror(errno));
        return code;
    } catch (const ReaderGone&) {
        return kDone;
    } catch (const UsageError& problem) {
        error(problem.what());
        return kUsage;
    } catch (const DataError& problem) {
        error(problem.what());
    } catch (const std::bad_alloc&) {
        error("out of memory");
    } catch (const std::exception& problem) {
        error(std::string("internal error: ") + problem.what());
    }
    return kFailed;
}

}  // namespace lip::cli
