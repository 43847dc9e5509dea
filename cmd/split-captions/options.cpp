#include "cmd/groups/groups.h"
#include "cmd/split-captions/split.h"
#include "text/flags.h"

namespace lip::cmd {
namespace {

constexpr const char* kDescription =
    R"(Marks the sentences of every caption as byte spans into its text, and flags what is odd about the caption: cut off, a list, repeated, talk about the picture itself. The text is never changed, and everything else in a record passes through as it is. Output comes as soon as input does, so the tool can stand anywhere in a pipeline.

The splitter knows abbreviations, initials, numbers, times, addresses, quotations, brackets, lists and ellipses in English, and the full stops of other scripts. It takes linear time and never fails, whatever bytes it is given. --splitter dreamlip cuts as the code released with DreamLIP does: at every line feed, every </s> and every period.)";

constexpr const char* kOutput =
    R"(The same records; every caption gains sentences, a list of [begin, end) byte offsets, and flags, a list of words, empty lists included. A flag that concerns one sentence is written word@N, N from 0. --format lines writes a sentence a line instead.

--stats writes one JSON object: records, captions, sentences, flags (captions that have each), and by source and form the histograms words (words of a sentence) and sentences_per_caption.)";

constexpr const char* kBadInput =
    R"(A line that is not JSON: bad-json. No key, or a caption without text: bad-record. An unknown record version: bad-version. Longer than --max-line: too-large. Records without captions pass.)";

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
    tool.sections = {{"FLAGS", flags_section()}, {"OUTPUT", kOutput}, {"BAD INPUT", kBadInput}};
    tool.examples = {
        {"A line of text becomes a line a sentence.",
         "echo 'Dr. Smith waves. A dog runs.' | split-captions --input-format lines --format "
         "lines"},
        {"Records into shards.",
         "split-captions < caps.jsonl | shard --image-root . -o shards/train"},
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
    o.add("--flags", s.flags, "LIST", "detectors to run, or none. Default: all").shown_default =
        "all";
    o.flag("--keep-sentences", s.keep_sentences,
           "leave captions alone that have sentences already");
    o.choice("--format", s.format, {"records", "lines"},
             "records, or a sentence a line. Default: records");
    o.add("--stats", s.stats, "FILE", "counts and histograms as JSON; -: in place of the records");
    add_records(o, s.stream, {"records", "lines"});
    cli::add_common(o, s.common, "where the records go; - is standard output");
    tool.commands.push_back(std::move(command));
    return tool;
}

}  // namespace lip::cmd
