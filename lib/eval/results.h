// What an evaluation gives: a line for each item, a summary of all, a closing line for people.
#pragma once

#include "eval/bootstrap.h"
#include "record/file.h"
#include "record/object.h"

#include <c10/core/Device.h>
#include <c10/core/ScalarType.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

struct XXH3_state_s;

namespace lip::eval {

struct ResultFiles {
    std::string output = "-";  // the items
    std::string summary;       // empty: none; "-": in place of the items on standard output
    bool force = false;
};

struct Metric {
    std::string name;
    double value = 0;  // a fraction 0..1, or what the name says; not finite: null
    std::optional<Interval> interval;
};

// The summary object of lip(7). `settings` names what shaped the figures.
struct Summary {
    std::string dataset, model, pretrained, task;
    std::string language = "en";
    std::vector<Metric> metrics;  // the first is the main figure
    std::uint64_t skipped = 0;
    record::Object more;      // fields of this tool alone, e.g. "unlabelled"
    record::Object settings;  // values are raw JSON
    std::string provenance;   // JSON, empty: left out
    std::string note;         // ends the closing line; not in the JSON
    // Of `count` in the closing line, one and many; not in the JSON.
    std::string unit = "image", units = "images";
};

// 128 bits of XXH3 over the keys in order, each followed by a newline.
class IdsHash {
public:
    IdsHash();
    ~IdsHash();
    IdsHash(IdsHash&&) noexcept;
    void add(std::string_view key);
    std::string hex() const;  // 32 digits

private:
    struct Free {
        void operator()(XXH3_state_s* state) const;
    };
    std::unique_ptr<XXH3_state_s, Free> state_;
};

// Where the results of a run go. One thread at a time. Without finish() nothing is left under the
// names of the files.
class Results {
public:
    // Throws UsageError if items and summary have one file, DataError if a file exists or cannot be
    // made: before any work.
    explicit Results(const ResultFiles& files);

    // Items are wanted: false with the summary on standard output and no file for the items.
    bool has_items() const { return output_.has_value(); }
    // Counts an item and takes its key for ids_hash. Call it in the order of the input, also where
    // no line is written. Evaluations of several lines an item call it once an item.
    void count(std::string_view key);
    // A JSON object without newline. Kept until flush() or some 64 KiB.
    void write(std::string_view line);
    void flush();
    std::uint64_t items() const { return count_; }

    // Writes the rest and the summary, and says the closing line: the main figure in per cent.
    void finish(const Summary& summary);

private:
    std::string to_json(const Summary& summary) const;

    ResultFiles files_;
    std::optional<record::Output> output_;
    std::string buffer_;
    IdsHash ids_;
    std::uint64_t count_ = 0;
};

// Among the settings of a summary: what the figures were computed on, and in which precision.
void set_machine(record::Object& settings, c10::Device device, at::ScalarType precision);

// Name of the data for the summary: `given`, or the last parts of the inputs' paths without
// extension, joined by "+"; "standard input" where there are none.
std::string dataset_name(const std::string& given, const std::vector<std::string>& inputs);

}  // namespace lip::eval
