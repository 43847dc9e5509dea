#include "text/phrases.h"

#include "cli/error.h"
#include "text/utf8.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>

namespace lip::text {

ChunkClass chunk_class(std::string_view tag) {
    if (tag == "DT") return ChunkClass::kDeterminer;
    if (tag == "JJ" || tag == "JJR" || tag == "JJS") return ChunkClass::kAdjective;
    if (tag == "NN" || tag == "NNS" || tag == "NNP" || tag == "NNPS") return ChunkClass::kNoun;
    return ChunkClass::kOther;
}

std::vector<Span> noun_chunks(const std::vector<ChunkClass>& classes) {
    std::vector<Span> chunks;
    const auto run_end = [&](std::size_t i, ChunkClass wanted) {
        while (i < classes.size() && classes[i] == wanted) ++i;
        return i;
    };
    for (std::size_t begin = 0; begin < classes.size();) {
        const std::size_t adjectives = begin + (classes[begin] == ChunkClass::kDeterminer ? 1 : 0);
        const std::size_t nouns = run_end(adjectives, ChunkClass::kAdjective);
        const std::size_t end = run_end(nouns, ChunkClass::kNoun);
        if (end == nouns) {
            ++begin;
            continue;
        }
        chunks.push_back({static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end)});
        begin = end;
    }
    return chunks;
}

StringIndex read_word_list(const std::string& path) {
    std::ifstream file(path);
    if (!file) throw cli::DataError(path + ": cannot open: " + std::strerror(errno));
    StringIndex words;
    std::string line;
    for (std::size_t number = 1; std::getline(file, line); ++number) {
        const std::string_view word = trim(std::string_view(line).substr(0, line.find('#')));
        if (word.empty()) continue;
        if (word.find_first_of(" \t") != std::string_view::npos)
            throw cli::DataError(path + ":" + std::to_string(number) + ": one word a line, not '" +
                                 std::string(word) + "'");
        words.insert(word);
    }
    if (file.bad()) throw cli::DataError(path + ": cannot read: " + std::strerror(errno));
    return words;
}

PhraseFinder::PhraseFinder(PhraseLists lists, std::optional<PerceptronTagger> tagger)
    : lists_(std::move(lists)), tagger_(std::move(tagger)) {
    if (!tagger_) return;
    for (const std::string& tag : tagger_->tags()) tag_classes_.push_back(chunk_class(tag));
}

std::vector<std::string> PhraseFinder::find(std::string_view text) const {
    // Threads keep their buffers from caption to caption.
    thread_local WordTokens tokens;
    thread_local std::vector<TagId> tags;
    thread_local std::vector<ChunkClass> classes;
    split_words(text, tokens);
    tokens.remove_if(
        [&](std::string_view token) { return lists_.web_words.find(token) != StringIndex::kNone; });
    tagger_->tag(
        tokens.size(), [](std::size_t i) { return tokens[i]; }, tags);
    classes.clear();
    // A mark is never part of a phrase, whatever a tagger makes of it.
    for (std::size_t i = 0; i < tokens.size(); ++i)
        classes.push_back(is_word(tokens[i]) ? tag_classes_[tags[i]] : ChunkClass::kOther);
    return phrases(tokens, classes);
}

std::vector<std::string> PhraseFinder::find(const std::vector<std::string>& tokens,
                                            const std::vector<std::string>& tags) const {
    WordTokens kept;
    std::vector<ChunkClass> classes;
    for (std::size_t i = 0; i < tokens.size(); ++i) {
        WordTokens one;
        one.add(tokens[i]);
        if (lists_.web_words.find(one[0]) != StringIndex::kNone) continue;
        kept.add(tokens[i]);
        classes.push_back(chunk_class(tags[i]));
    }
    return phrases(kept, classes);
}

std::vector<std::string> PhraseFinder::phrases(const WordTokens& tokens,
                                               const std::vector<ChunkClass>& classes) const {
    std::vector<std::string> found;
    for (const Span chunk : noun_chunks(classes)) {
        if (found.size() == lists_.most) break;
        std::string phrase;
        bool has_content = false;
        for (std::size_t i = chunk.begin; i < chunk.end; ++i) {
            if (!phrase.empty()) phrase += ' ';
            phrase += tokens[i];
            has_content |= lists_.stop_words.find(tokens[i]) == StringIndex::kNone;
        }
        if (has_content && std::find(found.begin(), found.end(), phrase) == found.end())
            found.push_back(std::move(phrase));
    }
    return found;
}

}  // namespace lip::text
