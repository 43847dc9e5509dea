#pragma once

#include "cmd/split-captions/sources.h"
#include "record/record.h"
#include "text/tokenizer.h"

#include <cstdint>
#include <map>
#include <string>

namespace lip::cmd {

// What --stats counts. One thread at a time.
class Stats {
public:
    // `tokenizer` may be null: then no tokens are counted.
    explicit Stats(const text::Tokenizer* tokenizer) : tokenizer_(tokenizer) {}

    // Counts the captions that `sources` takes.
    void add(const record::Record& record, const SourceFilter& sources);
    void merge(const Stats& other);
    std::string to_json() const;

private:
    using Histogram = std::map<std::uint64_t, std::uint64_t>;
    using Histograms = std::map<std::string, Histogram>;  // by source:form

    const text::Tokenizer* tokenizer_;
    std::uint64_t records_ = 0, captions_ = 0, sentences_ = 0, phrases_ = 0;
    std::map<std::string, std::uint64_t> flags_;
    Histograms words_, tokens_, sentences_per_caption_;
};

}  // namespace lip::cmd
