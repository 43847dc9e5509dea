// --config FILE and --print-config: flat TOML, keys are the long names.
#include "cli/error.h"
#include "cli/options.h"

#define TOML_HEADER_ONLY 0
#include <toml++/toml.h>

#include <algorithm>
#include <sstream>

namespace lip::cli {
namespace {

std::string scalar_text(const toml::node& node, const std::string& where) {
    if (const auto* text = node.as_string()) return text->get();
    if (const auto* number = node.as_integer()) return std::to_string(number->get());
    if (const auto* real = node.as_floating_point()) return real_text(real->get());
    if (const auto* truth = node.as_boolean()) return truth->get() ? "true" : "false";
    throw UsageError(where + ": takes text, a number, true or false, or a list of texts");
}

std::string quoted(const std::string& text) {
    std::ostringstream out;
    out << toml::value<std::string>(text);
    return out.str();
}

bool is_bare(const Option& option, const std::string& value) {
    if (option.is_switch) return true;
    double number = 0;
    try {
        number = parse_real(value);
    } catch (const UsageError&) {
        return false;
    }
    return real_text(number) == value && value != "-0" && option.choices.empty();
}

std::vector<std::string> values_of(const toml::node& node, const Option& option,
                                   const std::string& where) {
    if (option.is_switch && !node.is_boolean()) throw UsageError(where + ": takes true or false");
    const toml::array* list = node.as_array();
    if (!list) return {scalar_text(node, where)};
    if (!option.is_list) throw UsageError(where + ": takes one value, not a list");
    std::vector<std::string> values;
    for (const toml::node& item : *list) values.push_back(scalar_text(item, where));
    return values;
}

std::string unknown(const std::string& name, const Options& options) {
    std::vector<std::string> names;
    for (const Option& option : options.all())
        if (option.in_config) names.push_back(option.name);
    const std::string meant = meant_name(names, name);
    return "unknown key (" +
           (meant.empty() ? "--print-config lists the keys" : "did you mean " + meant + "?") + ")";
}

}  // namespace

std::vector<ConfigEntry> read_config(std::istream& in, const std::string& path,
                                     const Options& options) {
    toml::table table;
    try {
        table = toml::parse(in, path);
    } catch (const toml::parse_error& error) {
        const auto line = error.source().begin.line;
        throw UsageError(path + (line ? ":" + std::to_string(line) : "") + ": " +
                         std::string(error.description()) +
                         " (TOML: NAME = VALUE, and texts stand in quotes)");
    }
    std::vector<ConfigEntry> entries;
    for (const auto& [key, node] : table) {
        const std::string name(key.str());
        const std::string where =
            path + ":" + std::to_string(node.source().begin.line) + ": " + name;
        const Option* option = options.find(name);
        if (!option || !option->in_config) throw UsageError(where + ": " + unknown(name, options));
        entries.push_back({name, where, values_of(node, *option, where)});
    }
    return entries;
}

std::string Options::as_toml(bool with_help) const {
    std::string out;
    for (const Option& option : options_) {
        if (!option.in_config) continue;
        const std::vector<std::string> values = option.get();
        if (with_help) {
            std::string help = option.help;
            for (char& c : help)
                if (c == '\n') c = ' ';
            out += "# " + help;
            if (!option.choices.empty()) out += " {" + join(option.choices, ",") + "}";
            out += '\n';
        }
        out += option.name + " = ";
        if (option.is_list) {
            std::string items;
            for (const std::string& value : values)
                items.append(items.empty() ? "" : ", ").append(quoted(value));
            out += "[" + items + "]\n";
        } else {
            out +=
                (is_bare(option, values.front()) ? values.front() : quoted(values.front())) + "\n";
        }
    }
    return out;
}

}  // namespace lip::cli
