#include "cmd/segment/segment.h"
#include "tensor/device.h"

namespace lip::cmd {
namespace {

constexpr const char* kDescription =
    R"(Gives every pixel of an image one of the classes of a file, by comparing the features of the model's patches with the names of the classes. The model has seen no mask. Llip models are refused: their patches have no features of the joint space. With true masks it also measures how well the two agree.

Class names become vectors as in zeroshot(1), which describes the classes file and --templates; the probability of a class is the highest of its names. Masks hold bytes, so there are at most 256 classes.

Models of 224 pixels see an image with a short side of 336 in windows of 224 that are 112 apart: --short-side, --window and --stride. For a model of another size these are 1.5 times its size, its size, and half of the window; a model of 48 pixels has 72, 48 and 24. The numbers in effect stand in the summary.)";

constexpr const char* kProtocol =
    R"(The image is resized bilinearly so that its short side has --short-side pixels, but its long side at most 2048; --short-side=0 keeps its size. A side that a single window covers, and both sides with --window=0, are then rounded to a multiple of the patch size; nothing is cut off or padded. Windows that would leave the image are moved back inside. Where the grid of patches is not the one of the training, the position embeddings are interpolated.

In each window the patches' unit vectors give cosines with all names; they are enlarged bilinearly, averaged where windows overlap, enlarged to the size of the stored image, multiplied by --scale, and a softmax over all names follows. With --synonyms=mean the mean of the cosines of a class counts instead of its best name.

--attention says what the last block does: plain, as trained; csa, attention from queries to queries plus keys to keys; value, every patch keeps its own value, without attention and MLP. Models trained without a local loss give usable masks with value only.

--area-threshold removes from an image the classes that cover at most this share of its foreground, --prob-threshold gives pixels whose best class is less probable to the background. Both need --background, the class that stands for everything else.)";

constexpr const char* kDataSets =
    R"(The lists of classes of the data sets that training-free segmentation is measured on come with the program, with the names, and their spellings, of the published protocol; --classes takes them by name. A command for each, for a model of 224 pixels (add --attention=csa or value for one that was trained without a local loss):

    segment -m DIR --classes voc20 --templates imagenet80 \
        --reduce-zero-label --summary - voc20.jsonl
    segment -m DIR --classes voc21 --templates imagenet80 \
        --background background --scale 65 --prob-threshold 0.1 \
        --area-threshold 0.1 --summary - voc21.jsonl
    segment -m DIR --classes context59 --templates imagenet80 \
        --reduce-zero-label --summary - context59.jsonl
    segment -m DIR --classes context60 --templates imagenet80 \
        --background background --scale 50 --prob-threshold 0.1 \
        --summary - context60.jsonl
    segment -m DIR --classes coco_object --templates imagenet80 \
        --background background --scale 50 --prob-threshold 0.1 \
        --summary - coco_object.jsonl
    segment -m DIR --classes coco_stuff --templates imagenet80 \
        --short-side 448 --summary - coco_stuff.jsonl
    segment -m DIR --classes ade150 --templates imagenet80 \
        --reduce-zero-label --summary - ade150.jsonl
    segment -m DIR --classes cityscapes --templates imagenet80 \
        --short-side 560 --summary - cityscapes.jsonl

These are Pascal VOC without and with background (1,449 images), Pascal Context likewise (5,105), COCO-Object and COCO-Stuff164k (5,000 each), ADE20K (2,000) and Cityscapes (500). Where no --scale is given the default of 40 is that of the protocol.

True masks have class numbers from 0, and 255 for what counts nowhere. Those of VOC, Context (60) and ADE20K come so. COCO-Stuff and Cityscapes need the masks of train ids (files labelTrainIds), 0 to 170 and 0 to 18; COCO-Object masks with 0 for background and 1 to 80 for its objects, drawn from their instances. With other settings figures are not comparable with published ones, nor are they ever with those of a segmenter that was trained on masks.)";

constexpr const char* kTruth =
    R"(The field mask of a record names an indexed or grey PNG of the image's size (see --image-root); for a record in a shard, too, it is a file, beside the shard or below --image-root. Value n is class n of the classes file, counted from 0; --ignore-index is counted nowhere. With --reduce-zero-label 0 is ignored too and 1 is the first class.

Images without the field are segmented and counted as unlabelled.)";

constexpr const char* kOutput =
    R"(One JSON line an image, in the order of the input: key; size, width and height; mask, the file if --mask-dir is given; classes, those found with class (the id), name and share of the pixels, largest first; with truth miou, the mean over the classes of this image.

Metrics of --summary are over the pixels of all images with truth: mIoU, the mean over the classes that occur of hits by union; mAcc, the mean of hits by true pixels; aAcc, the share of pixels that are right. Field iou has the IoU of each class, null where it occurs nowhere.

--mask-dir takes an indexed PNG KEY.png for each image, values as class numbers from 0; --overlay-dir the image with its classes in half-transparent colours, and below it a legend of them, the largest first; letters outside ASCII show as frames there. Slashes in keys make folders; percent signs, control characters and the parts . and .. are written %XX. The palette voc has 256 colours, ade20k those of 150 classes. A palette file has a colour a line, "R G B" or "#rrggbb", in the order of the classes.)";

constexpr const char* kBadInput =
    R"(An image that cannot be read: no-image; one that cannot be decoded, or is too large at its input size: bad-image. A true mask that cannot be read, has another size than the image, or a value that is neither class nor ignored: bad-mask. A key that stood before, when files are written: duplicate-key. A PNG that exists ends the run, unless -f is given.)";

void add_method(cli::Options& o, SegmentOptions& options) {
    using model::DenseAttention;
    o.group("segment");
    o.add("--short-side", options.short_side, "N",
          "pixels of the short side at the model's input; 0 keeps the size, auto: 1.5 times the "
          "model's");
    o.add("--window", options.window, "N",
          "side of a window, a multiple of the patch size; 0: the whole image at once, auto: the "
          "model's size");
    o.add("--stride", options.stride, "N", "pixels between windows; auto: half a window");
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
    cli::Tool tool;
    tool.name = "segment";
    tool.summary = "segment images by the names of classes, without training on masks";
    tool.description = kDescription;
    tool.sections = {{"PROTOCOL", kProtocol},
                     {"DATA SETS", kDataSets},
                     {"TRUTH", kTruth},
                     {"OUTPUT", kOutput},
                     {"BAD INPUT", kBadInput}};
    tool.examples = {
        {"How well masks agree with the truth; 0 in it is no class.",
         "segment -m model --classes classes.txt --reduce-zero-label --summary - images.jsonl"},
        {"Masks and pictures of them, each patch by its own value.",
         "segment -m model --classes classes.txt --attention value --reduce-zero-label \\\n"
         "    --mask-dir found/ --overlay-dir seen/ images.jsonl > items.jsonl"},
        {"The 150 classes of ADE20K by the published protocol (see DATA SETS), in its colours.",
         "segment -m model --classes ade150 --templates imagenet80 --reduce-zero-label \\\n"
         "    --overlay-dir coloured/ --palette ade20k --summary - images.jsonl"},
        {"The largest class of each image of a folder.",
         "segment -m model --classes classes.txt --window 0 images/ |\n"
         "    jq -r '[.key, .classes[0].name] | @tsv'"},
    };
    tool.see_also = "zeroshot(1), retrieve(1), record(5), lip(7)";
    tool.features = {tensor::torch_description()};
    cli::Command command{
        "", "-m DIR --classes FILE [OPTION]... [INPUT]...", tool.summary, {}, [&options] {
            return segment(options);
        }};
    cli::Options& o = command.options;
    o.operands(options.stream.inputs, "INPUT", "records, shards, image files or folders of images");
    add_method(o, options);
    add_files(o, options);
    add_model(o, options.model);
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
