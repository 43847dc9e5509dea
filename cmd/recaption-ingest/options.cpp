#include "cmd/groups/groups.h"
#include "cmd/recaption-ingest/ingest.h"
#include "record/parquet_module.h"

namespace lip::cmd {
namespace {

constexpr const char* kDescription =
    R"(Reads caption releases and writes records: one JSON object a line, an image with its captions. The format of a file is found by looking at it. Texts are taken over as they are; only bytes that are not UTF-8 become U+FFFD, and the caption gets the flag invalid_utf8. Empty captions and the words nan, None and null are no captions.

The key of a record is the key the source has, else 32 hexadecimal digits of a hash of its URL or path. Row numbers are never keys. --map may take one column as image or url and as key.

In a tar, members whose names are equal up to the first "." behind the last slash are one sample, and must stand together.

With --join the captions are put on the images of another data set, in its order: records, or shards and tars (img2dataset's too), as a file, folder, manifest or quoted pattern. They go together, by default, where the URLs are equal after normalisation (case of scheme and host, http and https, default port, fragment, escapes). Records without a match keep what they have; that none has one is an error. The caption files must then be plain files and not Parquet: an index of 24 bytes a row is built, and rows are read where they lie. When that is too much memory, --join-part 1/8 to 8/8 take an eighth each; together their outputs are the whole, each in the order of INPUT, so that shard --images-from is run once for each.)";

constexpr const char* kTokens =
    R"(Token ids become texts by --vocabulary: bpe_simple_vocab_16e6.txt of CLIP's first release, packed or not, or vocab.json or tokenizer.json of a CLIP model. The texts are what the tokenizer kept: lower case, a space behind each word and mark, cut at 75 tokens.)";

constexpr const char* kParquet =
    R"(Parquet is read as if it were JSON lines: a row is an object, lists and structs stay what they are, days and moments become texts of ISO 8601, and a struct of bytes and path, as Hugging Face writes images, is its path. Columns of other bytes are left out and named, unless --map or --caption takes one as texts. Parquet is read from its end: it must be a file, neither a pipe nor packed. It takes some 50 MB of memory, whatever the size of file and row groups. --version says whether this program was built with it.)";

constexpr const char* kOutput =
    R"(Records with key, image or url, and captions with text, source and form; record(5) describes them. Columns that are not captions follow as they are. --stats writes one JSON object: rows, records, skipped, captions by source:form, with --join matched, missing and duplicates (rows), and with the two options for flags duplicate_captions and leaking_captions.

Regions have boxes in fractions of the image. Visual Genome and DCI give pixels: of DCI's masks the bounds are taken, with the caption as text and the label beside it, or the label alone; masks found bad are left out. Where the size of an image is neither in its object nor, for DCI, that of all its masks, the boxes stay in pixels in the field pixel_regions, and --join with records that have width and height makes regions of them.

--mark-duplicates and --leak-check compare texts without case and white space, and images by their normalised URL or path. Of equal ones the first stays without a flag; equal captions of one record are no duplicates. 21 to 43 bytes of memory for each different text and image. train --skip-flags truncated,duplicate,leak leaves such captions out, too; without it they are trained on.)";

constexpr const char* kBadInput =
    R"(A row with another number of fields than the header, or a quote that is never closed: bad-row. No usable key, or an object where a text should be: bad-record. A sample of a tar whose key stood before: duplicate-key. A line that is not JSON: bad-json. When no format fits, the run fails and names the columns that are there. A conversation without an image is no mistake: it is left out and counted.)";

std::string formats_section() {
    std::string text =
        "Found by looking at the file, in this order; --input-format names one. Releases that are "
        "tables of columns are read as CSV, TSV, JSON lines, JSON arrays or Parquet, and --map and "
        "--caption change or add columns.";
    for (const FormatLine& format : all_formats())
        text.append("\n\n").append(format.name).append(": ").append(format.summary).append(".");
    return text.append("\n\n").append(kTokens).append("\n\n").append(kParquet);
}

}  // namespace

cli::Tool ingest_tool(IngestOptions& options) {
    cli::Tool tool;
    tool.name = "recaption-ingest";
    tool.summary = "turn caption releases into records";
    tool.description = kDescription;
    tool.sections = {{"FORMATS", formats_section()}, {"OUTPUT", kOutput}, {"BAD INPUT", kBadInput}};
    tool.examples = {
        {"The DreamLIP release, keys prefixed.",
         "recaption-ingest --key-prefix cc3m/ release.csv > cc3m.jsonl"},
        {"Any other table, from a pipe.",
         "zstd -dc recap.csv.zst | recaption-ingest --map url=url \\\n"
         "    --caption llava15:long=re_caption > recap.jsonl"},
        {"Visual Genome, whose sizes stand in a file of their own.",
         "recaption-ingest --input-format jsonl --map key=image_id --map url=url \\\n"
         "    --map width=width --map height=height image_data.json > sizes.jsonl\n"
         "recaption-ingest --join sizes.jsonl --join-on key region_descriptions.json > vg.jsonl"},
        {"Captions on the records of images that are there, with a report.",
         "recaption-ingest --join images.jsonl --join-on path --stats cover.json paths.csv > "
         "joined.jsonl"},
        {"The same where the images lie in tars, and on into shards.",
         "recaption-ingest --join 'img/*.tar' urls.csv | split-captions |\n"
         "    shard --images-from 'img/*.tar' -o packed/train"},
    };
    tool.features = {"parquet: " + std::string(record::parquet_version())};
    tool.see_also = "split-captions(1), shard(1), record(5), lip(7)";
    cli::Command command{
        "", "[OPTION]... [FILE]...", tool.summary, {}, [&options] { return ingest(options); }};
    cli::Options& o = command.options;
    o.operands(options.stream.inputs, "FILE", "caption files, packed or not; - is standard input");
    o.group("recaption-ingest");
    o.flag("--list-formats", options.list_formats, "print the formats and exit").in_config = false;
    o.add_repeated("--map", options.map, "FIELD=COLUMN",
                   "take key, image, url, width, height or label from a column");
    o.add_repeated("--caption", options.caption, "SOURCE:FORM=COLUMN",
                   "take a caption from a column");
    using Key = record::ImportSettings::Key;
    o.choice("--key", options.import.key,
             {{"auto", Key::kAuto}, {"url", Key::kUrl}, {"path", Key::kPath}},
             "what keys are made from. auto: the source's key, else the URL, else the path");
    o.add("--key-prefix", options.import.key_prefix, "TEXT", "put before every key");
    o.flag("--quotes", options.import.quotes,
           "CSV and TSV: a field may be in double quotes, with newlines and doubled quotes inside; "
           "without, a quote is a character like others (CC3M and CC12M: always)",
           /*negatable=*/true);
    o.add("--vocabulary", options.import.vocabulary, "FILE",
          "CLIP's vocabulary, for captions that are token ids: its merges or Hugging Face's JSON");
    o.add("--join", options.join, "INPUT",
          "put the captions on the images of INPUT, in its order: records, shards, tars");
    using record::JoinOn;
    o.choice("--join-on", options.join_on,
             {{"url", JoinOn::kUrl}, {"key", JoinOn::kKey}, {"path", JoinOn::kPath}},
             "what must be equal");
    o.add("--join-part", options.join_part, "I/N",
          "only the I-th of N parts of all images, by a hash of what must be equal");
    o.flag("--mark-duplicates", options.mark_duplicates,
           "flag captions whose text or image came before: duplicate");
    o.add("--leak-check", options.leak_check, "FILE",
          "flag captions whose text or image is in FILE, an evaluation set: leak");
    o.add("--stats", options.stats, "FILE", "counts as JSON; -: in place of the records");
    std::vector<std::string> formats;
    for (const FormatLine& format : all_formats()) formats.emplace_back(format.name);
    add_records(o, options.stream, formats);
    cli::add_common(o, options.common, "where the records go; - is standard output");
    tool.commands.push_back(std::move(command));
    return tool;
}

}  // namespace lip::cmd
