#include "cmd/zeroshot/zeroshot.h"
#include "tensor/device.h"

namespace lip::cmd {
namespace {

constexpr const char* kDescription =
    R"(Compares every image with the names of the classes and gives the classes that fit best; no example of a class is needed. With truth it also measures how often that is right.

A class is described by texts: its name in each of the templates. The unit vectors of these texts are averaged to the weight of the name, and the cosine of weight and image is the score. Of several names of a class (synonyms) the best score counts, or with --synonyms=mean their mean.

A classes file has one of three forms. One name a line, which is also the id. Or an id, a TAB, and names with | between them. Or a JSON object of lists, {"cat": ["a small animal with whiskers", ...]}: these texts are used as they are, without templates. Classes are counted from 0 in the order of the file; there are no comments. The lists of some data sets come with the program and go by their names: see DATA SETS in segment(1).

--templates takes photo ("a photo of a {}."), none (the bare name), a well-known set, a template itself, or a file with one a line; {} stands for the name. The sets are those of the published zero-shot evaluations: imagenet7 and imagenet80; and for other data sets food101, cifar10, cifar100, sun397, cars, aircraft, dtd, pets, caltech101, flowers and eurosat. A file with the name of a set is ./NAME.)";

constexpr const char* kLlip =
    R"(An image of a Llip model has another vector for every class: the class mixes the tokens of the image, and the score is the cosine of what comes out with the class. Queries of all templates of a name are averaged, so the cost is one mixing a name. With --template-average=score the image is mixed for every template, and the mean of the scores counts, at the cost of a mixing for each. Other models refuse that.)";

constexpr const char* kRegions =
    R"(--regions classifies the boxes of the records' regions (record(5)) instead of whole images; each gets the vector that --region-mode says. Truth is the label of the region, or its text where it has none, and must be a class. Templates default to none: phrases of regions are bare names.

Items have region, the index in the record, and box beside what images have. Metrics are acc1, acc5 and mAcc, the mean of acc1 over the classes that have a box; --bootstrap resamples boxes.)";

constexpr const char* kTruth =
    R"(A label is the id of a class, or else one of its names. With --labels=record it is the field label of the record: a text, or a list of texts where several classes may be true. With --labels=folder it is the name of the folder that holds the image. Anything else names a file of lines with key, TAB and label; or, if its name ends in .csv (packed, .csv.gz or .csv.zst), a table with a header in which one column is label and another key, the record's key, or image, its path as the record has it.

Images without a label are classified too. They are counted as unlabelled and stay out of the metrics.)";

constexpr const char* kOutput =
    R"(One JSON line an image, in the order of the input: key; predictions, a list of class (the id), name, score (the cosine) and prob (softmax over the classes, or sigmoid for a model trained that way), best first; and, where the truth is known, label and rank: one each, or two lists. Rank counts from 1. Wrong classes with the very score of the right one count as better: a model that cannot tell anything apart gets nothing.

Metrics of --summary: acc1 and acc5, the shares of images whose class is at rank 1, or at 5 and better; mean_per_class_recall, the mean of acc1 over the classes that occur. Where the truth is a list: mAP, the mean of the average precision over the classes that occur.

--confusion writes a table as CSV: a header with truth and the ids of the classes, then a row for each true class with the number of its images that got each class as answer. The diagonal holds the hits of acc1: where others have the score of the right class, the first of them is the answer. Images whose truth is a list do not enter.)";

constexpr const char* kBadInput =
    R"(An image that cannot be read: no-image; one that cannot be decoded: bad-image; a label that is no class: unknown-label. An empty classes file, an id that stands twice and a template without {} end the run, with file and line.)";

}  // namespace

cli::Tool zeroshot_tool(ZeroshotOptions& options) {
    cli::Tool tool;
    tool.name = "zeroshot";
    tool.summary = "classify images by the names of classes";
    tool.description = kDescription;
    tool.sections = {{"LLIP", kLlip},
                     {"REGIONS", kRegions},
                     {"TRUTH", kTruth},
                     {"OUTPUT", kOutput},
                     {"BAD INPUT", kBadInput}};
    tool.examples = {
        {"Accuracy on labelled records.",
         "zeroshot -m model --classes classes.txt --summary - images.jsonl"},
        {"Which classes are taken for which, of images in folders named by class.",
         "zeroshot -m model --classes classes.txt --labels folder --confusion table.csv \\\n"
         "    --summary - val/"},
        {"The best answer for each image of a folder.",
         "zeroshot -m model --classes classes.txt --top 1 images/ |\n"
         "    jq -r '[.key, .predictions[0].name] | @tsv'"},
        {"Many templates, and intervals of the metrics.",
         "zeroshot -m model --classes classes.txt --templates imagenet80 \\\n"
         "    --bootstrap 1000 --summary scores.json -o items.jsonl images.jsonl"},
        {"Classes of the boxes of records, each asked of a CLOC model.",
         "zeroshot -m cloc --regions --classes classes.txt --summary - images.jsonl | jq .metrics"},
        {"A Llip model: each class mixes the image, by the mean of its seven queries.",
         "zeroshot -m llip --classes classes.txt --templates imagenet7 --summary - images.jsonl"},
    };
    tool.see_also = "retrieve(1), segment(1), embed(1), record(5), lip(7)";
    tool.features = {tensor::torch_description()};
    cli::Command command{
        "", "-m DIR --classes FILE [OPTION]... [INPUT]...", tool.summary, {}, [&options] {
            return zeroshot(options);
        }};
    cli::Options& o = command.options;
    o.operands(options.stream.inputs, "INPUT", "records, shards, image files or folders of images");
    add_model(o, options.model);
    add_classes(o, options.classes);
    using eval::TemplateAverage;
    o.choice("--template-average", options.template_average,
             {{"query", TemplateAverage::kQuery}, {"score", TemplateAverage::kScore}},
             "of a Llip model: mix once for the mean query of a name, or for every template");
    o.add(
        "--labels", options.labels, "WORD|FILE",
        "truth: record (the field label), folder (the image's), or a file: lines KEY<TAB>LABEL, or "
        "a .csv with columns key or image, and label");
    add_regions(o, options.regions, /*with_flag=*/true);
    o.after_parse([&options](const cli::Options& given) {
        if (options.regions.regions && !given.given("templates"))
            options.classes.templates = "none";
    });
    o.group("zeroshot");
    o.add("--confusion", options.confusion, "FILE",
          "takes a CSV table of true by predicted classes; - is standard output");
    add_results(o, options.results, /*with_top=*/true);
    add_images(o, options.image_root);
    add_records(o, options.stream, {});
    cli::add_common(o, options.common, "where the items go; - is standard output");
    tool.commands.push_back(std::move(command));
    return tool;
}

}  // namespace lip::cmd
