#include "cmd/ground/ground.h"
#include "tensor/device.h"

namespace lip::cmd {
namespace {

constexpr std::int64_t kMostPixels = 1 << 14;

void add_method(cli::Options& o, GroundOptions& options) {
    o.group("ground");
    o.add_repeated("--query", options.queries, "TEXT",
                   "look for this text in every image, in place of the phrases of the records; "
                   "@FILE: for each line");
    o.add("--sources", options.sources, "LIST",
          "captions whose phrases count: SOURCE or SOURCE:FORM. Default: all");
    o.choice("--boxes-by", options.grounder.boxes_by, {"auto", "owlv2", "head", "patches"},
             "where boxes come from");
    o.add("--image-size", options.grounder.image_size, "auto", "N",
          "pixels of the model's input: side of the detector's square, short side for patches; "
          "auto: the model's own",
          1, kMostPixels);
    using model::DenseAttention;
    o.choice("--attention", options.grounder.attention,
             {{"plain", DenseAttention::kPlain},
              {"csa", DenseAttention::kCsa},
              {"value", DenseAttention::kValue}},
             "what the last block does, with --boxes-by=patches");
    detect::Selection& s = options.selection;
    o.add("--min-score", s.min_score, "S", "boxes with this score or less go", -1, 1);
    o.add("--nms", s.nms_iou, "IOU", "overlap with a better box of the phrase that is too much", 0,
          1);
    o.add("--min-area", s.min_area, "A",
          "least area, as a share of the square on the image's long side", 0, 1);
    o.add("--max-phrases", options.max_phrases, cli::Kind::kPlain, "N",
          "phrases of an image that count", 1, 10000);
    o.add("--max-boxes", s.max_boxes, cli::Kind::kCount, "N", "boxes of an image that are kept", 1)
        .shown_default = "none";
    o.flag("--keep-regions", options.keep_regions, "add to the regions that are there");
    o.add("--tag", options.tag, "NAME", "source of the new regions");
    o.add("--overlay-dir", options.overlay_dir, "DIR", "takes each image with its boxes");
    o.flag("--evaluate", options.evaluate,
           "compare with the regions of the records; items and summary in place of records");
    o.add("--iou", options.iou, "X", "overlap above which a box counts as found", 0, 1);
}

}  // namespace

cli::Tool ground_tool(GroundOptions& options) {
    cli::Tool tool{cli::embedded_page("ground")};
    tool.features = {tensor::torch_description()};
    cli::Command command{"", "-m DIR [OPTION]... [INPUT]...", tool.page.summary, {}, [&options] {
                             return ground(options);
                         }};
    cli::Options& o = command.options;
    o.operands(options.stream.inputs, "INPUT", "records, shards, image files or folders of images");
    add_method(o, options);
    add_model(o, options.grounder.embedder, options.common);
    add_results(o, options.results, /*with_top=*/false);
    add_images(o, options.image_root);
    add_records(o, options.stream, {});
    cli::add_common(o, options.common, "where records go, or items; - is standard output");
    tool.commands.push_back(std::move(command));
    options.declared = &tool.commands.back().options;  // moves with the tool: it stays where it is
    return tool;
}

}  // namespace lip::cmd
