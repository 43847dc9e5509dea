#include "cli/module.h"
#include "cmd/zeroshot/zeroshot.h"
#include "tensor/description.h"

namespace lip::cmd {
namespace {}  // namespace

cli::Tool zeroshot_tool(ZeroshotOptions& options) {
    cli::Tool tool{cli::embedded_page("zeroshot")};
    tool.features = {tensor::torch_description()};
    cli::Command command{
        "", "-m DIR --classes FILE [OPTION]... [INPUT]...", tool.page.summary, {}, [&options] {
            return cli::run_in_module("zeroshot", "", options);
        }};
    cli::Options& o = command.options;
    o.operands(options.stream.inputs, "INPUT", "records, shards, image files or folders of images");
    add_model(o, options.model, options.common);
    add_classes(o, options.classes);
    using eval::TemplateAverage;
    o.choice("--template-average", options.template_average,
             {{"query", TemplateAverage::kQuery}, {"score", TemplateAverage::kScore}},
             "with a model of Llip or FLAIR, mix once for the mean query of a name (query), or "
             "once for each "
             "template (score)");
    o.add("--labels", options.labels, "WORD|FILE",
          "where the ground truth comes from: record (the field label), folder (the name of the "
          "image's folder), or a file: lines KEY<TAB>LABEL, or a .csv with columns key or image, "
          "and label");
    add_ties(o, options.ties, "classes");
    add_regions(o, options.regions, /*with_flag=*/true);
    o.after_parse([&options](const cli::Options& given) {
        if (options.regions.regions && !given.given("templates"))
            options.classes.templates = "none";
    });
    o.group("zeroshot");
    o.add("--confusion", options.confusion, "FILE",
          "write the confusion matrix to FILE as CSV; - is standard output");
    add_results(o, options.results, /*with_top=*/true);
    add_images(o, options.image_root);
    add_records(o, options.stream, {});
    cli::add_common(o, options.common, "write the items to FILE; - is standard output");
    tool.commands.push_back(std::move(command));
    return tool;
}

}  // namespace lip::cmd
