// What train says of a run on standard error, a line each.
#pragma once

#include "train/event_file.h"

#include <cstdint>
#include <string>

namespace lip::train {

struct DataIdentity;
struct TrainSettings;

// What is trained, how long and on what: "dreamlip, demo, 1.2 M parameters; 40 steps of 16 images
// with 4 texts on cpu in fp32; 60 samples in 2 shards, 10.7 epochs".
std::string start_message(const TrainSettings& settings, std::int64_t parameters,
                          const DataIdentity& data);

// "step 20: loss 2.310, text_retrieval_recall@1 3.3 %": the main ones of a checkpoint's figures,
// all where none of them is.
std::string evaluation_message(std::int64_t step, const Figures& figures);

}  // namespace lip::train
