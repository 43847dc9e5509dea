// The options of a tool, declared once: parser, -h, --help, man page, completions, --print-config
// and the tests all read this table.
//
//     Options options;
//     options.group("records");
//     options.add("--max-line", settings.max_line, Kind::kSize, "SIZE", "longest line accepted");
//     options.flag("--allow-empty", settings.allow_empty, "accept empty input");
//
// Targets are plain values owned by the caller; what they hold when declared is the default.
// CLI11 parses (parser.cpp); what it checks stands in the table.
#pragma once

#include "cli/values.h"

#include <cstdint>
#include <functional>
#include <optional>
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
    std::string environment;            // LIP_… or empty
    std::vector<std::string> choices;   // allowed words, empty for any
    std::string shown_default;          // as help prints it
    std::optional<Kind> integer;        // a whole number
    std::optional<double> least, most;  // limits of a number
    bool is_switch = false;             // takes no value
    bool negatable = false;             // also as --no-NAME
    bool counts = false;                // a switch whose repetitions count
    bool is_list = false;               // may be repeated
    bool splits_commas = false;         // a list, also of what has commas
    // A list of KEY=VALUE: the command line replaces the file's values of its own keys alone.
    bool merges_keys = false;
    bool hidden = false;
    bool in_config = true;
    bool is_question = false;           // answered at once, before anything is checked
    std::optional<std::string> remedy;  // required; what to do where it is missing, or ""
    std::vector<std::string> excludes;  // names of options that it cannot stand beside
    std::vector<std::string> meant_by;  // unknown names that stand for it in people's minds
    Origin origin = Origin::kDefault;
    std::vector<std::string> from_file;  // of a list that merges keys, what the file said

    std::function<void(std::string_view)> set;      // throws UsageError with the reason alone
    std::function<std::vector<std::string>()> get;  // values in the form `set` takes
    std::function<void()> clear;                    // lists only

    // `check` throws UsageError for a value that does not fit.
    Option& checked_by(std::function<void(std::string_view)> check);
    Option& required(std::string what_to_do = "") { return remedy = std::move(what_to_do), *this; }
    Option& not_with(std::vector<std::string> names) { return excludes = std::move(names), *this; }
};

class Options {
public:
    // Options declared from here on belong to this group of the help.
    void group(std::string title) { group_ = std::move(title); }

    // `names` is "-o,--output" or "--output". All throw UsageError later, when a value does not
    // fit. A type of its own has from_text and to_text beside it (values.h).
    template <class T>
    Option& add(std::string_view names, T& target, std::string metavar, std::string help);
    Option& add(std::string_view names, std::int64_t& target, Kind kind, std::string metavar,
                std::string help, std::int64_t low = 0, std::int64_t high = INT64_MAX);
    Option& add(std::string_view names, double& target, std::string metavar, std::string help,
                double low, double high);
    // A whole number, or the word that says what nothing stands for: "auto".
    Option& add(std::string_view names, std::optional<std::int64_t>& target, std::string word,
                std::string metavar, std::string help, std::int64_t low, std::int64_t high);
    // Comma-separated and repeatable.
    template <class T>
    Option& add(std::string_view names, std::vector<T>& target, std::string metavar,
                std::string help);
    // Repeatable, one value each; commas stay.
    template <class T>
    Option& add_repeated(std::string_view names, std::vector<T>& target, std::string metavar,
                         std::string help);
    Option& flag(std::string_view names, bool& target, std::string help, bool negatable = false);
    // -v, -vv: counts.
    Option& counter(std::string_view names, int& target, std::string help);
    // -h: printed and done with. See Question.
    Option& question(std::string_view names, std::vector<std::string> choices, std::string help);

    template <class Enum>
    Option& choice(std::string_view names, Enum& target,
                   std::vector<std::pair<std::string, Enum>> table, std::string help);
    // A word of a fixed set, kept as text.
    Option& choice(std::string_view names, std::string& target, std::vector<std::string> words,
                   std::string help);

    void operands(std::vector<std::string>& target, std::string metavar, std::string help,
                  std::size_t least = 0, std::size_t most = SIZE_MAX);

    // Called by parse() when all sources are read, before values are used or printed: for options
    // whose default depends on another, or that do not go together. In the order of the calls.
    void after_parse(std::function<void(const Options&)> body) {
        after_parse_.push_back(std::move(body));
    }

    // Turns what --config says into the path of a file: for tools whose settings come with them by
    // name.
    void locate_config(std::function<std::string(const std::string&)> body) {
        locate_config_ = std::move(body);
    }

    // Reads the command line, then fills in environment and configuration file (their options
    // --config and LIP_CONFIG must be declared). Throws UsageError, Question.
    void parse(const std::vector<std::string>& arguments);

    const std::vector<Option>& all() const { return options_; }
    const Option* find(std::string_view name) const;  // null: none of this name
    const std::string& operand_metavar() const { return operand_metavar_; }
    const std::string& operand_help() const { return operand_help_; }
    bool has_operands() const { return operands_ != nullptr; }
    // Set anywhere but by default?
    bool given(std::string_view name) const;
    bool on_command_line(std::string_view name) const;
    // Throws UsageError "--NAME WHY" if the command line has one of these. A configuration file may
    // serve several kinds of runs.
    void refuse(const std::vector<std::string_view>& names, const std::string& why) const;
    // For printing and for comparing runs: every option with its values now.
    std::string as_toml(bool with_help) const;

private:
    friend class Parser;
    Option& push(std::string_view names, std::string metavar, std::string help);

    std::vector<Option> options_;
    std::string group_;
    std::vector<std::string>* operands_ = nullptr;
    std::string operand_metavar_, operand_help_;
    std::vector<std::function<void(const Options&)>> after_parse_;
    std::function<std::string(const std::string&)> locate_config_;
    std::size_t operands_least_ = 0, operands_most_ = SIZE_MAX;
};

// A command of a tool, or its only one, with a name that is empty.
struct NamedOptions {
    std::string name;
    Options* options;
};

// Parses for the command that the first argument names, or else for the one without a name. Returns
// its place in `commands`. Throws UsageError, Question.
std::size_t parse_command_line(const std::vector<NamedOptions>& commands,
                               const std::vector<std::string>& arguments);

// Thrown by a question: -h, --help, --version, --generate WORD.
struct Question {
    std::size_t command;  // as parse_command_line returns it
    std::string name;     // "-h", "--help"
    std::string value;
};

// What a configuration file says of an option.
struct ConfigEntry {
    std::string name, where;  // "c.toml:3: name"
    std::vector<std::string> values;
};

// Throws UsageError for what is not TOML, not an option of the table or of another shape.
std::vector<ConfigEntry> read_config(std::istream& in, const std::string& path,
                                     const Options& options);

template <class T>
Option& Options::add(std::string_view names, T& target, std::string metavar, std::string help) {
    Option& option = push(names, std::move(metavar), std::move(help));
    option.shown_default = to_text(target);
    option.set = [&target](std::string_view text) { from_text(text, target); };
    option.get = [&target] { return std::vector<std::string>{to_text(target)}; };
    return option;
}

template <class T>
Option& Options::add_repeated(std::string_view names, std::vector<T>& target, std::string metavar,
                              std::string help) {
    Option& option = push(names, std::move(metavar), std::move(help));
    option.is_list = true;
    option.set = [&target](std::string_view text) {
        T value{};
        from_text(text, value);
        target.push_back(std::move(value));
    };
    option.get = [&target] {
        std::vector<std::string> texts;
        for (const T& value : target) texts.push_back(to_text(value));
        return texts;
    };
    option.clear = [&target] { target.clear(); };
    option.shown_default = join(option.get(), ",");
    return option;
}

template <class T>
Option& Options::add(std::string_view names, std::vector<T>& target, std::string metavar,
                     std::string help) {
    Option& option = add_repeated(names, target, std::move(metavar), std::move(help));
    option.splits_commas = true;
    return option;
}

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
