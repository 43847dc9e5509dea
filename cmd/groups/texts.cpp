#include "cli/error.h"
#include "cmd/groups/groups.h"
#include "record/lines.h"
#include "text/utf8.h"

namespace lip::cmd {

std::vector<std::string> read_texts(const std::vector<std::string>& operands, bool may_be_empty) {
    std::vector<std::string> texts;
    for (const std::string& operand : operands) {
        if (!operand.starts_with('@') || operand.starts_with("@@")) {
            if (!may_be_empty && text::trim(operand).empty())
                throw cli::UsageError("a text to search for is empty (an unset variable?)");
            const std::string_view text = operand;
            texts.push_back(
                text::replace_invalid_utf8(text.substr(text.starts_with('@') ? 1 : 0)).text);
            continue;
        }
        record::StreamSettings settings;
        settings.keep_blank = true;
        settings.inputs = {operand.substr(1)};
        record::LineReader reader(settings);
        const std::size_t before = texts.size();
        while (const auto block = reader.next_block())
            for (const record::Line& line : block->lines) {
                if (line.too_large)
                    throw cli::DataError(settings.inputs[0] + ":" + std::to_string(line.number) +
                                         ": the line is longer than --max-line");
                if (!may_be_empty && text::trim(line.text).empty())
                    throw cli::DataError(settings.inputs[0] + ":" + std::to_string(line.number) +
                                         ": the text to search for is empty");
                texts.push_back(text::replace_invalid_utf8(line.text).text);
            }
        if (!may_be_empty && texts.size() == before)
            throw cli::DataError("no texts in " + record::display_name(settings.inputs[0]));
    }
    return texts;
}

}  // namespace lip::cmd
