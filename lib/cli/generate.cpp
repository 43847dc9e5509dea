// --generate: man page, shell completions, and JSON for tests.
#include "cli/error.h"
#include "cli/log.h"
#include "cli/tool.h"

#include <sstream>

namespace lip::cli {
namespace {

constexpr const char* kReleaseDate = "2026-11-22";

std::string upper(std::string text) {
    for (char& c : text)
        if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 32);
    return text;
}

// Text as roff: backslashes, dashes that people copy, and control characters at the line start.
std::string roff(std::string_view text) {
    std::string out;
    for (const char c : text) {
        switch (c) {
            case '\\':
                out += "\\e";
                break;
            case '-':
                out += "\\-";
                break;
            case '\'':
                out += "\\(aq";
                break;
            case '`':
                out += "\\(ga";
                break;
            case '^':
                out += "\\(ha";
                break;
            case '~':
                out += "\\(ti";
                break;
            case '.':
                if (out.empty() || out.back() == '\n') out += "\\&";
                out += c;
                break;
            default:
                out += c;
        }
    }
    return out;
}

// Paragraphs; a sentence a line, as roff likes it; indented lines as they stand.
std::string roff_paragraphs(const std::string& text) {
    std::string out, line, paragraph;
    bool literal = false, any = false;
    std::istringstream lines(text);
    const auto flush = [&] {
        if (paragraph.empty()) return;
        if (any) out += ".PP\n";
        any = true;
        std::string rest = paragraph;
        for (std::size_t stop; (stop = rest.find(". ")) != std::string::npos;) {
            out += roff(rest.substr(0, stop + 1)) + "\n";
            rest.erase(0, stop + 2);
        }
        if (!rest.empty()) out += roff(rest) + "\n";
        paragraph.clear();
    };
    while (std::getline(lines, line)) {
        const bool indented = line.starts_with("    ");
        if (indented && !literal) flush(), out += ".PP\n.nf\n", literal = true;
        if (!indented && literal) out += ".fi\n", literal = false, any = true;
        if (indented)
            out += roff(line) + "\n";
        else if (line.empty())
            flush();
        else
            paragraph += (paragraph.empty() ? "" : " ") + line;
    }
    flush();
    if (literal) out += ".fi\n";
    return out;
}

std::string man_option(const Option& option) {
    std::string out = ".TP\n";
    if (option.letter) out += std::string("\\fB\\-") + option.letter + "\\fR, ";
    out +=
        "\\fB\\-\\-" + std::string(option.negatable ? "[no\\-]" : "") + roff(option.name) + "\\fR";
    if (!option.choices.empty())
        out += " {" + roff(join(option.choices, ",")) + "}";
    else if (!option.metavar.empty())
        out += " \\fI" + roff(option.metavar) + "\\fR";
    out += "\n" + roff(option.help);
    if (!option.shown_default.empty()) out += " [" + roff(option.shown_default) + "]";
    if (!option.environment.empty()) out += "\nEnvironment: " + option.environment + ".";
    return out + "\n";
}

std::string man_options(const Options& options) {
    std::string out, group = "\x01";
    if (options.has_operands())
        out += ".TP\n\\fI" + roff(options.operand_metavar()) + "\\fR\n" +
               roff(options.operand_help()) + "\n";
    for (const Option& option : options.all()) {
        if (option.hidden) continue;
        if (option.group != group) {
            group = option.group;
            out += ".SS " + upper(group.substr(0, 1)) + group.substr(1) + " options\n";
        }
        out += man_option(option);
    }
    return out;
}

std::string man_page(const Tool& tool) {
    std::string out = ".TH " + upper(tool.name) + " 1 \"" + kReleaseDate + "\" \"liptools " +
                      version() + "\" \"liptools\"\n";
    out += ".SH NAME\n" + roff(tool.name) + " \\- " + roff(tool.summary) + "\n.SH SYNOPSIS\n";
    for (const Command& command : tool.commands) {
        if (&command != &tool.commands.front()) out += ".br\n";
        out += "\\fB" + roff(tool.name + (command.name.empty() ? "" : " " + command.name)) +
               "\\fR " + roff(command.synopsis) + "\n";
    }
    out += ".SH DESCRIPTION\n" + roff_paragraphs(tool.description);
    for (const Command& command : tool.commands) {
        const bool main_command = command.name.empty();
        out += ".SH " +
               std::string(main_command ? "OPTIONS" : "OPTIONS OF " + upper(command.name)) + "\n";
        if (!main_command) out += roff_paragraphs(command.summary);
        out += man_options(command.options);
    }
    for (const Section& section : tool.sections)
        out += ".SH " + roff(section.title) + "\n" + roff_paragraphs(section.text);
    out +=
        ".SH EXIT STATUS\n.TP\n\\fB0\\fR\nDone.\n.TP\n\\fB1\\fR\nFailed: input, output, data or "
        "numbers.\n.TP\n\\fB2\\fR\nWrong command line, environment or configuration "
        "file.\n.TP\n\\fB3\\fR\nDone, "
        "but records were skipped.\n";
    if (tool.resumes)
        out += ".TP\n\\fB4\\fR\nStopped by a signal, state saved: run again with \\-\\-resume.\n";
    out += ".SH EXAMPLES\n";
    for (const Example& example : tool.examples) {
        if (&example != &tool.examples.front()) out += ".PP\n";
        out += roff(example.comment) + "\n.PP\n.nf\n.RS 4\n";
        std::istringstream lines(example.command);
        for (std::string line; std::getline(lines, line);) out += roff(line) + "\n";
        out += ".RE\n.fi\n";
    }
    out += ".SH SEE ALSO\n" + roff(tool.see_also) + "\n";
    return out;
}

std::string bash_completion(const Tool& tool) {
    std::string words, cases, function = tool.name;
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
    return "# bash completion for " + tool.name + "\n_" + function +
           "() {\n  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}\n"
           "  case $prev in\n" +
           cases + "  esac\n  if [[ $cur == -* ]]; then\n    COMPREPLY=($(compgen -W '" + words +
           "' -- \"$cur\"))\n  else\n    COMPREPLY=($(compgen -f -- \"$cur\"))\n  fi\n}\ncomplete "
           "-o filenames -F _" +
           function + " " + tool.name + "\n";
}

std::string zsh_completion(const Tool& tool) {
    std::string out = "#compdef " + tool.name + "\n_arguments -s \\\n";
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
        out += "complete -c " + tool.name + " -l " + option.name;
        if (option.letter) out += std::string(" -s ") + option.letter;
        if (!option.choices.empty())
            out += " -x -a '" + join(option.choices, " ") + "'";
        else if (!option.is_switch)
            out += " -r";
        out += " -d '" + help + "'\n";
    }
    return out;
}

std::string option_json(const Option& option) {
    std::string out = "{\"name\":";
    append_json_string(out, option.name);
    const auto text = [&](const char* name, const std::string& value) {
        if (value.empty()) return;
        out.append(",\"").append(name).append("\":");
        append_json_string(out, value);
    };
    text("letter", option.letter ? std::string(1, option.letter) : "");
    text("value", option.metavar);
    text("group", option.group);
    text("default", option.shown_default);
    text("environment", option.environment);
    text("help", option.help);
    if (!option.choices.empty()) {
        out += ",\"choices\":[";
        for (std::size_t i = 0; i < option.choices.size(); ++i) {
            if (i) out += ',';
            append_json_string(out, option.choices[i]);
        }
        out += ']';
    }
    if (option.negatable) out += ",\"negatable\":true";
    if (option.is_list) out += ",\"list\":true";
    if (option.hidden) out += ",\"hidden\":true";
    return out + "}";
}

std::string json_page(const Tool& tool) {
    std::string out = "{\"tool\":";
    append_json_string(out, tool.name);
    out += ",\"summary\":";
    append_json_string(out, tool.summary);
    out += ",\"commands\":[";
    for (const Command& command : tool.commands) {
        if (&command != &tool.commands.front()) out += ',';
        out += "{\"name\":";
        append_json_string(out, command.name);
        out += ",\"options\":[";
        bool first = true;
        for (const Option& option : command.options.all()) {
            if (!first) out += ',';
            first = false;
            out += option_json(option);
        }
        out += "]}";
    }
    out += "],\"examples\":[";
    for (const Example& example : tool.examples) {
        if (&example != &tool.examples.front()) out += ',';
        out += "{\"comment\":";
        append_json_string(out, example.comment);
        out += ",\"command\":";
        append_json_string(out, example.command);
        out += '}';
    }
    return out + "]}\n";
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
