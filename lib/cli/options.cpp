#include "cli/options.h"

#include "cli/error.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>

namespace lip::cli {
namespace {

struct Unit {
    std::string_view suffix;
    double factor;
};

constexpr Unit kCounts[] = {{"k", 1e3}, {"M", 1e6}, {"G", 1e9}, {"", 1}};
constexpr Unit kSizes[] = {{"KiB", 1024}, {"MiB", 1024. * 1024}, {"GiB", 1024. * 1024 * 1024},
                           {"KB", 1e3},   {"MB", 1e6},           {"GB", 1e9},
                           {"", 1}};
constexpr Unit kDurations[] = {{"s", 1}, {"m", 60}, {"h", 3600}, {"", 1}};
constexpr Unit kNone[] = {{"", 1}};

std::vector<Unit> units_of(Kind kind) {
    const auto list = [](const auto& table) {
        return std::vector<Unit>(std::begin(table), std::end(table));
    };
    switch (kind) {
        case Kind::kCount:
            return list(kCounts);
        case Kind::kSize:
            return list(kSizes);
        case Kind::kDuration:
            return list(kDurations);
        case Kind::kPlain:
            break;
    }
    return list(kNone);
}

std::string integer_text(std::int64_t value, Kind kind) {
    const char* suffixes[] = {"GiB", "MiB", "KiB"};
    if (kind == Kind::kSize && value > 0)
        for (int i = 0; i < 3; ++i) {
            const std::int64_t factor = std::int64_t{1} << (30 - 10 * i);
            if (value % factor == 0) return std::to_string(value / factor) + suffixes[i];
        }
    if (kind == Kind::kCount && value >= 1000 && value % 1000 == 0)
        return value % 1000000 == 0 ? std::to_string(value / 1000000) + "M"
                                    : std::to_string(value / 1000) + "k";
    return std::to_string(value);
}

std::vector<std::string> split_commas(std::string_view text) {
    std::vector<std::string> parts;
    for (std::size_t begin = 0; begin <= text.size();) {
        const std::size_t end = std::min(text.find(',', begin), text.size());
        if (end > begin) parts.emplace_back(text.substr(begin, end - begin));
        begin = end + 1;
    }
    return parts;
}

// How close two names are.
std::size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        std::size_t diagonal = row[0];
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t change = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
            diagonal = row[j];
            row[j] = std::min({row[j] + 1, row[j - 1] + 1, change});
        }
    }
    return row[b.size()];
}

std::string hint(const std::vector<Option>& options, std::string_view name) {
    std::vector<std::string> names;
    for (const Option& option : options)
        if (!option.hidden) names.push_back(option.name);
    const std::string found = meant_name(names, name);
    return found.empty() ? "see -h" : "did you mean --" + found + "?";
}

}  // namespace

std::string meant_name(const std::vector<std::string>& names, std::string_view given) {
    std::size_t best = 3;
    std::string found;
    for (const std::string& name : names)
        if (const std::size_t distance = edit_distance(given, name); distance < best)
            best = distance, found = name;
    return found;
}

std::string join(const std::vector<std::string>& words, std::string_view between) {
    std::string out;
    for (const std::string& word : words) {
        if (!out.empty()) out += between;
        out += word;
    }
    return out;
}

std::int64_t parse_integer(std::string_view text, Kind kind) {
    for (const Unit& unit : units_of(kind)) {
        if (!text.ends_with(unit.suffix)) continue;
        const std::string_view digits = text.substr(0, text.size() - unit.suffix.size());
        if (unit.factor == 1) {
            std::int64_t value = 0;
            const auto [end, error] = std::from_chars(digits.begin(), digits.end(), value);
            if (error != std::errc{} || end != digits.end() || digits.empty()) break;
            return value;
        }
        const double value = parse_real(digits) * unit.factor;
        if (std::abs(value) > 9e18 || value != std::floor(value)) break;
        return static_cast<std::int64_t>(value);
    }
    std::string units;
    for (const Unit& unit : units_of(kind))
        if (!unit.suffix.empty())
            units.append(units.empty() ? ", optionally with " : " ").append(unit.suffix);
    throw UsageError("'" + std::string(text) + "' is not a whole number" + units);
}

double parse_real(std::string_view text) {
    double value = 0;
    const auto [end, error] = std::from_chars(text.begin(), text.end(), value);
    if (error != std::errc{} || end != text.end() || text.empty() || !std::isfinite(value))
        throw UsageError("'" + std::string(text) + "' is not a number");
    return value;
}

std::string real_text(double value) {
    char text[32];
    const auto result = std::to_chars(text, text + sizeof text, value);
    return {text, result.ptr};
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

Option& Options::add(std::string_view names, std::string& target, std::string metavar,
                     std::string help) {
    Option& option = push(names, std::move(metavar), std::move(help));
    option.shown_default = target;
    option.set = [&target](std::string_view text) { target = text; };
    option.get = [&target] { return std::vector<std::string>{target}; };
    return option;
}

Option& Options::add(std::string_view names, std::int64_t& target, Kind kind, std::string metavar,
                     std::string help, std::int64_t low, std::int64_t high) {
    Option& option = push(names, std::move(metavar), std::move(help));
    option.shown_default = integer_text(target, kind);
    option.set = [&target, kind, low, high](std::string_view text) {
        const std::int64_t value = parse_integer(text, kind);
        if (value < low || value > high) {
            std::string range = "must be at least " + integer_text(low, kind);
            if (high != INT64_MAX) range += " and at most " + integer_text(high, kind);
            throw UsageError("'" + std::string(text) + "' " + range);
        }
        target = value;
    };
    option.get = [&target, kind] { return std::vector<std::string>{integer_text(target, kind)}; };
    return option;
}

Option& Options::add(std::string_view names, double& target, std::string metavar, std::string help,
                     double low, double high) {
    Option& option = push(names, std::move(metavar), std::move(help));
    option.shown_default = real_text(target);
    option.set = [&target, low, high](std::string_view text) {
        const double value = parse_real(text);
        if (value < low || value > high)
            throw UsageError("'" + std::string(text) + "' must lie between " + real_text(low) +
                             " and " + real_text(high));
        target = value;
    };
    option.get = [&target] { return std::vector<std::string>{real_text(target)}; };
    return option;
}

Option& Options::add(std::string_view names, std::vector<std::string>& target, std::string metavar,
                     std::string help) {
    Option& option = add_repeated(names, target, std::move(metavar), std::move(help));
    option.set = [&target](std::string_view text) {
        for (std::string& part : split_commas(text)) target.push_back(std::move(part));
    };
    return option;
}

Option& Options::add_repeated(std::string_view names, std::vector<std::string>& target,
                              std::string metavar, std::string help) {
    Option& option = push(names, std::move(metavar), std::move(help));
    option.is_list = true;
    option.shown_default = join(target, ",");
    option.set = [&target](std::string_view text) { target.emplace_back(text); };
    option.get = [&target] { return target; };
    option.clear = [&target] { target.clear(); };
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
    option.is_switch = true;
    option.in_config = false;
    option.set = [&target](std::string_view) { ++target; };
    option.get = [&target] { return std::vector<std::string>{std::to_string(target)}; };
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

bool Options::given(std::string_view name) const {
    return std::any_of(options_.begin(), options_.end(), [&](const Option& option) {
        return option.name == name && option.origin != Origin::kDefault;
    });
}

Option* Options::find(std::string_view name) {
    const auto at = std::find_if(options_.begin(), options_.end(),
                                 [&](const Option& option) { return option.name == name; });
    return at == options_.end() ? nullptr : &*at;
}

void Options::assign(Option& option, std::string_view value, Origin origin,
                     std::string_view spelling) {
    if (origin < option.origin) return;
    if (option.is_list && origin > option.origin) option.clear();
    option.origin = origin;
    // A choice that is unset by default can be unset again: --print-config writes it as "".
    const bool unset = value.empty() && option.shown_default.empty();
    if (!option.choices.empty() && !unset &&
        std::find(option.choices.begin(), option.choices.end(), value) == option.choices.end())
        throw UsageError(std::string(spelling) + ": '" + std::string(value) + "' is none of " +
                         join(option.choices));
    try {
        option.set(value);
    } catch (const UsageError& error) {
        throw UsageError(std::string(spelling) + ": " + error.what());
    }
}

void Options::parse_long(std::string_view argument, const std::vector<std::string>& all,
                         std::size_t& i) {
    const std::size_t equals = argument.find('=');
    const std::string_view name = argument.substr(2, equals == argument.npos ? equals : equals - 2);
    const std::string spelling = "--" + std::string(name);
    Option* option = find(name);
    bool on = true;
    if (!option && name.starts_with("no-")) {
        option = find(name.substr(3));
        if (option && !option->negatable) option = nullptr;
        on = false;
    }
    if (!option) throw UsageError("unknown option " + spelling + " (" + hint(options_, name) + ")");
    if (option->is_switch) {
        if (equals != argument.npos) throw UsageError(spelling + " takes no value");
        return assign(*option, on ? "true" : "false", Origin::kCommandLine, spelling);
    }
    if (equals != argument.npos)
        return assign(*option, argument.substr(equals + 1), Origin::kCommandLine, spelling);
    if (++i >= all.size()) throw UsageError(spelling + " needs a value (" + option->metavar + ")");
    assign(*option, all[i], Origin::kCommandLine, spelling);
}

void Options::parse_short(std::string_view letters, const std::vector<std::string>& all,
                          std::size_t& i) {
    for (std::size_t at = 1; at < letters.size(); ++at) {
        const auto option = std::find_if(options_.begin(), options_.end(),
                                         [&](const Option& o) { return o.letter == letters[at]; });
        const std::string spelling = std::string("-") + letters[at];
        if (option == options_.end()) throw UsageError("unknown option " + spelling + " (see -h)");
        if (option->is_switch) {
            assign(*option, "true", Origin::kCommandLine, spelling);
            continue;
        }
        if (at + 1 < letters.size())  // -j4
            return assign(*option, letters.substr(at + 1), Origin::kCommandLine, spelling);
        if (++i >= all.size())
            throw UsageError(spelling + " needs a value (" + option->metavar + ")");
        return assign(*option, all[i], Origin::kCommandLine, spelling);
    }
}

void Options::parse_environment() {
    for (Option& option : options_) {
        if (option.environment.empty()) continue;
        const char* value = std::getenv(option.environment.c_str());
        if (value && *value) assign(option, value, Origin::kEnvironment, option.environment);
    }
}

void Options::parse(const std::vector<std::string>& arguments) {
    bool options_end = false;
    std::size_t count = 0;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        const std::string& argument = arguments[i];
        if (!options_end && argument == "--") {
            options_end = true;
        } else if (!options_end && argument.starts_with("--")) {
            parse_long(argument, arguments, i);
        } else if (!options_end && argument.size() > 1 && argument[0] == '-') {
            parse_short(argument, arguments, i);
        } else {
            if (!operands_ || ++count > operands_most_)
                throw UsageError("surplus operand '" + argument + "' (see -h)");
            operands_->push_back(argument);
        }
    }
    parse_environment();
    if (const Option* config = find("config"); config && !config->get().front().empty()) {
        const std::string path = config->get().front();
        parse_config(locate_config_ ? locate_config_(path) : path);
    }
    if (after_parse_) after_parse_(*this);
    const Option* printing = find("print-config");  // operands are not part of a configuration
    if (printing && printing->get().front() == "true") return;
    if (count < operands_least_) throw UsageError(operand_metavar_ + " is missing (see -h)");
}

}  // namespace lip::cli
