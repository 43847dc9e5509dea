// --generate: shell completions, and JSON for tests.
#include "cli/error.h"
#include "cli/tool.h"

#include <nlohmann/json.hpp>

namespace lip::cli {
namespace {

std::string bash_completion(const Tool& tool) {
    std::string words, cases, function = tool.page.name;
    for (char& c : function)
        if (c == '-') c = '_';
    for (const Command& command : tool.commands) {
        if (!command.name.empty()) words += command.name + " ";
        for (const Option& option : command.options.all()) {
            if (option.hidden) continue;
            words += "--" + option.name + " ";
            if (option.negatable) words += "--no-" + option.name + " ";
            if (!option.choices.empty() &&
                cases.find("--" + option.name + ")") == std::string::npos)
                cases += "    --" + option.name + ") COMPREPLY=($(compgen -W '" +
                         join(option.choices, " ") + "' -- \"$cur\")); return ;;\n";
        }
    }
    return "# bash completion for " + tool.page.name + "\n_" + function +
           "() {\n  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}\n"
           "  case $prev in\n" +
           cases + "  esac\n  if [[ $cur == -* ]]; then\n    COMPREPLY=($(compgen -W '" + words +
           "' -- \"$cur\"))\n  else\n    COMPREPLY=($(compgen -f -- \"$cur\"))\n  fi\n}\ncomplete "
           "-o filenames -F _" +
           function + " " + tool.page.name + "\n";
}

std::string zsh_completion(const Tool& tool) {
    std::string out = "#compdef " + tool.page.name + "\n_arguments -s \\\n";
    for (const Option& option : tool.commands.front().options.all()) {
        if (option.hidden) continue;
        std::string help = option.help.substr(0, option.help.find(". "));
        std::string safe;
        for (const char c : help) {
            if (c == '[' || c == ']' || c == ':') safe += '\\';
            safe += c == '\'' ? ' ' : c;
        }
        out += "  '--" + option.name + (option.is_switch ? "" : "=") + "[" + safe + "]";
        if (!option.choices.empty())
            out += ":" + option.metavar + ":(" + join(option.choices, " ") + ")";
        else if (!option.is_switch)
            out += ":" + option.metavar + ":_files";
        out += "' \\\n";
    }
    return out + "  '*:file:_files'\n";
}

std::string fish_completion(const Tool& tool) {
    std::string out;
    for (const Option& option : tool.commands.front().options.all()) {
        if (option.hidden) continue;
        std::string help;
        for (const char c : option.help.substr(0, option.help.find(". ")))
            help += c == '\'' ? ' ' : c;
        out += "complete -c " + tool.page.name + " -l " + option.name;
        if (option.letter) out += std::string(" -s ") + option.letter;
        if (!option.choices.empty())
            out += " -x -a '" + join(option.choices, " ") + "'";
        else if (!option.is_switch)
            out += " -r";
        out += " -d '" + help + "'\n";
    }
    return out;
}

using Json = nlohmann::ordered_json;

Json option_json(const Option& option) {
    Json out = {{"name", option.name}};
    const auto text = [&](const char* name, const std::string& value) {
        if (!value.empty()) out[name] = value;
    };
    text("letter", option.letter ? std::string(1, option.letter) : "");
    text("value", option.metavar);
    text("group", option.group);
    text("default", option.shown_default);
    text("environment", option.environment);
    text("help", option.help);
    if (!option.choices.empty()) out["choices"] = option.choices;
    if (option.negatable) out["negatable"] = true;
    if (option.is_list) out["list"] = true;
    if (option.hidden) out["hidden"] = true;
    return out;
}

std::string json_page(const Tool& tool) {
    Json out = {{"tool", tool.page.name}, {"summary", tool.page.summary}};
    for (const Command& command : tool.commands) {
        Json options = Json::array();
        for (const Option& option : command.options.all()) options.push_back(option_json(option));
        out["commands"].push_back({{"name", command.name}, {"options", std::move(options)}});
    }
    out["examples"] = Json::array();
    for (const Example& example : tool.examples())
        out["examples"].push_back({{"comment", example.comment}, {"command", example.command}});
    return out.dump() + "\n";
}

}  // namespace

std::string generate(const Tool& tool, const std::string& format) {
    if (format == "man") return man_page(tool);
    if (format == "bash") return bash_completion(tool);
    if (format == "zsh") return zsh_completion(tool);
    if (format == "fish") return fish_completion(tool);
    if (format == "json") return json_page(tool);
    throw UsageError("--generate: '" + format + "' is none of man, bash, zsh, fish, json");
}

}  // namespace lip::cli
