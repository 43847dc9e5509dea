#include "cmd/groups/groups.h"
#include "cmd/recaption-ingest/ingest.h"
#include "record/parquet_module.h"

namespace lip::cmd {
cli::Tool ingest_tool(IngestOptions& options) {
    const std::vector<FormatLine> known = all_formats();
    cli::Tool tool{cli::embedded_page("recaption-ingest", {{"formats", cli::definitions(known)}})};
    tool.features = {"parquet: " + std::string(record::parquet_version())};
    cli::Command command{
        "", "[OPTION]... [FILE]...", tool.page.summary, {}, [&options] { return ingest(options); }};
    cli::Options& o = command.options;
    o.operands(options.stream.inputs, "FILE",
               "caption files, compressed or not; - is standard input");
    o.group("recaption-ingest");
    o.flag("--list-formats", options.list_formats, "print the formats and exit").in_config = false;
    o.add_repeated("--map", options.import.map.fields, "FIELD=COLUMN",
                   "take key, image, url, width, height or label from a column");
    o.add_repeated("--caption", options.import.map.captions, "SOURCE:FORM=COLUMN",
                   "take a caption from a column; FORM is raw, short or long. Without FORM: raw "
                   "for the source raw, else long");
    o.add_repeated("--region", options.import.map.regions, "LAYOUT[/SCALE]=BOX[:TEXT[:LABEL]]",
                   "take regions from a column of boxes; LAYOUT is xyxy, xywh, cxcywh or yxyx, in "
                   "pixels, or in parts of SCALE: /1 for fractions");
    using Key = record::ImportSettings::Key;
    o.choice("--key", options.import.key,
             {{"auto", Key::kAuto}, {"url", Key::kUrl}, {"path", Key::kPath}},
             "what keys are made from. auto: the key of the source, else the URL, else the path");
    o.add("--key-prefix", options.import.key_prefix, "TEXT", "put TEXT before every key");
    o.flag("--quotes", options.import.quotes,
           "in CSV and TSV, a field may be in double quotes, with newlines and doubled quotes "
           "inside; otherwise a quote is an ordinary character (in CC3M and CC12M always)",
           /*negatable=*/true);
    o.add("--delimiter", options.delimiter, "CHARACTER",
          "what stands between the columns of a text table, or tab. Default: found by looking at "
          "comma, tab, | and ;");
    o.flag("--header", options.import.header,
           "the first row of a text table holds the names of the columns; without, columns have "
           "numbers from 1",
           /*negatable=*/true);
    o.add_repeated("--records", options.import.records, "PATH",
                   "where the rows stand in a JSON document: names joined by dots; . is the "
                   "document itself");
    o.add("--vocabulary", options.import.vocabulary, "FILE",
          "CLIP vocabulary for captions that are token ids: a file of merges, or JSON of Hugging "
          "Face");
    using record::Group;
    o.choice("--group", options.group,
             {{"adjacent", Group::kAdjacent}, {"all", Group::kAll}, {"off", Group::kOff}},
             "put rows of one key into one record: rows that follow each other, all rows (by an "
             "index), or none");
    o.add_repeated("--where", options.where, "COLUMN=VALUE",
                   "take only rows with this value; != for another. Several for one column: any");
    o.add("--join", options.join, "INPUT",
          "add the captions to the images of INPUT (records, shards or tars), in its order");
    using record::JoinOn;
    o.choice("--join-on", options.join_on,
             {{"url", JoinOn::kUrl}, {"key", JoinOn::kKey}, {"path", JoinOn::kPath}},
             "what captions and images are matched by");
    o.add("--join-part", options.join_part, "I/N",
          "join only part I of N of the images, chosen by a hash of the value of --join-on");
    o.flag("--mark-duplicates", options.mark_duplicates,
           "flag captions whose text or image occurred before as duplicate");
    o.add("--leak-check", options.leak_check, "FILE",
          "flag captions whose text or image is in FILE, an evaluation set, as leak");
    o.add("--stats", options.stats, "FILE",
          "write counts to FILE as JSON; -: to standard output, in place of the records");
    o.add(
        "--mask-dir", options.mask_dir, "DIR",
        "draw the outlines of COCO's files as masks into DIR, with class numbers from 1 as values, "
        "and name them in the records");
    o.add("--masks", options.masks, "DIR",
          "name the masks in DIR in the records: that of the image a/b/c.jpg is a/b/c.png, b/c.png "
          "or c.png. With --mask-dir, these are the PNG files of COCO's panoptic segments");
    std::vector<std::string> formats;
    for (const FormatLine& format : known) formats.emplace_back(format.name);
    add_records(o, options.stream, formats);
    cli::add_common(o, options.common, "write the records to FILE; - is standard output");
    tool.commands.push_back(std::move(command));
    return tool;
}

}  // namespace lip::cmd
