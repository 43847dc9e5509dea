#include "cmd/groups/groups.h"
#include "cmd/split-captions/split.h"
#include "text/flags.h"

namespace lip::cmd {
namespace {

constexpr const char* kDescription =
    R"(Marks the sentences of every caption as byte spans into its text, and flags what is odd about the caption: cut off, a list, repeated, talk about the picture itself. The text is never changed, and everything else in a record passes through as it is. Output comes as soon as input does, so the tool can stand anywhere in a pipeline.

--phrases adds the noun phrases of a caption, as queries for an open-vocabulary detector.

The splitter knows abbreviations, initials, numbers, times, addresses, quotations, brackets, lists and ellipses in English, and the full stops of other scripts. It takes linear time and never fails, whatever bytes it is given. --splitter dreamlip cuts as the code released with DreamLIP does: at every line feed, every </s> and every period.)";

constexpr const char* kOutput =
    R"(The same records; every caption gains sentences, a list of [begin, end) byte offsets, and flags, a list of words, and with --phrases also phrases, a list of texts; empty lists included. A flag that concerns one sentence is written word@N, N from 0. --format lines writes a sentence a line instead.

--stats writes one JSON object: records, captions, sentences, phrases, flags (captions that have each), and by source and form the histograms words (words of a sentence), tokens (of a caption, its begin and end tokens included; with --tokenizer) and sentences_per_caption. scripts/plot-stats of the sources draws them.)";

constexpr const char* kPhrases =
    R"(As CLOC's data engine does: the caption in lower case is cut into words and marks, words of web pages (photo, download, shutterstock) are taken out, the rest is tagged from end to end, and a phrase is one determiner or none, any adjectives, and one noun or more: the longest match from left to right. A phrase of nothing but stop-words is dropped, a repeated one stands once, and the first --max-phrases are kept. It knows English alone: a sentence of a language without spaces comes out as one phrase. Phrases are texts, not spans, for they lose words and case. Since words are taken out first, "The image features a dog" gives "the features" as well; an empty --web-words file leaves all words in.

The word lists hold one word a line in lower case; # begins a comment.)";

constexpr const char* kTagger =
    R"(--tagger perceptron is an averaged perceptron, greedy from left to right. Its weights file is a JSON object with weights (feature to tag to weight), tagdict (word to tag, for words that are nearly always the same) and classes (the Penn tags); the features are those of the tagger that NLTK and textblob-aptagger use, so the weights of either can be used. The installed file comes from textblob-aptagger, and names its licence.

--tagger tagged leaves the tagging to a program before this one in the pipe: every caption then has tokens, a list of texts, and tags, a list of as many Penn tags; both pass through.)";

constexpr const char* kBadInput =
    R"(A line that is not JSON: bad-json. No key, or a caption without text: bad-record. With --tagger tagged, a caption without tokens and tags: bad-record. An unknown record version: bad-version. Longer than --max-line: too-large. Records without captions pass.)";

std::string flags_section() {
    std::string text = "What can be odd about a caption; none of it is changed.";
    for (const std::string_view flag : text::flag_names())
        text.append("\n\n").append(flag).append(": ").append(text::flag_summary(flag)).append(".");
    return text +
           "\n\ninvalid_utf8, presplit, duplicate and leak come from recaption-ingest; sentences "
           "of a caption flagged presplit stay as they are.";
}

}  // namespace

cli::Tool split_tool(SplitCommand& s) {
    cli::Tool tool;
    tool.name = "split-captions";
    tool.summary = "mark sentences and flags in captions";
    tool.description = kDescription;
    tool.sections = {{"PHRASES", kPhrases},
                     {"TAGGER", kTagger},
                     {"FLAGS", flags_section()},
                     {"OUTPUT", kOutput},
                     {"BAD INPUT", kBadInput}};
    tool.examples = {
        {"A line of text becomes a line a sentence.",
         "echo 'Dr. Smith waves. A dog runs.' | split-captions --input-format lines --format "
         "lines"},
        {"Records into shards.",
         "split-captions < caps.jsonl | shard --image-root . -o shards/train"},
        {"What a detector should look for.",
         "split-captions --phrases caps.jsonl | jq -c '.captions[].phrases'"},
        {"How often each flag is set.", "split-captions --stats - caps.jsonl | jq .flags"},
    };
    tool.see_also = "recaption-ingest(1), shard(1), record(5), lip(7)";
    cli::Command command{
        "", "[OPTION]... [FILE]...", tool.summary, {}, [&s] { return split_captions(s); }};
    cli::Options& o = command.options;
    o.operands(s.stream.inputs, "FILE", "records, packed or not; - is standard input");
    o.group("split-captions");
    using text::SplitOptions;
    o.choice("--splitter", s.split.splitter,
             {{"rules", SplitOptions::Splitter::kRules},
              {"dreamlip", SplitOptions::Splitter::kDreamlip}},
             "how sentences are found");
    o.choice("--newlines", s.split.newlines,
             {{"hard", SplitOptions::Newlines::kHard}, {"soft", SplitOptions::Newlines::kSoft}},
             "soft: a newline before a lower-case letter is a space");
    o.add("--abbreviations", s.abbreviations, "FILE",
          "your own abbreviations, one a line, added to the built-in ones");
    o.add("--min-words", s.min_words, cli::Kind::kPlain, "N",
          "shorter sentences join their neighbour", 1, 1000);
    o.flag("--drop-truncated", s.split.drop_truncated, "no span for a cut-off last sentence");
    o.flag("--dedupe", s.split.dedupe, "no span for a sentence that came before in the caption");
    o.flag("--strip-markers", s.split.strip_markers, "spans leave out list markers");
    o.flag("--phrases", s.phrases, "find the noun phrases of every caption", true);
    o.add("--max-phrases", s.max_phrases, cli::Kind::kPlain, "N", "the first N of a caption", 1,
          1000000);
    o.choice("--tagger", s.tagger, {"perceptron", "tagged"},
             "who says what part of speech a word is; tagged: the record does");
    o.add("--tagger-weights", s.weights, "FILE", "weights of the perceptron. Default: installed");
    o.add("--web-words", s.web_words, "FILE",
          "words of web pages, taken out before tagging. Default: installed");
    o.add("--stop-words", s.stop_words, "FILE",
          "a phrase of only these is dropped. Default: installed");
    o.add("--flags", s.flags, "LIST", "detectors to run, or none. Default: all").shown_default =
        "all";
    o.flag("--keep-sentences", s.keep_sentences,
           "leave captions alone that have sentences already");
    o.choice("--format", s.format, {"records", "lines"},
             "records, or a sentence a line. Default: records");
    o.add("--stats", s.stats, "FILE", "counts and histograms as JSON; -: in place of the records");
    o.add("--tokenizer", s.tokenizer, "FILE",
          "SentencePiece model, CLIP vocabulary or folder: --stats counts its tokens");
    add_records(o, s.stream, {"records", "lines"});
    cli::add_common(o, s.common, "where the records go; - is standard output");
    tool.commands.push_back(std::move(command));
    return tool;
}

}  // namespace lip::cmd
