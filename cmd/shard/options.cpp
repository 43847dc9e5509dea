#include "cmd/groups/groups.h"
#include "cmd/shard/shard.h"

namespace lip::cmd {
namespace {

using cli::Kind;

constexpr const char* kDescription =
    R"(Packs records and their images into shards: tar files of KEY.jpg and KEY.json, compressed as zstd in frames that can be read one by one (shard(5)). GNU tar, zstd and webdataset readers read them; image bytes come back as they were. The same input gives the same bytes for any number of threads.

Without -o one shard goes to standard output. With -o PREFIX the shards are PREFIX-000000.tar.zst and on, each under its name only when complete, with a line in PREFIX.manifest.jsonl. Shards as input are packed again. With --images-from the records bring texts alone, and their images are taken by key from other shards or tars (img2dataset's, for one), a file, folder, manifest or quoted pattern. Both are read side by side and must have their keys in the same order; either may lack some. -f replaces the whole set of an earlier run, but not before the first new shard is complete, and never what is input as well.

SIGINT, SIGTERM and SIGHUP drop the unfinished shard and exit 4; the same command with --resume keeps the finished shards and goes on behind them.

The command ls lists samples, cat brings them back as records or as a tar, verify checks every byte. Samples of other webdatasets have the captions that recaption-ingest(1) finds in them: the raw one from "caption" in KEY.json or from KEY.txt.)";

constexpr const char* kOutput =
    R"(With -o PREFIX, a JSON line for each finished shard, in the manifest and on standard output: shard, samples, bytes, frames, xxh64 (of the whole file), first and last key. verify prints shard, ok, samples and error for each shard and exits 1 if one is not sound. In member names a "." inside a key is written %2E; the JSON has the key itself.)";

constexpr const char* kBadInput =
    R"(An image that is missing (from --images-from too), or a record with only a url: no-image. One that cannot be decoded or is neither JPEG nor PNG: bad-image. A key twice in a shard: duplicate-key. With --resume, other options than the finished shards were made with: exit 2; another input than that (by the key of the last record): exit 1.)";

cli::Command write_command(ShardCommand& s) {
    cli::Command command{
        "", "[OPTION]... [INPUT]...", "write shards", {}, [&s] { return write_shards(s); }};
    cli::Options& o = command.options;
    o.operands(s.stream.inputs, "INPUT",
               "records, shards, images or folders of images; - is standard input");
    o.group("shard");
    o.add("--shard-samples", s.shard_samples, Kind::kCount, "N", "samples of a shard, at most", 1);
    o.add("--shard-size", s.shard_size, Kind::kSize, "SIZE",
          "a shard ends before its tar exceeds this", 1 << 20);
    o.add("--frame-size", s.frame_size, Kind::kSize, "SIZE", "frames for random access, of tar",
          1 << 10, 1 << 30);
    o.add("--level", s.level, Kind::kPlain, "N",
          "zstd level of frames of text only; frames with images have 1", 1, 19);
    o.add("--images-from", s.images_from, "SHARDS",
          "images by key from other shards, in the order of the records");
    o.flag("--no-images", s.no_images, "no image members: text only");
    o.choice("--image-check", s.image_check, {"none", "header", "decode"},
             "how closely each image is looked at");
    o.add("--resize", s.resize, Kind::kPlain, "N",
          "encode images again as JPEG with a short side of at most N; 0: as they are", 0, 16384);
    o.add("--quality", s.quality, Kind::kPlain, "N", "of images that are encoded again", 1, 100);
    o.flag("--resume", s.resume, "keep the finished shards of the same command and go on")
        .in_config = false;
    add_images(o, s.image_root);
    add_records(o, s.stream, {});
    cli::add_common(o, s.common, "PREFIX of the shards; - is one shard on standard output");
    return command;
}

cli::Command look_command(ShardCommand& s, const char* name, const char* summary,
                          int (*run)(const ShardCommand&)) {
    cli::Command command{name, "[OPTION]... SHARDS...", summary, {}, [&s, run] { return run(s); }};
    cli::Options& o = command.options;
    o.operands(s.shards, "SHARDS", "shards, folders, manifests or quoted patterns", 1);
    o.group(std::string("shard ") + name);
    return command;
}

}  // namespace

cli::Tool shard_tool(ShardCommand& s) {
    cli::Tool tool;
    tool.name = "shard";
    tool.summary = "pack samples into seekable zstd tar files";
    tool.description = kDescription;
    tool.sections = {{"OUTPUT", kOutput}, {"BAD INPUT", kBadInput}};
    tool.examples = {
        {"One shard through a pipe, and what is in it.",
         "shard --image-root . < images.jsonl > all.tar.zst\nzstd -dc all.tar.zst | tar t"},
        {"Many shards; their names go on to the next step.",
         "split-captions images.jsonl | shard --image-root . -o packed/val --shard-samples 10 | jq "
         "-r .shard"},
        {"Broken shards by name.", "shard verify --decode shards/ | jq -r 'select(.ok|not).shard'"},
    };
    tool.see_also = "split-captions(1), train(1), shard(5), record(5), lip(7)";
    tool.resumes = true;
    tool.commands.push_back(write_command(s));
    cli::Command ls = look_command(s, "ls", "list the samples: key, bytes, members", list_shards);
    ls.options.choice("--format", s.ls_format, {"tsv", "jsonl"}, "form of the list");
    cli::Command cat =
        look_command(s, "cat", "bring samples back as records or as tar", cat_shards);
    cat.options.choice("--format", s.cat_format, {"records", "tar"},
                       "records: the .json members; tar: all members");
    cat.options.add("--keys", s.keys, "FILE", "only these keys, one a line");
    cli::Command verify = look_command(s, "verify", "check every byte", verify_shards);
    verify.options.flag("--decode", s.decode, "decode every image too");
    verify.options.flag("--unique-keys", s.unique_keys, "no key twice over all shards");
    for (cli::Command* command : {&ls, &cat, &verify}) {
        cli::add_common(command->options, s.common, "where the output goes; - is standard output");
        tool.commands.push_back(std::move(*command));
    }
    return tool;
}

}  // namespace lip::cmd
