// A look at the data before a run: can this teach anything?
#pragma once

#include "text/tokenizer.h"
#include "train/data.h"

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>

namespace lip::train {

// Of some samples, taken from frames all over the data.
struct Preview {
    std::uint64_t samples = 0;       // with a picture and a record that can be read
    std::uint64_t pictures = 0;      // different ones
    std::uint64_t without_text = 0;  // no caption can be used
    std::uint64_t texts = 0, cut = 0;
    std::set<std::string> sources;  // SOURCE:FORM of all captions
    bool is_all = false;            // the data have no other samples
    bool is_counted = false;        // their number is known already, and what it means was said
};

// Reads about 512 samples, whole frames of them. What is bad in them is left to training.
Preview preview(const DataSettings& data, const text::Tokenizer& tokenizer);

// Says in a line each what keeps a run from learning: no caption that can be used, only truncated
// texts, few different pictures, a batch of one image or larger than the data. Throws UsageError
// if no sample of all the data has a caption that can be used.
void report(const Preview& seen, const DataSettings& data);

void warn_of_small_data(std::uint64_t samples);

}  // namespace lip::train
