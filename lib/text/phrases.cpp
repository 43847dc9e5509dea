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
            throw cli::DataError(path + ":" + std::to_string(number) +
                                 ": expected one word a line, found '" + std::string(word) + "'");
        words.insert(word);
    }
    if (file.bad()) throw cli::DataError(path + ": cannot read: " + std::strerror(errno));
    return words;
}

PhraseFinder::PhraseFinder(PhraseLists lists, std::optional<PerceptronTagger> tagger)
    : lists_(std::move(lists)), tagger_(std::move(tagger)) {
    if (!tagger_) return;
    for (const std::string& tag : tagger_->tags()) tag_classes_.push_back(chunk_class(tag));
    for (std::uint32_t i = 0; i < tagger_->word_count(); ++i)
        about_words_.push_back(about(tagger_->word(i)));
}

PhraseFinder::About PhraseFinder::about(std::string_view token) const {
    return {lists_.web_words.find(token) != StringIndex::kNone,
            lists_.stop_words.find(token) != StringIndex::kNone, is_word(token)};
}

std::vector<std::string> PhraseFinder::find(std::string_view text) const {
    // Threads keep their buffers from caption to caption.
    thread_local WordTokens tokens;
    thread_local std::vector<PerceptronTagger::Token> known;
    thread_local std::vector<TagId> tags;
    thread_local std::vector<About> abouts;
    thread_local std::vector<ChunkClass> classes;
    split_words(text, tokens);
    known.clear();
    abouts.clear();
    tokens.remove_if([&](std::string_view token) {
        // One look for a word that the tagger knows, which is nearly every word.
        const std::uint32_t number = tagger_->find_word(token);
        const About found = number != 0 ? about_words_[number] : about(token);
        if (found.is_web) return true;
        abouts.push_back(found);
        known.push_back(number != 0 ? tagger_->token(number) : tagger_->token(token));
        return false;
    });
    tagger_->tag(known, tags);
    classes.clear();
    // A mark is never part of a phrase, whatever a tagger makes of it.
    for (std::size_t i = 0; i < tokens.size(); ++i)
        classes.push_back(abouts[i].is_word ? tag_classes_[tags[i]] : ChunkClass::kOther);
    return phrases(tokens, abouts, classes);
}

std::vector<std::string> PhraseFinder::find(const std::vector<std::string>& tokens,
                                            const std::vector<std::string>& tags) const {
    WordTokens kept;
    std::vector<About> abouts;
    std::vector<ChunkClass> classes;
    for (std::size_t i = 0; i < tokens.size(); ++i) {
        WordTokens one;
        one.add(tokens[i]);
        const About found = about(one[0]);
        if (found.is_web) continue;
        kept.add(tokens[i]);
        abouts.push_back(found);
        classes.push_back(chunk_class(tags[i]));
    }
    return phrases(kept, abouts, classes);
}

std::vector<std::string> PhraseFinder::phrases(const WordTokens& tokens,
                                               const std::vector<About>& abouts,
                                               const std::vector<ChunkClass>& classes) const {
    std::vector<std::string> found;
    for (const Span chunk : noun_chunks(classes)) {
        if (found.size() == lists_.most) break;
        const auto words = std::span(abouts).subspan(chunk.begin, chunk.end - chunk.begin);
        if (std::all_of(words.begin(), words.end(), [](About word) { return word.is_stop; }))
            continue;
        std::string phrase(tokens[chunk.begin]);
        for (std::size_t i = chunk.begin + 1; i < chunk.end; ++i)
            phrase.append(1, ' ').append(tokens[i]);
        if (std::find(found.begin(), found.end(), phrase) == found.end())
            found.push_back(std::move(phrase));
    }
    return found;
}

}  // namespace lip::text
