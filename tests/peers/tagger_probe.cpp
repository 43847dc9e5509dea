// Prints the tokens and tags of captions for tagger.py, a caption a line in, a JSON object a line
// out:  tagger_probe WEIGHTS < captions.txt
#include "text/perceptron_tagger.h"
#include "text/word_tokens.h"

#include <iostream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

int main(int argc, char** argv) {
    if (argc != 2) return 2;
    const auto tagger = lip::text::PerceptronTagger::from_file(argv[1]);
    lip::text::WordTokens tokens;
    std::vector<lip::text::TagId> ids;
    for (std::string line; std::getline(std::cin, line);) {
        lip::text::split_words(line, tokens);
        std::vector<lip::text::PerceptronTagger::Token> known;
        for (std::size_t i = 0; i < tokens.size(); ++i) known.push_back(tagger.token(tokens[i]));
        tagger.tag(known, ids);
        nlohmann::json out{{"tokens", nlohmann::json::array()}, {"tags", nlohmann::json::array()}};
        for (std::size_t i = 0; i < ids.size(); ++i) {
            out["tokens"].push_back(tokens[i]);
            out["tags"].push_back(tagger.tags()[ids[i]]);
        }
        std::cout << out.dump() << "\n";
    }
}
