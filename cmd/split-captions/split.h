#pragma once

#include "cli/tool.h"
#include "record/errors.h"
#include "text/splitter.h"

#include <string>
#include <vector>

namespace lip::cmd {

// Settings of split-captions. The values here are the defaults.
struct SplitCommand {
    cli::Common common;
    record::StreamSettings stream;
    std::string format;  // records or lines; empty: records
    text::SplitOptions split;
    std::int64_t min_words = 1;
    std::string abbreviations;
    std::vector<std::string> sources;  // SOURCE or SOURCE:FORM; empty: all
    std::vector<std::string> flags;    // empty: all
    bool keep_sentences = false;
    bool phrases = false;
    std::int64_t max_phrases = 20;
    std::string tagger = "perceptron";           // or tagged
    std::string weights, stop_words, web_words;  // files; empty: installed
    std::string stats, tokenizer;                // files; empty: none
};

cli::Tool split_tool(SplitCommand& options);
int split_captions(const SplitCommand& options);

}  // namespace lip::cmd
