#include "cmd/embed/embed.h"
#include "cmd/embed/output.h"
#include "record/parquet_module.h"
#include "tensor/device.h"

namespace lip::cmd {
namespace {

constexpr std::int64_t kMostBlocks = 1000;

}  // namespace
namespace {}  // namespace

cli::Tool embed_tool(EmbedOptions& options) {
    cli::Tool tool{cli::embedded_page("embed")};
    tool.features = {tensor::torch_description(),
                     "parquet: " + std::string(record::parquet_version())};
    cli::Command command{"", "-m DIR [OPTION]... [INPUT]...", tool.page.summary, {}, [&options] {
                             return embed(options);
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
             "what gets a vector; the last two of a Llip model");
    o.add_repeated("--text", options.texts, "TEXT", "embed this text, or @FILE; no INPUT is read");
    o.add_repeated("--given", options.given, "TEXT",
                   "of a Llip model: each image as this text mixes it, or each text of @FILE");
    o.add("--mixing-dir", options.mixing_dir, "DIR",
          "takes a picture of the mixing for each image and text of --given");
    o.add("--mixing-summary", options.mixing_summary, "FILE",
          "takes figures of the mixing over all images and texts of --given, see LLIP");
    o.add("--layer", options.layer, "joint", "WORD|N",
          "patches of the joint space (joint), or as block N leaves them; -2: the last but one",
          -kMostBlocks, kMostBlocks);
    o.choice("--format", options.format, output_formats(),
             "JSON lines, a file of vectors (-o FILE), or a folder (-o DIR)");
    o.choice("--dtype", options.half, {{"f32", false}, {"f16", true}}, "precision of the numbers");
    o.flag("--normalize", options.normalize,
           "vectors of unit length; off where --layer names a block, and for mixture and query",
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
    cli::add_common(o, options.common, "where the vectors go; - is standard output");
    tool.commands.push_back(std::move(command));
    return tool;
}

}  // namespace lip::cmd
