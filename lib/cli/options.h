// The options of a tool, declared once: parser, -h, --help, man page, completions, --print-config
// and the tests all read this table.
//
//     Options options;
//     options.group("records");
//     options.add("--max-line", settings.max_line, Kind::kSize, "SIZE", "longest line accepted");
//     options.flag("--allow-empty", settings.allow_empty, "empty input is no error");
//
// Targets are plain values owned by the caller; what they hold when declared is the default.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace lip::cli {

// Where a value came from, weakest first. A list takes its values from the strongest source alone,
// unless it merges keys.
enum class Origin { kDefault, kConfig, kEnvironment, kCommandLine };

struct Option {
    std::string name;     // long name without dashes
    char letter = 0;      // short name, 0 for none
    std::string metavar;  // "FILE"; empty for a switch
    std::string help;
    std::string group;
    std::string environment;           // LIP_… or empty
    std::vector<std::string> choices;  // allowed words, empty for any
    std::string shown_default;         // as help prints it
    bool is_switch = false;            // takes no value
    bool negatable = false;            // also as --no-NAME
    bool is_list = false;              // may be repeated
    // A list of KEY=VALUE: the command line replaces the file's values of its own keys alone.
    bool merges_keys = false;
    bool hidden = false;
    bool in_config = true;
    Origin origin = Origin::kDefault;

    std::function<void(std::string_view)> set;      // throws UsageError with the reason alone
    std::function<std::vector<std::string>()> get;  // values in the form `set` takes
    std::function<void()> clear;                    // lists only
};

// Numbers may carry a unit.
enum class Kind {
    kPlain,
    kCount,     // k M G, powers of 1000
    kSize,      // KB MB GB, KiB MiB GiB
    kDuration,  // s m h, in seconds
};

class Options {
public:
    // Options declared from here on belong to this group of the help.
    void group(std::string title) { group_ = std::move(title); }

    // `names` is "-o,--output" or "--output". All throw UsageError later, when a value does not
    // fit.
    Option& add(std::string_view names, std::string& target, std::string metavar, std::string help);
    Option& add(std::string_view names, std::int64_t& target, Kind kind, std::string metavar,
                std::string help, std::int64_t low = 0, std::int64_t high = INT64_MAX);
    Option& add(std::string_view names, double& target, std::string metavar, std::string help,
                double low, double high);
    // Comma-separated and repeatable.
    Option& add(std::string_view names, std::vector<std::string>& target, std::string metavar,
                std::string help);
    // Repeatable, one value each; commas stay.
    Option& add_repeated(std::string_view names, std::vector<std::string>& target,
                         std::string metavar, std::string help);
    Option& flag(std::string_view names, bool& target, std::string help, bool negatable = false);
    // -v, -vv: counts.
    Option& counter(std::string_view names, int& target, std::string help);

    template <class Enum>
    Option& choice(std::string_view names, Enum& target,
                   std::vector<std::pair<std::string, Enum>> table, std::string help);
    // A word of a fixed set, kept as text.
    Option& choice(std::string_view names, std::string& target, std::vector<std::string> words,
                   std::string help);

    void operands(std::vector<std::string>& target, std::string metavar, std::string help,
                  std::size_t least = 0, std::size_t most = SIZE_MAX);

    // Called by parse() when all sources are read, before values are used or printed: for options
    // whose default depends on another.
    void after_parse(std::function<void(const Options&)> body) { after_parse_ = std::move(body); }

    // Turns what --config says into the path of a file: for tools whose settings come with them by
    // name.
    void locate_config(std::function<std::string(const std::string&)> body) {
        locate_config_ = std::move(body);
    }

    // Reads the command line, then fills in environment and configuration file (their options
    // --config and LIP_CONFIG must be declared). Throws UsageError.
    void parse(const std::vector<std::string>& arguments);

    const std::vector<Option>& all() const { return options_; }
    const std::string& operand_metavar() const { return operand_metavar_; }
    const std::string& operand_help() const { return operand_help_; }
    bool has_operands() const { return operands_ != nullptr; }
    // Set anywhere but by default?
    bool given(std::string_view name) const;
    // For printing and for comparing runs: every option with its values now.
    std::string as_toml(bool with_help) const;

private:
    Option& push(std::string_view names, std::string metavar, std::string help);
    Option* find(std::string_view name);
    void assign(Option& option, std::string_view value, Origin origin, std::string_view spelling);
    void parse_long(std::string_view argument, const std::vector<std::string>& all, std::size_t& i);
    void parse_short(std::string_view letters, const std::vector<std::string>& all, std::size_t& i);
    void parse_environment();
    void parse_config(const std::string& path);
    void assign_list(Option& option, const std::vector<std::string>& values,
                     const std::string& where);

    std::vector<Option> options_;
    std::string group_;
    std::vector<std::string>* operands_ = nullptr;
    std::string operand_metavar_, operand_help_;
    std::function<void(const Options&)> after_parse_;
    std::function<std::string(const std::string&)> locate_config_;
    std::size_t operands_least_ = 0, operands_most_ = SIZE_MAX;
};

// "stop, skip" for messages.
std::string join(const std::vector<std::string>& words, std::string_view between = ", ");

// That of the names which `given` may stand for, at most two letters off; empty: none.
std::string meant_name(const std::vector<std::string>& names, std::string_view given);

// Readers of single values; throw UsageError("… is not a number" and the like).
std::int64_t parse_integer(std::string_view text, Kind kind);
double parse_real(std::string_view text);
std::string real_text(double value);  // shortest form that reads back

template <class Enum>
Option& Options::choice(std::string_view names, Enum& target,
                        std::vector<std::pair<std::string, Enum>> table, std::string help) {
    Option& option = push(names, "WORD", std::move(help));
    for (const auto& entry : table) option.choices.push_back(entry.first);
    option.get = [&target, table] {
        for (const auto& [word, value] : table)
            if (value == target) return std::vector<std::string>{word};
        return std::vector<std::string>{};
    };
    option.shown_default = join(option.get());
    option.set = [&target, table](std::string_view text) {
        for (const auto& [word, value] : table)
            if (word == text) target = value;
    };
    return option;
}

}  // namespace lip::cli
