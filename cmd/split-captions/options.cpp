#include "cmd/groups/groups.h"
#include "cmd/split-captions/split.h"
#include "text/flags.h"

namespace lip::cmd {
namespace {

std::string flag_list() {
    std::vector<std::pair<std::string_view, std::string_view>> rows;
    for (const std::string_view flag : text::flag_names())
        rows.emplace_back(flag, text::flag_summary(flag));
    return cli::definitions(rows);
}

}  // namespace

cli::Tool split_tool(SplitCommand& s) {
    cli::Tool tool{cli::embedded_page("split-captions", {{"flags", flag_list()}})};
    cli::Command command{
        "", "[OPTION]... [FILE]...", tool.page.summary, {}, [&s] { return split_captions(s); }};
    cli::Options& o = command.options;
    o.operands(s.stream.inputs, "FILE", "records, packed or not; - is standard input");
    o.group("split-captions");
    using text::SplitOptions;
    o.choice("--splitter", s.split.splitter,
             {{"rules", SplitOptions::Splitter::kRules},
              {"dreamlip", SplitOptions::Splitter::kDreamlip}},
             "how sentences are found");
    o.add("--sources", s.sources, "LIST",
          "captions to look at: SOURCE or SOURCE:FORM; others stay as they are. Default: all")
        .shown_default = "all";
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
