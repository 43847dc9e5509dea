#include "cmd/groups/groups.h"
#include "cmd/shard/shard.h"

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
    cli::Option& resume =
        o.flag("--resume", s.resume, "keep the finished shards of the same command and go on");
    resume.in_config = false;
    resume.meant_by = {"if-exists"};
    add_images(o, s.image_root);
    add_records(o, s.stream, {});
    cli::add_common(o, s.common, "PREFIX of the shards; - is one shard on standard output",
                    /*one_output=*/false);
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
    cli::Tool tool{cli::embedded_page("shard")};
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
