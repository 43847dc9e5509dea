#include "cli/options.h"

#include "cli/error.h"

#include <algorithm>

namespace lip::cli {

Option& Option::checked_by(std::function<void(std::string_view)> check) {
    set = [check = std::move(check), take = std::move(set)](std::string_view text) {
        check(text);
        take(text);
    };
    return *this;
}

Option& Options::push(std::string_view names, std::string metavar, std::string help) {
    Option option;
    if (names.size() > 3 && names[2] == ',') {
        option.letter = names[1];
        names.remove_prefix(3);
    }
    option.name = names.substr(2);
    option.metavar = std::move(metavar);
    option.help = std::move(help);
    option.group = group_;
    options_.push_back(std::move(option));
    return options_.back();
}

Option& Options::add(std::string_view names, std::int64_t& target, Kind kind, std::string metavar,
                     std::string help, std::int64_t low, std::int64_t high) {
    Option& option = push(names, std::move(metavar), std::move(help));
    option.integer = kind;
    option.least = static_cast<double>(low);
    if (high != INT64_MAX) option.most = static_cast<double>(high);
    option.shown_default = integer_text(target, kind);
    option.set = [&target, kind](std::string_view text) { target = parse_integer(text, kind); };
    option.get = [&target, kind] { return std::vector<std::string>{integer_text(target, kind)}; };
    return option;
}

Option& Options::add(std::string_view names, double& target, std::string metavar, std::string help,
                     double low, double high) {
    Option& option = push(names, std::move(metavar), std::move(help));
    option.least = low;
    option.most = high;
    option.shown_default = real_text(target);
    option.set = [&target](std::string_view text) { target = parse_real(text); };
    option.get = [&target] { return std::vector<std::string>{real_text(target)}; };
    return option;
}

Option& Options::add(std::string_view names, std::optional<std::int64_t>& target, std::string word,
                     std::string metavar, std::string help, std::int64_t low, std::int64_t high) {
    Option& option = push(names, std::move(metavar), std::move(help));
    option.get = [&target, word] {
        return std::vector<std::string>{target ? std::to_string(*target) : word};
    };
    option.shown_default = option.get().front();
    option.set = [&target, word, low, high](std::string_view text) {
        target.reset();
        if (text == word) return;
        const std::string needed = "'" + std::string(text) + "' is neither " + word +
                                   " nor a number from " + std::to_string(low) + " to " +
                                   std::to_string(high);
        try {
            target = parse_integer(text, Kind::kPlain);
        } catch (const UsageError&) {
            throw UsageError(needed);
        }
        if (*target < low || *target > high) throw UsageError(needed);
    };
    return option;
}

Option& Options::flag(std::string_view names, bool& target, std::string help, bool negatable) {
    Option& option = push(names, "", std::move(help));
    option.is_switch = true;
    option.negatable = negatable;
    if (target) option.shown_default = "on";
    option.set = [&target](std::string_view text) { target = text != "false"; };
    option.get = [&target] { return std::vector<std::string>{target ? "true" : "false"}; };
    return option;
}

Option& Options::counter(std::string_view names, int& target, std::string help) {
    Option& option = push(names, "", std::move(help));
    option.is_switch = option.counts = true;
    option.in_config = false;
    option.set = [&target](std::string_view) { ++target; };
    option.get = [&target] { return std::vector<std::string>{std::to_string(target)}; };
    return option;
}

Option& Options::question(std::string_view names, std::vector<std::string> choices,
                          std::string help) {
    Option& option = push(names, choices.empty() ? "" : "WORD", std::move(help));
    option.is_question = true;
    option.is_switch = choices.empty();
    option.choices = std::move(choices);
    option.in_config = false;
    return option;
}

Option& Options::choice(std::string_view names, std::string& target, std::vector<std::string> words,
                        std::string help) {
    Option& option = add(names, target, "WORD", std::move(help));
    option.choices = std::move(words);
    return option;
}

void Options::operands(std::vector<std::string>& target, std::string metavar, std::string help,
                       std::size_t least, std::size_t most) {
    operands_ = &target;
    operand_metavar_ = std::move(metavar);
    operand_help_ = std::move(help);
    operands_least_ = least;
    operands_most_ = most;
}

const Option* Options::find(std::string_view name) const {
    const auto at = std::ranges::find(options_, name, &Option::name);
    return at == options_.end() ? nullptr : &*at;
}

bool Options::given(std::string_view name) const {
    const Option* option = find(name);
    return option && option->origin != Origin::kDefault;
}

bool Options::on_command_line(std::string_view name) const {
    const Option* option = find(name);
    return option && option->origin == Origin::kCommandLine;
}

void Options::refuse(const std::vector<std::string_view>& names, const std::string& why) const {
    for (const Option& option : options_)
        if (option.origin == Origin::kCommandLine &&
            std::ranges::find(names, option.name) != names.end())
            throw UsageError("--" + option.name + " " + why);
}

void Options::parse(const std::vector<std::string>& arguments) {
    parse_command_line({{"", this}}, arguments);
}

}  // namespace lip::cli
