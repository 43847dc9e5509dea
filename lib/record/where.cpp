#include "record/where.h"

#include <algorithm>

namespace lip::record {
namespace {

constexpr std::size_t kShownValues = 10;
constexpr std::size_t kShownBytes = 60;

std::string text_of(std::string_view raw) {
    std::string text;
    if (!read_text(raw, text) && raw != "null") text = raw;
    return text;
}

// The values of a column; one that is empty if it is not there.
std::vector<std::string> values_of(const Record& record, const std::string& column,
                                   bool& is_there) {
    const std::string* raw = record.object.find(column);
    if (!raw) raw = record.object.find("x_" + column);
    is_there = raw != nullptr;
    if (!raw) return {""};
    bool is_array = false;
    std::vector<std::string> values;
    for (const std::string_view item : array_items(*raw, is_array)) values.push_back(text_of(item));
    if (!is_array) values = {text_of(*raw)};
    return values;
}

}  // namespace

void from_text(std::string_view text, Condition& condition) {
    const std::size_t equals = text.find('=');
    const bool is_not = equals != text.npos && equals > 0 && text[equals - 1] == '!';
    const std::size_t end = is_not ? equals - 1 : equals;
    if (equals == text.npos || end == 0)
        throw cli::UsageError("'" + std::string(text) +
                              "' is not of the form COLUMN=VALUE or COLUMN!=VALUE");
    condition = {std::string(text.substr(0, end)), std::string(text.substr(equals + 1)), is_not};
}

std::string to_text(const Condition& condition) {
    return condition.column + (condition.is_not ? "!=" : "=") + condition.value;
}

void WhereCounts::add(const WhereCounts& other) {
    left_out += other.left_out;
    columns.insert(other.columns.begin(), other.columns.end());
    for (const auto& value : other.seen)
        if (seen.size() < kShownValues) seen.insert(value);
}

bool Where::takes(const Record& record, WhereCounts& counts) const {
    bool takes = true;
    for (const Condition& condition : conditions_) {
        bool is_there = false;
        const auto values = values_of(record, condition.column, is_there);
        if (is_there) counts.columns.insert(condition.column);
        const auto has = [&](const Condition& c) {
            return std::ranges::count(values, c.value) > 0;
        };
        // All that is asked of this column is settled at its first condition of the kind.
        bool holds = condition.is_not ? !has(condition) : false;
        for (const Condition& other : conditions_)
            if (!condition.is_not && !other.is_not && other.column == condition.column)
                holds = holds || has(other);
        if (holds) continue;
        takes = false;
        for (const std::string& value : values)
            if (is_there && counts.seen.size() < kShownValues)
                counts.seen.emplace(condition.column, value.substr(0, kShownBytes));
    }
    if (!takes) ++counts.left_out;
    return takes;
}

std::string Where::nothing_taken(const WhereCounts& counts) const {
    std::string wanted, values;
    for (const Condition& condition : conditions_) {
        if (!counts.columns.contains(condition.column))
            return "no row has a field \"" + condition.column + "\" for --where";
        wanted += (wanted.empty() ? "" : " ") + to_text(condition);
    }
    for (const auto& [column, value] : counts.seen)
        values += (values.empty() ? "" : ", ") + column + "=" + value;
    return "no row is taken by --where " + wanted + " (there are: " + values + ")";
}

}  // namespace lip::record
