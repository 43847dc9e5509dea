// The command line, by CLI11: the table of options becomes a CLI::App, and what the app found
// becomes values. doc/dependencies.md says what is CLI11's, what is ours, and why.
#include "cli/error.h"
#include "cli/options.h"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <memory>

namespace lip::cli {
namespace {

using Say = std::function<std::string(const std::string&)>;

// A check of CLI11's with a message of ours: what `say` returns or throws.
CLI::Validator reworded(CLI::Validator check, Say say) {
    const auto run = [check = std::move(check), say = std::move(say)](std::string& text) {
        try {
            return check(text).empty() ? std::string() : "'" + text + "' " + say(text);
        } catch (const UsageError& better) {
            return std::string(better.what());
        }
    };
    return {run, ""};
}

// A choice that is unset by default can be unset again: --print-config writes it as "".
CLI::Validator one_of(const Option& option) {
    std::vector<std::string> words = option.choices;
    if (option.shown_default.empty()) words.emplace_back();
    return reworded(CLI::IsMember(words), [choices = option.choices](const std::string&) {
        return "is none of " + join(choices);
    });
}

// "10k" as 10000. CLI::AsNumberWithUnit takes "k" for 1000 and refuses "1.5k".
CLI::Validator whole_number(Kind kind) {
    return reworded({[kind](std::string& text) {
                         text = std::to_string(parse_integer(text, kind));
                         return std::string();
                     },
                     ""},
                    nullptr);
}

CLI::Validator within(const Option& option) {
    const double least = *option.least, most = option.most.value_or(0);
    if (!option.integer)
        return reworded(CLI::Range(least, most), [least, most](const std::string& text) {
            parse_real(text);
            return "must lie between " + real_text(least) + " and " + real_text(most);
        });
    const auto low = static_cast<std::int64_t>(least);
    const auto high = option.most ? static_cast<std::int64_t>(most) : INT64_MAX;
    std::string range = "must be at least " + integer_text(low, *option.integer);
    if (option.most) range += " and at most " + integer_text(high, *option.integer);
    return reworded(CLI::Range(low, high), [range](const std::string&) { return range; });
}

std::string environment_value(const Option& option) {
    if (option.environment.empty()) return "";
    const char* value = std::getenv(option.environment.c_str());
    return value ? value : "";
}

std::string_view key_of(std::string_view setting) {
    return setting.substr(0, setting.find('='));
}

// The file of --config as CLI11 asks for it.
class SettingsFile : public CLI::Config {
public:
    using Read = std::function<std::vector<CLI::ConfigItem>(std::istream&)>;
    explicit SettingsFile(Read read) : read_(std::move(read)) {}
    std::string to_config(const CLI::App*, bool, bool, std::string) const override { return ""; }
    std::vector<CLI::ConfigItem> from_config(std::istream& in) const override { return read_(in); }

private:
    Read read_;
};

// The root's option that takes the path of that file, also for commands. Nobody can type it.
constexpr const char* kSettingsFile = "--\x01";

}  // namespace

// One parse for one command: binds the table to an app, and takes the values from it.
class Parser {
public:
    // `root` is the app that reads the configuration file, `app` that of the command.
    Parser(Options& table, CLI::App& root, CLI::App& app, std::size_t number)
        : table_(table), root_(root), app_(app), number_(number) {
        app.allow_extras();
        for (Option& option : table.options_) bind(option);
        for (const auto& [option, bound] : bound_)
            for (const std::string& other : option->excludes)
                bound->excludes(app.get_option("--" + other));
    }

    // For the command that is meant. `printing`: nothing needs to be there.
    void activate(bool printing) {
        printing_ = printing;
        if (printing)
            for (const auto& [option, bound] : bound_) bound->required(false);
        root_.config_formatter(
            std::make_shared<SettingsFile>([this](std::istream& in) { return read_settings(in); }));
        root_.set_config(kSettingsFile)
            ->transform({[this](std::string& name) {
                             if (table_.locate_config_) name = table_.locate_config_(name);
                             path_ = name;
                             return std::string();
                         },
                         ""});
    }

    void refuse_unknown() const {
        for (const std::string& word : app_.remaining())
            if (word.size() > 1 && word[0] == '-') throw unknown(word);
    }

    // The values, once the app has parsed. `tail`: the arguments after "--".
    void take_all(const std::vector<std::string>& tail) {
        refuse_unknown();
        std::vector<std::string> operands = app_.remaining();
        operands.insert(operands.end(), tail.begin(), tail.end());
        const std::size_t most = table_.operands_ ? table_.operands_most_ : 0;
        if (operands.size() > most)
            throw UsageError("surplus operand '" + operands[most] + "' (see -h)");
        for (const auto& [option, bound] : bound_) take(*option, *bound);
        if (table_.operands_) *table_.operands_ = std::move(operands);
        for (const auto& body : table_.after_parse_) body(table_);
        if (table_.operands_ && table_.operands_->size() < table_.operands_least_ && !printing_)
            throw UsageError(table_.operand_metavar_ + " is missing (see -h)");
    }

    // What CLI11 found, in our words. `last` is the last argument that it saw.
    UsageError explain(const CLI::ParseError& error, const std::string& last) const {
        const std::string what = error.what();
        if (dynamic_cast<const CLI::FileError*>(&error))
            return UsageError(path_ + ": cannot be read (--config)");
        if (dynamic_cast<const CLI::ExcludesError*>(&error)) {
            const std::string_view between = " excludes ";
            const std::size_t at = what.find(between);
            return UsageError(what.substr(0, at) + " cannot stand beside " +
                              what.substr(at + between.size()));
        }
        const bool no_value = dynamic_cast<const CLI::ArgumentMismatch*>(&error);
        for (const auto& [option, bound] : bound_) {
            const std::string name = "--" + option->name;
            if (what.starts_with(name + " is required"))
                return UsageError((option->letter ? std::string("-") + option->letter : name) +
                                  " " + option->metavar + " is missing" +
                                  (option->remedy->empty() ? "" : ": " + *option->remedy));
            if (!what.starts_with(name + ": ")) continue;
            if (!no_value) return UsageError(place(*option) + ": " + what.substr(name.size() + 2));
            const std::string spelled =
                last.starts_with("--") ? last : std::string("-") + last.back();
            return UsageError(spelled + " needs a value (" + option->metavar + ")");
        }
        return UsageError(what);
    }

private:
    void bind(Option& option) {
        const std::string letter = option.letter ? std::string("-") + option.letter : "";
        const std::string name = "--" + option.name;
        if (option.is_question) {
            if (option.letter) bind_question(option, letter);
            return bind_question(option, name);
        }
        std::string names = letter.empty() ? name : letter + "," + name;
        if (option.negatable) names += ",!--no-" + option.name;
        CLI::Option* const bound = option.name == "config" ? bind_config(names)
                                   : option.is_switch      ? app_.add_flag(names)
                                                           : app_.add_option(names);
        if (option.is_switch) {
            if (option.counts) bound->take_all();
        } else if (option.is_list) {
            // Commas are split later: CLI11 would take the next argument for the value of "--x ,".
            bound->take_all()->expected(1, CLI::detail::expected_max_vector_size);
        } else {
            bound->take_last()->expected(1);
        }
        bound->allow_extra_args(false)->configurable(option.in_config);
        bound->envname(option.environment)->required(option.remedy.has_value());
        if (!option.choices.empty()) bound->check(one_of(option));
        if (option.least) bound->check(within(option));
        if (option.integer) bound->transform(whole_number(*option.integer));
        bound_.emplace_back(&option, bound);
    }

    void bind_question(Option& option, const std::string& asked) {
        const auto answer = [this, asked](const std::string& value) {
            throw Question{number_, asked, value};
        };
        CLI::Option* const bound =
            option.is_switch ? app_.add_flag_function(asked, [answer](std::int64_t) { answer(""); })
                             : app_.add_option_function<std::string>(asked, answer);
        bound->trigger_on_parse();
        if (!option.choices.empty()) bound->check(one_of(option));
        if (asked.starts_with("--")) bound_.emplace_back(&option, bound);
    }

    CLI::Option* bind_config(const std::string& names) {
        const auto hand_on = [this](const std::string& path) {
            root_.get_config_ptr()->clear();
            root_.get_config_ptr()->add_result(path);
        };
        return app_.add_option_function<std::string>(names, hand_on)->trigger_on_parse();
    }

    // What the file says of options for which neither command line nor environment has a value.
    std::vector<CLI::ConfigItem> read_settings(std::istream& in) {
        std::vector<CLI::ConfigItem> items;
        for (ConfigEntry& entry : read_config(in, path_, table_)) {
            const auto found = std::ranges::find_if(
                bound_, [&](const auto& pair) { return pair.first->name == entry.name; });
            const auto& [option, bound] = *found;
            if (option->merges_keys) option->from_file = entry.values;
            if (option->merges_keys && bound->count() > 0) merge(*bound, entry.values);
            if (bound->count() > 0 || !environment_value(*option).empty()) continue;
            where_[option] = entry.where;
            items.emplace_back();
            items.back().name = entry.name;
            items.back().inputs = std::move(entry.values);
            if (&app_ != &root_) items.back().parents = {app_.get_name()};
        }
        return items;
    }

    // Those of the file's settings whose keys the command line has not, and its own behind them.
    static void merge(CLI::Option& bound, const std::vector<std::string>& of_file) {
        const std::vector<std::string> given = bound.results();
        bound.clear();
        for (const std::string& setting : of_file)
            if (std::ranges::find(given, key_of(setting), key_of) == given.end())
                bound.add_result(setting);
        bound.add_result(given);
    }

    void take(Option& option, const CLI::Option& bound) {
        if (option.is_question || (bound.count() == 0 && !where_.contains(&option))) return;
        const auto& typed = app_.parse_order();
        option.origin = where_.contains(&option)                          ? Origin::kConfig
                        : std::ranges::find(typed, &bound) != typed.end() ? Origin::kCommandLine
                                                                          : Origin::kEnvironment;
        if (option.clear) option.clear();
        try {
            for (const std::string& value : bound.reduced_results())
                for (const std::string& part :
                     option.splits_commas ? split_commas(value) : std::vector<std::string>{value})
                    option.set(part);
        } catch (const UsageError& error) {
            throw UsageError(place(option) + ": " + error.what());
        }
    }

    std::string place(const Option& option) const {
        if (const auto line = where_.find(&option); line != where_.end()) return line->second;
        const auto& typed = app_.parse_order();
        const bool by_hand = std::ranges::any_of(
            typed, [&](const CLI::Option* bound) { return bound->check_lname(option.name); });
        return by_hand || option.environment.empty() ? "--" + option.name : option.environment;
    }

    UsageError unknown(const std::string& word) const {
        if (word[1] != '-') return UsageError("unknown option " + word.substr(0, 2) + " (see -h)");
        const std::string name = word.substr(2, word.find('=') - 2);
        std::vector<std::string> names;
        std::string found;
        for (const Option& option : table_.options_) {
            if (!option.hidden) names.push_back(option.name);
            if (std::ranges::find(option.meant_by, name) != option.meant_by.end())
                found = option.name;
        }
        if (found.empty()) found = meant_name(names, name);
        return UsageError("unknown option --" + name + " (" +
                          (found.empty() ? "see -h" : "did you mean --" + found + "?") + ")");
    }

    Options& table_;
    CLI::App& root_;
    CLI::App& app_;
    std::size_t number_;
    std::vector<std::pair<Option*, CLI::Option*>> bound_;
    std::map<const Option*, std::string> where_;  // what the file said, and its line
    std::string path_;                            // of the file
    bool printing_ = false;
};

namespace {

// What CLI11 would misread: the next argument as the value of "--x=", and "--switch=true".
void append_argument(const std::string& word, const Options& table,
                     std::vector<std::string>& arguments) {
    const std::size_t equals = word.starts_with("--") ? word.find('=') : word.npos;
    const std::string name = word.substr(0, equals);
    if (equals != word.npos)
        if (const Option* option = table.find(std::string_view(name).substr(2)))
            if (option->is_switch) throw UsageError(name + " takes no value");
    const bool empty_value = equals != word.npos && equals + 1 == word.size();
    arguments.push_back(empty_value ? name : word);
    if (empty_value) arguments.emplace_back();
}

}  // namespace

std::size_t parse_command_line(const std::vector<NamedOptions>& commands,
                               const std::vector<std::string>& arguments) {
    CLI::App root;
    root.set_help_flag();
    root.allow_extras();
    root.require_subcommand(0, 1);
    const std::string first = arguments.empty() ? "" : arguments.front();
    const auto named = [&](std::string_view name) {
        return static_cast<std::size_t>(std::ranges::find(commands, name, &NamedOptions::name) -
                                        commands.begin());
    };
    const bool is_command = !first.empty() && named(first) < commands.size();
    const std::size_t chosen = named(is_command ? first : "");
    std::vector<std::unique_ptr<Parser>> parsers;
    for (const NamedOptions& command : commands) {
        CLI::App& app = command.name.empty() ? root : *root.add_subcommand(command.name);
        if (!command.name.empty()) app.set_help_flag();
        app.disabled(command.name != first && !command.name.empty());  // "ls" may be a file
        parsers.push_back(std::make_unique<Parser>(*command.options, root, app, parsers.size()));
    }
    const auto end = std::ranges::find(arguments, "--");
    std::vector<std::string> head;
    for (auto word = arguments.begin(); word != end; ++word)
        append_argument(*word, *commands[chosen].options, head);
    // CLI11 reads the file before the environment.
    if (const Option* config = commands[chosen].options->find("config"))
        if (const std::string path = environment_value(*config); !path.empty())
            head.insert(head.begin() + is_command, {"--config", path});
    const std::string last = head.empty() ? "" : head.back();
    std::ranges::reverse(head);
    Parser& parser = *parsers[chosen];
    parser.activate(std::ranges::find(head, "--print-config") != head.end());
    try {
        root.parse(std::move(head));
    } catch (const CLI::ParseError& error) {
        parser.refuse_unknown();
        throw parser.explain(error, last);
    }
    parser.take_all(end == arguments.end() ? std::vector<std::string>()
                                           : std::vector<std::string>(end + 1, arguments.end()));
    return chosen;
}

}  // namespace lip::cli
