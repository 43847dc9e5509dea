// A sample as a row of a caption file: its key, then extension and bytes of the members that
// matter.
#pragma once

#include "record/formats.h"
#include "shard/sample.h"
#include "shard/sample_record.h"

namespace lip::shard {

// Keeps the members that `convert` reads.
void put_sample(Sample sample, record::Row& row, const SampleConverter& convert);
Sample sample_in(const record::Row& row);

}  // namespace lip::shard
