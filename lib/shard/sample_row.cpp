#include "shard/sample_row.h"

#include <utility>

namespace lip::shard {

void put_sample(Sample sample, record::Row& row, const SampleConverter& convert) {
    row.fields = {std::move(sample.key)};
    for (Member& member : sample.members) {
        if (!convert.reads(member.ext)) continue;
        row.fields.push_back(std::move(member.ext));
        row.fields.push_back(std::move(member.bytes));
    }
}

Sample sample_in(const record::Row& row) {
    Sample sample{row.fields.at(0), {}};
    for (std::size_t i = 1; i + 1 < row.fields.size(); i += 2)
        sample.members.push_back({row.fields[i], row.fields[i + 1]});
    return sample;
}

}  // namespace lip::shard
