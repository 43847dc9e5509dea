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

std::string_view key_of(std::string_view setting) {
    return setting.substr(0, setting.find('='));
}

}  // namespace

// A list of the file. Where keys are merged, those that a stronger source has stand behind it.
void Options::assign_list(Option& option, const std::vector<std::string>& values,
                          const std::string& where) {
    std::vector<std::string> stronger;
    if (option.origin > Origin::kConfig) {
        if (!option.merges_keys) return;
        stronger = option.get();
    }
    const auto is_replaced = [&](const std::string& value) {
        return std::ranges::any_of(
            stronger, [&](const std::string& other) { return key_of(other) == key_of(value); });
    };
    const Origin origin = std::max(option.origin, Origin::kConfig);
    option.clear();
    for (const std::string& value : values)
        if (!is_replaced(value)) assign(option, value, origin, where);
    for (const std::string& value : stronger) assign(option, value, origin, where);
    option.origin = origin;
}

void Options::parse_config(const std::string& path) {
    toml::table table;
    try {
        table = toml::parse_file(path);
    } catch (const toml::parse_error& error) {
        const auto line = error.source().begin.line;
        throw UsageError(path + (line ? ":" + std::to_string(line) : "") + ": " +
                         std::string(error.description()));
    }
    for (const auto& [key, node] : table) {
        const std::string name(key.str());
        const std::string where =
            path + ":" + std::to_string(node.source().begin.line) + ": " + name;
        Option* option = find(name);
        if (!option || !option->in_config)
            throw UsageError(where + ": unknown key (--print-config lists the keys)");
        if (option->is_switch && !node.is_boolean())
            throw UsageError(where + ": takes true or false");
        if (option->is_list) {
            std::vector<std::string> values;
            if (const auto* list = node.as_array())
                for (const toml::node& item : *list) values.push_back(scalar_text(item, where));
            else
                values.push_back(scalar_text(node, where));
            assign_list(*option, values, where);
        } else if (node.is_array()) {
            throw UsageError(where + ": takes one value, not a list");
        } else {
            assign(*option, scalar_text(node, where), Origin::kConfig, where);
        }
    }
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
