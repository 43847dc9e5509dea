#include "cmd/groups/groups.h"
#include "cmd/shard/shard.h"
#include "record/parquet_module.h"

namespace lip::cmd {
namespace {

using cli::Kind;

cli::Command write_command(ShardCommand& s) {
    cli::Command command{
        "", "[OPTION]... [INPUT]...", "write shards", {}, [&s] { return write_shards(s); }};
    cli::Options& o = command.options;
    o.operands(s.stream.inputs, "INPUT",
               "records, shards, images or folders of images; - is standard input");
    o.group("shard");
    o.add("--shard-samples", s.shard_samples, Kind::kCount, "N",
          "largest number of samples in a shard", 1);
    o.add("--shard-size", s.shard_size, Kind::kSize, "SIZE",
          "end a shard before its uncompressed tar exceeds this size", 1 << 20);
    o.add("--frame-size", s.frame_size, Kind::kSize, "SIZE",
          "uncompressed size of a zstd frame, the unit of random access", 1 << 10, 1 << 30);
    o.add("--level", s.level, Kind::kPlain, "N",
          "zstd level of frames that hold only text; frames with images use level 1", 1, 19);
    o.add("--images-from", s.images_from, "SHARDS",
          "take images by key from other shards, or from Parquet files with pictures, which are in "
          "the order of the records");
    o.flag("--no-images", s.no_images, "store no images, only text");
    o.choice("--image-check", s.image_check, {"none", "header", "decode"},
             "how thoroughly each image is checked");
    o.add(
        "--resize", s.resize, Kind::kPlain, "N",
        "re-encode images as JPEG with a short side of at most N pixels; 0: keep them as they are",
        0, 16384);
    o.add("--quality", s.quality, Kind::kPlain, "N", "JPEG quality of re-encoded images", 1, 100);
    cli::Option& resume =
        o.flag("--resume", s.resume,
               "keep the finished shards of the same command and continue after them");
    resume.in_config = false;
    resume.meant_by = {"if-exists"};
    add_images(o, s.image_root);
    add_records(o, s.stream, {});
    cli::add_common(o, s.common,
                    "prefix of the names of the shards; -: write one shard to standard output",
                    /*one_output=*/false);
    return command;
}

cli::Command read_command(ShardCommand& s, const char* name, const char* summary,
                          int (*run)(const ShardCommand&)) {
    cli::Command command{name, "[OPTION]... SHARDS...", summary, {}, [&s, run] { return run(s); }};
    cli::Options& o = command.options;
    o.operands(s.shards, "SHARDS", "shards, folders, manifests or quoted patterns", 1);
    o.group(std::string("shard ") + name);
    return command;
}

}  // namespace

cli::Tool shard_tool(ShardCommand& s) {
    cli::Tool tool{cli::embedded_page("shard")};
    tool.features = {"parquet: " + std::string(record::parquet_version())};
    tool.resumes = true;
    tool.commands.push_back(write_command(s));
    cli::Command ls = read_command(s, "ls", "list the samples: key, bytes, members", list_shards);
    ls.options.choice("--format", s.ls_format, {"tsv", "jsonl"}, "output format");
    cli::Command cat = read_command(s, "cat", "restore samples as records or as a tar", cat_shards);
    cat.options.choice("--format", s.cat_format, {"records", "tar"},
                       "output format: records, from the .json members; or a tar of all members");
    cat.options.add("--keys", s.keys, "FILE",
                    "restore only the samples whose keys are in FILE, one a line");
    cli::Command verify = read_command(s, "verify", "check every byte", verify_shards);
    verify.options.flag("--decode", s.decode, "also decode every image");
    verify.options.flag("--unique-keys", s.unique_keys,
                        "also check that no key occurs twice in all shards");
    for (cli::Command* command : {&ls, &cat, &verify}) {
        cli::add_common(command->options, s.common,
                        "write the output to FILE; - is standard output");
        tool.commands.push_back(std::move(*command));
    }
    return tool;
}

}  // namespace lip::cmd
