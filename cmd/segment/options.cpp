#include "cmd/segment/segment.h"
#include "tensor/device.h"

namespace lip::cmd {
namespace {

constexpr std::int64_t kMostPixels = 1 << 14;

void add_method(cli::Options& o, SegmentOptions& options) {
    using model::DenseAttention;
    o.group("segment");
    o.add("--short-side", options.short_side, "auto", "N",
          "pixels of the short side at the model's input; 0 keeps the size, auto: 1.5 times the "
          "model's",
          0, kMostPixels);
    o.add("--window", options.window, "auto", "N",
          "side of a window, a multiple of the patch size; 0: the whole image at once, auto: the "
          "model's size",
          0, kMostPixels);
    o.add("--stride", options.stride, "auto", "N", "pixels between windows; auto: half a window", 0,
          kMostPixels);
    o.choice("--attention", options.attention,
             {{"plain", DenseAttention::kPlain},
              {"csa", DenseAttention::kCsa},
              {"value", DenseAttention::kValue}},
             "what the last block does");
    o.add("--scale", options.scale, "X", "factor on the cosines before softmax", 0, 1e6);
    o.add("--background", options.background, "ID", "class that stands for everything else");
    o.add("--prob-threshold", options.prob_threshold, "P",
          "pixels with a lower best probability become background", 0, 1);
    o.add("--area-threshold", options.area_threshold, "A",
          "classes with at most this share of the foreground vanish", 0, 1);
}

void add_files(cli::Options& o, SegmentOptions& options) {
    o.add("--ignore-index", options.ignore_index, cli::Kind::kPlain, "N",
          "value of true masks that counts nowhere; -1: none", -1, 255);
    o.flag("--reduce-zero-label", options.reduce_zero_label,
           "0 in true masks counts nowhere, 1 is the first class");
    o.add("--mask-dir", options.mask_dir, "DIR", "takes an indexed PNG for each image");
    o.add("--overlay-dir", options.overlay_dir, "DIR", "takes each image with coloured classes");
    o.add("--palette", options.palette, "WORD|FILE",
          "colours of the classes: voc, ade20k, or a file with one a line");
}

}  // namespace

cli::Tool segment_tool(SegmentOptions& options) {
    cli::Tool tool{cli::embedded_page("segment")};
    tool.features = {tensor::torch_description()};
    cli::Command command{
        "", "-m DIR --classes FILE [OPTION]... [INPUT]...", tool.page.summary, {}, [&options] {
            return segment(options);
        }};
    cli::Options& o = command.options;
    o.operands(options.stream.inputs, "INPUT", "records, shards, image files or folders of images");
    add_method(o, options);
    add_files(o, options);
    add_model(o, options.model, options.common);
    add_classes(o, options.classes);
    add_results(o, options.results, /*with_top=*/false);
    add_images(o, options.image_root);
    add_records(o, options.stream, {});
    cli::add_common(o, options.common, "where the items go; - is standard output");
    tool.commands.push_back(std::move(command));
    options.declared = &tool.commands.back().options;  // moves with the tool: it stays where it is
    return tool;
}

}  // namespace lip::cmd
