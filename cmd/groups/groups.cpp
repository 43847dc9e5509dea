#include "cmd/groups/groups.h"

#include "cli/error.h"

namespace lip::cmd {

using cli::Kind;

void add_records(cli::Options& options, record::StreamSettings& settings,
                 const std::vector<std::string>& formats) {
    options.group("records");
    if (!formats.empty())
        options.choice("--input-format", settings.input_format, formats,
                       "format of the input. By default it is recognised by its first bytes");
    options.choice(
        "--on-error", settings.skip_bad, {{"stop", false}, {"skip", true}},
        "on a bad record, end the run with status 1, or skip the record and end with status 3");
    options.add("--rejects", settings.rejects, "FILE",
                "write rejected records to FILE, one JSON object a line; implies --on-error=skip");
    options.add("--max-errors", settings.max_errors, "N|P%",
                "fail if more records than this are bad. A percentage is checked once 1,000 "
                "records have been read");
    options.add("--max-line", settings.max_line, Kind::kSize, "SIZE", "longest line accepted",
                1024);
    options.flag("--allow-empty", settings.allow_empty, "accept empty input");
    options.add("--limit", settings.limit, Kind::kCount, "N", "stop reading after N records", 1)
        .shown_default = "none";
}

void add_images(cli::Options& options, std::string& image_root) {
    options.group("images");
    options.add("--image-root", image_root, "DIR",
                "folder where relative image and mask paths start. Default: the folder of the "
                "record file, or the current folder for standard input");
}

void add_captions(cli::Options& options, eval::TextSelection& selection) {
    options.group("captions");
    options.add("--sources", selection.sources, "LIST",
                "captions to use: SOURCE or SOURCE:FORM. Default: all");
    using eval::TextKind;
    options.choice("--texts", selection.kind,
                   {{"captions", TextKind::kCaption},
                    {"sentences", TextKind::kSentence},
                    {"phrases", TextKind::kPhrase}},
                   "what to use as texts: whole captions, their sentences or their phrases");
    options.add("--texts-per-image", selection.most, Kind::kPlain, "N",
                "use only the first N texts of an image; 0: all");
    using eval::LongText;
    options.choice(
        "--long-text", selection.long_text,
        {{"cut", LongText::kCut}, {"mean", LongText::kMean}, {"score", LongText::kScore}},
        "embed a caption whole, truncated to the context length (cut), or as the mean of its "
        "sentences (mean); score it by the mean of their scores (score, models of Llip and FLAIR)");
    options.after_parse([&selection](const cli::Options& all) {
        if (selection.by_sentence() && selection.kind != TextKind::kCaption)
            throw cli::UsageError("--long-text=" + all.find("long-text")->get().front() +
                                  " is for --texts=captions: " + all.find("texts")->get().front() +
                                  " are not split further");
    });
}

void add_device(cli::Options& options, eval::EmbedderSettings& settings, std::string batch) {
    using tensor::Precision;
    options
        .add("--device", settings.device, "NAME", "device to compute on: auto, cpu, cuda or cuda:N")
        .environment = "LIP_DEVICE";
    options
        .choice(
            "--precision", settings.precision,
            {{"auto", Precision::kAuto}, {"fp32", Precision::kFp32}, {"bf16", Precision::kBf16}},
            "floating-point precision of the model. auto: bf16 where the device is faster with it")
        .environment = "LIP_PRECISION";
    options.add("--batch-size", settings.batch_size, Kind::kCount, "N", std::move(batch), 1,
                1 << 20);
    options.flag("--deterministic", settings.deterministic,
                 "use deterministic algorithms: the same bits for the same number of threads and "
                 "the same device");
}

void add_model(cli::Options& options, eval::EmbedderSettings& settings, const cli::Common& common,
               bool needed) {
    options.group("model");
    cli::Option& model =
        options.add("-m,--model", settings.model, "DIR",
                    "checkpoint, or run folder, which stands for its newest checkpoint");
    if (needed) model.required("name a checkpoint or a run folder");
    add_device(options, settings, "images or texts in a batch");
    options.after_parse([&](const cli::Options&) { settings.threads = common.thread_count(); });
}

void add_regions(cli::Options& options, RegionSettings& settings, bool with_flag) {
    options.group("regions");
    if (with_flag)
        options.flag("--regions", settings.regions,
                     "use the boxes of the records' regions instead of whole images");
    using eval::RegionMode;
    options.choice("--region-mode", settings.mode,
                   {{"auto", RegionMode::kAuto},
                    {"prompter", RegionMode::kPrompter},
                    {"roi", RegionMode::kRoi},
                    {"crop", RegionMode::kCrop}},
                   "how the embedding of a box is computed: by the model's Prompter; as the mean "
                   "of the patches under the box (roi); or from the box cropped as an image "
                   "(crop). auto: prompter if the model has one, else crop");
}

void add_classes(cli::Options& options, eval::ClassSettings& settings) {
    options.group("classes");
    options
        .add("--classes", settings.classes, "FILE",
             "class names, one a line; or ID<TAB>NAME|SYNONYM...; or JSON {class: [prompts]}; or "
             "the name of an installed class list")
        .required("name the file of the classes");
    options.add("--templates", settings.templates, "FILE|WORD",
                "prompt templates: photo, none, an installed set such as imagenet80, or a file "
                "with {} in each line");
    options.choice("--synonyms", settings.synonyms,
                   {{"max", eval::Synonyms::kMax}, {"mean", eval::Synonyms::kMean}},
                   "how the scores of the names of a class are combined");
}

void add_ties(cli::Options& options, eval::Ties& ties, const std::string& candidates) {
    using eval::Ties;
    options.choice("--ties", ties,
                   {{"pessimistic", Ties::kPessimistic},
                    {"optimistic", Ties::kOptimistic},
                    {"mean", Ties::kMean}},
                   "how many of the wrong " + candidates +
                       " with the same score as the right one count as better: all, none or half");
}

void add_results(cli::Options& options, ResultSettings& settings, bool with_top) {
    options.group("results");
    options.add("--summary", settings.summary, "FILE",
                "write the metrics to FILE as JSON; -: to standard output, in place of the items");
    if (with_top)
        options.add("--top", settings.top, Kind::kPlain, "N",
                    "number of best candidates printed for each item", 1);
    options.add("--dataset", settings.dataset, "NAME", "name of the data set, for the summary");
    options.add("--bootstrap", settings.bootstrap, Kind::kCount, "N",
                "bootstrap samples for ci95, the 95 % confidence intervals of the metrics; 0: none",
                0, 1000000);
}

}  // namespace lip::cmd
