#include "cli/tool.h"

#include <sstream>

namespace lip::cli {
namespace {

constexpr std::size_t kWidth = 79;
constexpr std::size_t kHelpColumn = 30;
constexpr std::size_t kDeepIndent = 6;

std::string spelling(const Option& option) {
    std::string out = option.letter ? std::string("-") + option.letter + ", " : "    ";
    out += option.negatable ? "--[no-]" : "--";
    out += option.name;
    if (!option.choices.empty())
        out += " {" + join(option.choices, ",") + "}";
    else if (!option.metavar.empty())
        out += " " + option.metavar;
    return out;
}

// Adds words of `text` from `column` on, wrapped, later lines indented by `indent` and begun with
// `lead`.
void wrap(std::string& out, std::string_view text, std::size_t column, std::size_t indent,
          std::string_view lead = {}) {
    std::istringstream words{std::string(text)};
    std::string word;
    bool first = true;
    while (words >> word) {
        if (!first && column + 1 + word.size() > kWidth) {
            out += '\n' + std::string(indent, ' ');
            out += lead;
            column = indent + lead.size();
            first = true;
        }
        if (!first) out += ' ', ++column;
        out += word;
        column += word.size();
        first = false;
    }
    out += '\n';
}

// A line of an example, indented. A long one goes on after a backslash, broken at a space outside
// quotes, so that it can still be pasted into a shell.
void shell_line(std::string& out, std::string_view line) {
    for (std::string indent = "  ";; indent = std::string(kDeepIndent, ' ')) {
        const std::size_t room = kWidth - indent.size();
        std::size_t space = 0;
        char quote = 0;
        for (std::size_t i = 0; i < line.size() && i + 2 <= room; ++i) {
            if (quote ? line[i] == quote : line[i] == '\'' || line[i] == '"')
                quote = quote ? 0 : line[i];
            if (!quote && i > 0 && line[i] == ' ' && line[i - 1] != ' ') space = i;
        }
        if (line.size() <= room || space == 0) {
            out.append(indent).append(line) += '\n';
            return;
        }
        out.append(indent).append(line.substr(0, space)) += " \\\n";
        line.remove_prefix(space + 1);
    }
}

std::string full_help(const Option& option) {
    std::string text = option.help;
    if (!option.shown_default.empty()) text += " [" + option.shown_default + "]";
    if (!option.environment.empty()) text += " ($" + option.environment + ")";
    return text;
}

std::string usage(const Tool& tool, const std::string& called) {
    std::string out;
    for (const Command& command : tool.commands) {
        out += out.empty() ? "usage: " : "       ";
        std::string line =
            called + (command.name.empty() ? "" : " " + command.name) + " " + command.synopsis;
        wrap(out, line, 7, 11);
    }
    return out;
}

std::string plain(std::string_view line) {
    std::string out;
    const auto add = [&](std::string_view part) { out += part; };
    for_each_span(line, add, [&](char, std::string_view part) { add(part); });
    return out;
}

std::string blocks_text(const std::vector<Block>& blocks) {
    std::string out;
    using Kind = Block::Kind;
    const Block* before = nullptr;
    for (const Block& block : blocks) {
        const bool close = before && before->kind == block.kind && block.kind == Kind::kItem;
        if (before && !close && before->kind != Kind::kTerm) out += '\n';
        before = &block;
        const std::size_t indent = block.kind == Kind::kMore ? kDeepIndent
                                   : block.kind == Kind::kItem || block.kind == Kind::kTerm ? 2
                                                                                            : 0;
        if (block.kind != Kind::kCode) out += std::string(indent, ' ');
        if (block.kind == Kind::kItem) out += "- ";
        const std::size_t column = indent + (block.kind == Kind::kItem ? 2 : 0);
        if (block.kind == Kind::kCode) {
            std::istringstream lines(block.text);
            for (std::string line; std::getline(lines, line);) out += "    " + line + '\n';
        } else {
            wrap(out, plain(block.text), column, column);
        }
    }
    return out;
}

std::string options_help(const Options& options, bool all_text) {
    std::string out, group = "\x01";
    for (const Option& option : options.all()) {
        if (option.hidden) continue;
        if (option.group != group) {
            group = option.group;
            out += "\n" + group + " options:\n";
        }
        std::string text = full_help(option);
        if (!all_text)
            if (const std::size_t stop = option.help.find(". "); stop != std::string::npos)
                text = option.help.substr(0, stop);
        std::string line = "  " + spelling(option);
        if (line.size() + 2 > kHelpColumn) {
            // A long list of choices may break after a comma.
            while (line.size() > kWidth) {
                const std::size_t comma = line.rfind(',', kWidth - 1);
                if (comma == line.npos || comma < kDeepIndent) break;  // nothing to break at
                out += line.substr(0, comma + 1) + "\n";
                line = std::string(kDeepIndent, ' ') + line.substr(comma + 1);
            }
            out += line + "\n" + std::string(kHelpColumn, ' ');
        } else {
            out += line + std::string(kHelpColumn - line.size(), ' ');
        }
        wrap(out, text, kHelpColumn, kHelpColumn);
    }
    return out;
}

std::string operand_line(const Options& options) {
    if (!options.has_operands()) return "";
    std::string out = "\n  " + options.operand_metavar();
    out += std::string(out.size() + 1 < kHelpColumn ? kHelpColumn + 1 - out.size() : 1, ' ');
    wrap(out, options.operand_help(), kHelpColumn, kHelpColumn);
    return out;
}

}  // namespace

std::string short_help(const Tool& tool, const Command& command, const std::string& called) {
    std::string out = usage(tool, called) + "\n";
    wrap(out, command.summary, 0, 0);
    return out + operand_line(command.options) + options_help(command.options, false);
}

std::string long_help(const Tool& tool, const Command& command, const std::string& called) {
    std::string out = usage(tool, called) + "\n";
    const Section* description = tool.page.find("DESCRIPTION");
    if (command.name.empty() && description)
        out += blocks_text(description->blocks);
    else
        wrap(out, command.summary, 0, 0);
    out += operand_line(command.options) + options_help(command.options, true);
    for (const Section& section : tool.page.sections)
        if (section.title != "DESCRIPTION" && section.title != "EXAMPLES")
            out += "\n" + section.title + "\n" + blocks_text(section.blocks);
    out += "\nEXAMPLES\n";
    for (const Example& example : tool.examples()) {
        out += "  ";
        wrap(out, "# " + example.comment, 2, 2, "# ");
        std::istringstream lines(example.command);
        for (std::string line; std::getline(lines, line);) shell_line(out, line);
    }
    out +=
        "\nExit status: 0 done, 1 failed, 2 wrong usage, 3 done but records were skipped,\n4 "
        "stopped, continue with --resume. lip(7) has the rules for all tools.\n";
    return out;
}

}  // namespace lip::cli
