// Pages of the manual as roff.
#include "cli/tool.h"

#include <sstream>

namespace lip::cli {
namespace {

constexpr const char* kReleaseDate = "2026-11-29";

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

std::string roff_line(std::string_view line) {
    std::string out;
    for_each_span(
        line,
        [&](std::string_view part) {
            const std::string text = roff(part);
            // What begins the line is safe there alone.
            out += out.empty() || !text.starts_with("\\&.") ? text : text.substr(2);
        },
        [&](char mark, std::string_view part) {
            out.append(mark == '`' ? "\\fB" : "\\fI").append(roff(part)).append("\\fR");
        });
    return out;
}

// A sentence a line, as roff likes it.
std::string roff_text(std::string_view text) {
    std::string out;
    for (std::size_t stop; (stop = text.find(". ")) != text.npos;) {
        out += roff_line(text.substr(0, stop + 1)) + "\n";
        text.remove_prefix(stop + 2);
    }
    return out + roff_line(text) + "\n";
}

std::string roff_code(const std::string& text) {
    std::string out = ".nf\n.RS 4\n";
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) out += roff(line) + "\n";
    return out + ".RE\n.fi\n";
}

std::string roff_blocks(const std::vector<Block>& blocks) {
    std::string out;
    using Kind = Block::Kind;
    Kind before = Kind::kHeading;  // begins a section, too
    for (const Block& block : blocks) {
        switch (block.kind) {
            case Kind::kHeading:
                out += ".SS " + roff_line(block.text) + "\n";
                break;
            case Kind::kParagraph:
                out += (before == Kind::kHeading ? "" : ".PP\n") + roff_text(block.text);
                break;
            case Kind::kItem:
                out += ".IP \\(bu 2\n" + roff_text(block.text);
                break;
            case Kind::kTerm:
                out += ".TP\n" + roff_line(block.text) + "\n";
                break;
            case Kind::kMore:
                out += (before == Kind::kTerm ? "" : ".IP\n") + roff_text(block.text);
                break;
            case Kind::kCode:
                out += (before == Kind::kHeading ? "" : ".PP\n") + roff_code(block.text);
                break;
        }
        before = block.kind;
    }
    return out;
}

std::string title_line(const Page& page) {
    // Names of options and formats must not be hyphenated.
    return ".TH " + upper(page.name) + " " + page.number + " \"" + kReleaseDate + "\" \"liptools " +
           version() + "\" \"liptools\"\n.nh\n.SH NAME\n" + roff(page.name) + " \\- " +
           roff(page.summary) + "\n";
}

std::string section(const Section& section) {
    return ".SH " + roff(section.title) + "\n" + roff_blocks(section.blocks);
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

std::string exit_status(bool resumes) {
    std::string out =
        ".SH EXIT STATUS\n"
        ".TP\n\\fB0\\fR\nDone.\n"
        ".TP\n\\fB1\\fR\nFailed: input, output, data or numbers.\n"
        ".TP\n\\fB2\\fR\nWrong command line, environment or configuration file.\n"
        ".TP\n\\fB3\\fR\nDone, but records were skipped.\n";
    if (resumes)
        out += ".TP\n\\fB4\\fR\nStopped by a signal, state saved: run again with \\-\\-resume.\n";
    return out;
}

}  // namespace

std::string man_page(const Page& page) {
    std::string out = title_line(page);
    for (const Section& each : page.sections) out += section(each);
    return out;
}

std::string man_page(const Tool& tool) {
    std::string out = title_line(tool.page) + ".SH SYNOPSIS\n";
    for (const Command& command : tool.commands) {
        if (&command != &tool.commands.front()) out += ".br\n";
        out += "\\fB" + roff(tool.page.name + (command.name.empty() ? "" : " " + command.name)) +
               "\\fR " + roff(command.synopsis) + "\n";
    }
    for (const Section& each : tool.page.sections) {
        if (each.title == "EXAMPLES" && !tool.page.find("EXIT STATUS"))
            out += exit_status(tool.resumes);
        out += section(each);
        if (each.title != "DESCRIPTION") continue;
        for (const Command& command : tool.commands) {
            const bool main_command = command.name.empty();
            out += ".SH " + (main_command ? "OPTIONS" : "OPTIONS OF " + upper(command.name)) + "\n";
            if (!main_command) out += roff_text(command.summary);
            out += man_options(command.options);
        }
    }
    return out;
}

}  // namespace lip::cli
