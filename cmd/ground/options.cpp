#include "cli/module.h"
#include "cmd/ground/ground.h"
#include "tensor/description.h"

namespace lip::cmd {
namespace {

constexpr std::int64_t kMostPixels = 1 << 14;

void add_method(cli::Options& o, GroundOptions& options) {
    o.group("ground");
    o.add_repeated("--query", options.queries, "TEXT",
                   "search every image for this text instead of the phrases of the records; @FILE: "
                   "for each line of FILE");
    o.add("--sources", options.sources, "LIST",
          "captions whose phrases are used: SOURCE or SOURCE:FORM. Default: all");
    o.choice("--boxes-by", options.grounder.boxes_by, {"auto", "owlv2", "head", "patches"},
             "what finds the boxes: a detector, the box head of a model, or patch tokens");
    o.add("--image-size", options.grounder.image_size, "auto", "N",
          "input size of the model in pixels: side of the detector's square, or short side for "
          "patches; auto: the model's own size",
          1, kMostPixels);
    using model::DenseAttention;
    o.choice("--attention", options.grounder.attention,
             {{"plain", DenseAttention::kPlain},
              {"csa", DenseAttention::kCsa},
              {"value", DenseAttention::kValue}},
             "attention in the last block of the image tower, with --boxes-by=patches");
    detect::Selection& s = options.selection;
    o.add("--min-score", s.min_score, "S", "drop boxes with this score or less", -1, 1);
    o.add("--nms", s.nms_iou, "IOU",
          "drop boxes that overlap a better box of the same phrase by more than this IoU", 0, 1);
    o.add("--min-area", s.min_area, "A",
          "drop boxes smaller than this fraction of the square on the image's long side", 0, 1);
    o.add("--max-phrases", options.max_phrases, cli::Kind::kPlain, "N",
          "use only the first N phrases of an image", 1, 10000);
    o.add("--max-boxes", s.max_boxes, cli::Kind::kCount, "N",
          "keep only the best N boxes of an image", 1)
        .shown_default = "none";
    o.flag("--keep-regions", options.keep_regions,
           "add to the existing regions instead of replacing them");
    o.add("--tag", options.tag, "NAME", "name written as the source of the new regions");
    o.add("--overlay-dir", options.overlay_dir, "DIR",
          "write each image with its boxes drawn to DIR");
    o.flag("--evaluate", options.evaluate,
           "compare with the regions of the records; write items and a summary instead of records");
    o.add("--iou", options.iou, "X", "IoU above which a box counts as a hit", 0, 1);
}

}  // namespace

cli::Tool ground_tool(GroundOptions& options) {
    cli::Tool tool{cli::embedded_page("ground")};
    tool.features = {tensor::torch_description()};
    cli::Command command{"", "-m DIR [OPTION]... [INPUT]...", tool.page.summary, {}, [&options] {
                             return cli::run_in_module("ground", "", options);
                         }};
    cli::Options& o = command.options;
    o.operands(options.stream.inputs, "INPUT", "records, shards, image files or folders of images");
    add_method(o, options);
    add_model(o, options.grounder.embedder, options.common);
    add_results(o, options.results, /*with_top=*/false);
    add_images(o, options.image_root);
    add_records(o, options.stream, {});
    cli::add_common(o, options.common, "write the records or items to FILE; - is standard output");
    tool.commands.push_back(std::move(command));
    options.declared = &tool.commands.back().options;  // moves with the tool: it stays where it is
    return tool;
}

}  // namespace lip::cmd
