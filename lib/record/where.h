// Rows chosen by what stands in their columns: recaption-ingest --where.
#pragma once

#include "record/record.h"

#include <array>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace lip::record {

// "split=train" or "split!=train".
struct Condition {
    std::string column, value;
    bool is_not = false;
};
// Throws UsageError.
void from_text(std::string_view text, Condition& condition);
std::string to_text(const Condition& condition);

// What the rows have in the columns of --where: for the message that none was taken.
struct WhereCounts {
    std::uint64_t left_out = 0;
    std::set<std::string> columns;                       // of --where that some row has
    std::set<std::pair<std::string, std::string>> seen;  // some of their values

    void add(const WhereCounts& other);
};

// Conditions for one column: one of them must hold (of those with !=, all). All columns must hold.
class Where {
public:
    explicit Where(std::vector<Condition> conditions) : conditions_(std::move(conditions)) {}
    bool empty() const { return conditions_.empty(); }
    // Thread-safe. Looks at the fields of the record, a text as it is, a list for each of its
    // elements, another value as its JSON; what is not there is empty.
    bool takes(const Record& record, WhereCounts& counts) const;
    // Why no row was taken: a column that no row has, or the values that are there.
    std::string nothing_taken(const WhereCounts& counts) const;

private:
    std::vector<Condition> conditions_;
};

}  // namespace lip::record
