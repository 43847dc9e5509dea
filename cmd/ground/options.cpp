#include "cmd/ground/ground.h"
#include "tensor/device.h"

namespace lip::cmd {
namespace {

constexpr const char* kDescription =
    R"(Finds the phrases of records in their images: the same records come out, with a box, a text and a score for each thing found. With the noun phrases of split-captions(1) this labels a data set with regions; with --evaluate it measures how well boxes agree with true ones.

The phrases of a record are those of its captions, in their order, each once, the first --max-phrases of them. Captions from the web give file names and places ("the left") as well as things: --sources names the captions that are worth it, --sources sharegpt4v:long for instance; --query gives texts that are looked for in every image instead. Records without phrases pass as they are and need no image.

A box of a detector takes the phrase that fits it best; other models have a box a phrase. Boxes are fractions of the stored image, cut off at its borders.)";

constexpr const char* kDetectors =
    R"(--boxes-by says where boxes come from; auto takes what the model is.

owlv2: the open-vocabulary detector OWLv2, as checkpoint import makes it of a folder of Hugging Face (-m takes such a folder, too). The image is put at the top left of a black square, blurred a little where it shrinks, and resized to the side of the model, or to --image-size pixels, over which the positions are interpolated: 448 is a quarter of the work of 1008, and finds fewer small things. Every token of the image gives a box; its score is the detector's own, from 0 to 1. A query is cut at 16 tokens.

head: the head for boxes of a CLOC model, one box a phrase, whether the thing is there or not. The score is the cosine of the phrase with what the Prompter sees in that box, from -1 to 1: the default of --min-score is meant for a detector, so look at some scores first (jq '.regions[].score', or the legends of --overlay-dir). Other models lack it.

patches: any other model with features of patches. The image is resized bilinearly to a short side of --image-size pixels (those of the model), both sides rounded to whole patches. The cosines of a phrase with all patches are compared: the box is drawn around the patches that are at least half way from the lowest to the highest cosine of the image and joined, side by side, to the highest. So every phrase has one box, whether the thing is there or not; the score is the cosine of the phrase with the mean of those patches, and what a high one is depends on the model. --attention is that of segment(1): models trained without a local loss give usable boxes with value only.

Then, by their scores: boxes at or below --min-score go; those smaller than --min-area of the square on the image's long side; those that overlap a better one of the same phrase by more than --nms (intersection by union; 1 keeps them all); and all but the --max-boxes best.)";

constexpr const char* kExternal =
    R"(Boxes may come from any other detector: it is a filter that reads records and writes them with regions (record(5)), in place of ground. In Python, where detect() is yours:

    import json, sys
    for line in sys.stdin:
        record = json.loads(line)
        phrases = [p for c in record.get("captions", [])
                   for p in c.get("phrases", [])]
        record["regions"] = [
            {"box": box, "text": text, "score": score, "source": "mine"}
            for box, text, score in detect(record["image"], phrases)]
        print(json.dumps(record, ensure_ascii=False), flush=True)

Boxes are left, top, right and bottom as fractions of the image, and ground --keep-regions --tag NAME adds to those that are there.)";

constexpr const char* kPipeline =
    R"(CLOC's data engine, VESL, is three filters: long captions to phrases, phrases to boxes, and both to shards. Published are the settings that are the defaults here (20 phrases an image, scores above 0.1) with OWLv2 of ViT-L/14 at 448 pixels; suppression of boxes that overlap and the least area are ours.

    set -o pipefail
    split-captions --phrases caps.jsonl |
        ground -m owlv2-large.ckpt --image-size 448 --image-root img |
        shard --image-root img -o shards/regions

Over many machines, a part of the captions each: the result depends on no other record.)";

constexpr const char* kEvaluation =
    R"(With --evaluate the truth is the field regions of the records: for each text that just one region of the record has, the best box is found, whatever its score, and compared with the region's. Texts of several regions are left out and counted (ambiguous), as are regions without a text. Items are JSON lines: key; region, its number from 0; text; box, the true one; predicted; iou, intersection by union; hit, whether that is over --iou.

Metrics of --summary: acc@0.5 (or what --iou says), the share of hits, and mean_iou, both over the regions of all images. With --bootstrap images are drawn.)";

constexpr const char* kOutput =
    R"(The records in the order of the input, regions as the last field where there was none before: box, text, score, and source, which is --tag. Regions that were there are replaced; --keep-regions adds to them. A record with phrases of which none is found has an empty list, so one sees that it was looked at. Of an image file the record is key and image; the record of a sample in a shard comes without its image (shard --images-from puts it back).

--overlay-dir takes each image with phrases as KEY.png, with the outlines of its boxes and a legend below, phrases with their best score (--max-boxes for fewer); with --evaluate the best box of each text, and the true ones in white. Small images are enlarged. The closing line counts records, boxes, records without phrases and records in which nothing was found.)";

constexpr const char* kBadInput =
    R"(An image that cannot be read: no-image; one that cannot be decoded: bad-image. A box that is not within 0..1: bad-region. A key that stood before, when pictures are written: duplicate-key. A PNG that exists ends the run, unless -f is given. A way of boxing that the model lacks ends it before any image is read.)";

void add_method(cli::Options& o, GroundOptions& options) {
    o.group("ground");
    o.add_repeated("--query", options.queries, "TEXT",
                   "look for this text in every image, in place of the phrases of the records; "
                   "@FILE: for each line");
    o.add("--sources", options.sources, "LIST",
          "captions whose phrases count: SOURCE or SOURCE:FORM. Default: all");
    o.choice("--boxes-by", options.boxes_by, {"auto", "owlv2", "head", "patches"},
             "where boxes come from");
    o.add("--image-size", options.image_size, "N",
          "pixels of the model's input: side of the detector's square, short side for patches; "
          "auto: the model's own");
    using model::DenseAttention;
    o.choice("--attention", options.attention,
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
    cli::Tool tool;
    tool.name = "ground";
    tool.summary = "find boxes for phrases: label images with regions";
    tool.description = kDescription;
    tool.sections = {{"DETECTORS", kDetectors},  {"OTHER DETECTORS", kExternal},
                     {"DATA ENGINE", kPipeline}, {"EVALUATION", kEvaluation},
                     {"OUTPUT", kOutput},        {"BAD INPUT", kBadInput}};
    tool.examples = {
        {"Noun phrases of the captions of one source to boxes, and into shards (a detector of "
         "random "
         "weights needs the 0).",
         "split-captions --phrases images.jsonl |\n"
         "    ground -m owlv2 --sources sharegpt4v --min-score 0 --image-root . |\n"
         "    shard --image-root . -o shards/regions"},
        {"How often a CLOC model finds the regions of records by their texts.",
         "ground -m cloc --evaluate --summary - images.jsonl | jq .metrics"},
        {"Where is it? Boxes of each image of a folder, drawn into it.",
         "ground -m model --attention value --query 'a red circle' --overlay-dir seen/ images/ |\n"
         "    jq -r '[.key, .regions[0].score] | @tsv'"},
        {"How often the box of a text is found, with 95 % intervals.",
         "ground -m model --attention value --evaluate --bootstrap 1000 --summary - images.jsonl"},
        {"A box a phrase for each record, beside those it has.",
         "split-captions --phrases images.jsonl |\n"
         "    ground -m model --min-score -1 --keep-regions --tag patches > more.jsonl"},
    };
    tool.see_also = "split-captions(1), shard(1), segment(1), checkpoint(1), record(5), lip(7)";
    tool.features = {tensor::torch_description()};
    cli::Command command{"", "-m DIR [OPTION]... [INPUT]...", tool.summary, {}, [&options] {
                             return ground(options);
                         }};
    cli::Options& o = command.options;
    o.operands(options.stream.inputs, "INPUT", "records, shards, image files or folders of images");
    add_method(o, options);
    add_model(o, options.model);
    add_results(o, options.results, /*with_top=*/false);
    add_images(o, options.image_root);
    add_records(o, options.stream, {});
    cli::add_common(o, options.common, "where records go, or items; - is standard output");
    tool.commands.push_back(std::move(command));
    options.declared = &tool.commands.back().options;  // moves with the tool: it stays where it is
    return tool;
}

}  // namespace lip::cmd
