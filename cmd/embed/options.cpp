#include "cli/module.h"
#include "cmd/embed/embed.h"
#include "record/parquet_module.h"
#include "tensor/description.h"

namespace lip::cmd {
namespace {

constexpr std::int64_t kMostBlocks = 1000;

}  // namespace

cli::Tool embed_tool(EmbedOptions& options) {
    cli::Tool tool{cli::embedded_page("embed")};
    tool.features = {tensor::torch_description(),
                     "parquet: " + std::string(record::parquet_version())};
    cli::Command command{"", "-m DIR [OPTION]... [INPUT]...", tool.page.summary, {}, [&options] {
                             return cli::run_in_module("embed", "", options);
                         }};
    cli::Options& o = command.options;
    o.operands(options.stream.inputs, "INPUT", "records, shards, image files or folders of images");
    o.group("embed");
    o.choice("--kind", options.kind,
             {{"image", EmbedKind::kImage},
              {"text", EmbedKind::kText},
              {"patch", EmbedKind::kPatch},
              {"region", EmbedKind::kRegion},
              {"mixture", EmbedKind::kMixture},
              {"query", EmbedKind::kQuery}},
             "what to embed; mixture and query need a model of Llip or FLAIR");
    o.add_repeated("--text", options.texts, "TEXT",
                   "embed this text instead of INPUT; @FILE: each line of FILE");
    o.add_repeated("--given", options.given, "TEXT",
                   "with a model of Llip or FLAIR, embed each image as this text mixes it; @FILE: "
                   "each line of FILE");
    o.add("--mixing-dir", options.mixing_dir, "DIR",
          "write a picture of the mixing to DIR for each image and text of --given");
    o.add("--mixing-summary", options.mixing_summary, "FILE",
          "write statistics of the mixing over all images and texts of --given to FILE; see LLIP");
    o.add("--layer", options.layer, "joint", "WORD|N",
          "patch tokens in the joint space (joint), or as output of block N; -2: the last block "
          "but one",
          -kMostBlocks, kMostBlocks);
    o.choice("--format", options.format, {"jsonl", "npy", "safetensors", "faiss", "clip-retrieval"},
             "output format: JSON lines, a file of vectors (-o FILE), or a folder (-o DIR)");
    o.choice("--dtype", options.half, {{"f32", false}, {"f16", true}}, "data type of the vectors");
    o.flag("--normalize", options.normalize,
           "normalise vectors to unit length; off by default if --layer names a block, and for "
           "mixture and query",
           true);
    o.after_parse([&options](const cli::Options& all) {
        if (all.given("normalize")) return;
        options.normalize = !options.layer && options.kind != EmbedKind::kMixture &&
                            options.kind != EmbedKind::kQuery;
    });
    add_regions(o, options.regions, /*with_flag=*/false);
    add_model(o, options.model, options.common);
    add_captions(o, options.captions);
    add_images(o, options.image_root);
    add_records(o, options.stream, {"lines"});
    cli::add_common(o, options.common, "write the vectors to FILE; - is standard output");
    tool.commands.push_back(std::move(command));
    return tool;
}

}  // namespace lip::cmd
