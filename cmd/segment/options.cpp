#include "cli/module.h"
#include "cmd/segment/segment.h"
#include "tensor/description.h"

namespace lip::cmd {
namespace {

constexpr std::int64_t kMostPixels = 1 << 14;

void add_method(cli::Options& o, SegmentOptions& options) {
    using model::DenseAttention;
    o.group("segment");
    o.add("--short-side", options.short_side, "auto", "N",
          "resize the short side of the image to N pixels; 0: keep the size, auto: 1.5 times the "
          "model's size",
          0, kMostPixels);
    o.add("--window", options.window, "auto", "N",
          "side of the sliding window in pixels, a multiple of the patch size; 0: the whole image "
          "at once, auto: the model's size",
          0, kMostPixels);
    o.add("--stride", options.stride, "auto", "N",
          "stride of the sliding window in pixels; auto: half a window", 0, kMostPixels);
    o.choice("--attention", options.attention,
             {{"plain", DenseAttention::kPlain},
              {"csa", DenseAttention::kCsa},
              {"value", DenseAttention::kValue},
              {"head", DenseAttention::kHead}},
             "attention in the last block of the image tower; head: the values of FLAIR's pooling");
    o.add("--scale", options.scale, "X", "factor on the cosines before the softmax", 0, 1e6);
    o.add("--image-prior", options.image_prior, "W",
          "add W times the cosine of the whole image and the name to the cosines of its pixels", 0,
          1e6);
    o.add("--background", options.background, "ID",
          "id of the class that stands for everything else");
    o.add("--prob-threshold", options.prob_threshold, "P",
          "assign pixels whose best probability is lower to the background", 0, 1);
    o.add("--area-threshold", options.area_threshold, "A",
          "remove classes that cover at most this fraction of the foreground", 0, 1);
}

void add_files(cli::Options& o, SegmentOptions& options) {
    o.add("--ignore-index", options.ignore_index, cli::Kind::kPlain, "N",
          "value to ignore in ground-truth masks; -1: none", -1, 255);
    o.flag("--reduce-zero-label", options.reduce_zero_label,
           "ignore 0 in ground-truth masks; 1 is the first class");
    o.add("--mask-dir", options.mask_dir, "DIR", "write an indexed PNG mask for each image to DIR");
    o.add("--overlay-dir", options.overlay_dir, "DIR",
          "write each image with its classes in colour to DIR");
    o.add("--palette", options.palette, "WORD|FILE",
          "colours of the classes: voc, ade20k, or a file with one colour a line");
}

}  // namespace

cli::Tool segment_tool(SegmentOptions& options) {
    cli::Tool tool{cli::embedded_page("segment")};
    tool.features = {tensor::torch_description()};
    cli::Command command{
        "", "-m DIR --classes FILE [OPTION]... [INPUT]...", tool.page.summary, {}, [&options] {
            return cli::run_in_module("segment", "", options);
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
    cli::add_common(o, options.common, "write the items to FILE; - is standard output");
    tool.commands.push_back(std::move(command));
    options.declared = &tool.commands.back().options;  // moves with the tool: it stays where it is
    return tool;
}

}  // namespace lip::cmd
