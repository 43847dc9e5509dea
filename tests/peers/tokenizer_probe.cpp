// Prints what our tokenizers make of texts for tokenizer.py: a JSON string a line in, a line out.
//   tokenizer_probe TOKENIZER CONTEXT [CLEAN]    the ids
//   tokenizer_probe --clean CLEAN                the cleaned text, a JSON string
//   tokenizer_probe --save TOKENIZER FOLDER      the files that a checkpoint has of it
//   tokenizer_probe --time TOKENIZER CONTEXT     lines and seconds of one pass over all lines
#include "text/clean.h"
#include "text/tokenizer.h"

#include <chrono>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace {

std::vector<std::string> read_texts() {
    std::vector<std::string> texts;
    for (std::string line; std::getline(std::cin, line);)
        texts.push_back(nlohmann::json::parse(line).get<std::string>());
    return texts;
}

}  // namespace

int main(int argc, char** argv) {
    const std::vector<std::string> args(argv + 1, argv + argc);
    if (args.size() == 2 && args[0] == "--clean") {
        const auto clean = lip::text::clean_of(args[1]);
        if (!clean) return 2;
        for (const std::string& text : read_texts())
            std::cout << nlohmann::json(lip::text::clean_text(text, *clean)).dump() << "\n";
        return 0;
    }
    if (args.size() == 3 && args[0] == "--save") {
        const auto tokenizer = lip::text::load_tokenizer(args[1]);
        std::ofstream(args[2] + "/" + tokenizer->file_name()) << tokenizer->file_bytes();
        if (!tokenizer->config_json().empty())
            std::ofstream(args[2] + "/" + lip::text::kTokenizerConfigFile)
                << tokenizer->config_json();
        return 0;
    }
    const bool timed = !args.empty() && args[0] == "--time";
    if (args.size() < (timed ? 3u : 2u) || args.size() > 3) return 2;
    lip::text::TokenizerOptions options;
    if (!timed && args.size() == 3 && !(options.clean = lip::text::clean_of(args[2]))) return 2;
    // With a SentencePiece model: as SigLIP uses it.
    if (options.clean) options.begin = false;
    const auto now = std::chrono::steady_clock::now;
    const auto seconds = [&](auto from) {
        return std::chrono::duration<double>(now() - from).count();
    };
    const auto loading = now();
    const auto tokenizer = lip::text::load_tokenizer(args[timed], options);
    const double loaded = seconds(loading);
    const std::int64_t context = std::stol(args[1 + timed]);
    const std::vector<std::string> texts = read_texts();
    if (timed) {
        const auto start = now();
        std::size_t ids = 0;
        for (const std::string& text : texts) ids += tokenizer->encode(text, context).size();
        std::cout << "loaded in " << loaded << " s; " << texts.size() << " texts, " << ids
                  << " ids in " << seconds(start) << " s\n";
        return 0;
    }
    for (const std::string& text : texts) {
        std::string line;
        for (const std::int32_t id : tokenizer->encode(text, context))
            (line += line.empty() ? "" : " ") += std::to_string(id);
        std::cout << line << "\n";
    }
}
