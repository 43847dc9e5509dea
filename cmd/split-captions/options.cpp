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
    o.operands(s.stream.inputs, "FILE", "records, compressed or not; - is standard input");
    o.group("split-captions");
    using text::SplitOptions;
    o.choice("--splitter", s.split.splitter,
             {{"rules", SplitOptions::Splitter::kRules},
              {"dreamlip", SplitOptions::Splitter::kDreamlip}},
             "method of sentence splitting");
    o.add("--sources", s.sources, "LIST",
          "captions to split: SOURCE or SOURCE:FORM; the others pass through unchanged")
        .shown_default = "all";
    o.choice("--newlines", s.split.newlines,
             {{"hard", SplitOptions::Newlines::kHard}, {"soft", SplitOptions::Newlines::kSoft}},
             "soft: treat a newline before a lower-case letter as a space");
    o.add("--abbreviations", s.abbreviations, "FILE",
          "file of abbreviations, one a line, in addition to the built-in ones");
    o.add("--min-words", s.min_words, cli::Kind::kPlain, "N",
          "join sentences of fewer words to their neighbour", 1, 1000);
    o.flag("--drop-truncated", s.split.drop_truncated, "leave out a last sentence that is cut off");
    o.flag("--dedupe", s.split.dedupe, "leave out sentences that occurred before in the caption");
    o.flag("--strip-markers", s.split.strip_markers, "leave list markers out of the spans");
    o.flag("--phrases", s.phrases, "extract the noun phrases of every caption", true);
    o.add("--max-phrases", s.max_phrases, cli::Kind::kPlain, "N",
          "keep only the first N phrases of a caption", 1, 1000000);
    o.choice("--tagger", s.tagger, {"perceptron", "tagged"},
             "part-of-speech tagger; tagged: use the tags of the record");
    o.add("--tagger-weights", s.weights, "FILE",
          "weights of the perceptron tagger. Default: the installed file");
    o.add("--web-words", s.web_words, "FILE",
          "list of words of web pages, which are removed before tagging. Default: the installed "
          "list");
    o.add(
        "--stop-words", s.stop_words, "FILE",
        "list of stop words; a phrase of stop words only is dropped. Default: the installed list");
    o.add("--flags", s.flags, "LIST", "flags to detect, or none").shown_default = "all";
    o.flag("--keep-sentences", s.keep_sentences,
           "leave captions that already have sentences unchanged");
    o.choice("--format", s.format, {"records", "lines"},
             "output format: records, or one sentence a line. Default: records");
    o.add("--stats", s.stats, "FILE",
          "write counts and histograms to FILE as JSON; -: to standard output, in place of the "
          "records");
    o.add("--tokenizer", s.tokenizer, "FILE",
          "SentencePiece model, CLIP vocabulary or folder, to count tokens for --stats");
    add_records(o, s.stream, {"records", "lines"});
    cli::add_common(o, s.common, "write the records to FILE; - is standard output");
    tool.commands.push_back(std::move(command));
    return tool;
}

}  // namespace lip::cmd
