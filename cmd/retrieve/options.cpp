#include "cli/module.h"
#include "cmd/retrieve/retrieve.h"
#include "record/parquet_module.h"
#include "tensor/description.h"

namespace lip::cmd {
namespace {

void add_own(cli::Options& o, RetrieveOptions& options) {
    o.group("retrieve");
    o.flag("--allow-short", options.allow_short,
           "keep images with fewer texts than --texts-per-image, and count them");
    o.add("--k", options.k, "LIST", "values of k for recall@k")
        .checked_by([](std::string_view word) {
            if (cli::value_of<std::int64_t>(word) < 1)
                throw cli::UsageError("'" + std::string(word) + "' must be at least 1");
        });
    o.choice("--direction", options.direction,
             {{"both", Direction::kBoth},
              {"i2t", Direction::kImageToText},
              {"t2i", Direction::kTextToImage}},
             "image-to-text retrieval (i2t), text-to-image retrieval (t2i), or both");
    add_ties(o, options.ties, "candidates");
    o.add("--image-embeddings", options.image_embeddings, "FILE",
          "image embeddings written by embed(1), in place of INPUT");
    o.add("--text-embeddings", options.text_embeddings, "FILE",
          "text embeddings written by embed(1), in place of INPUT");
    o.add_repeated("--query", options.query, "TEXT",
                   "print the images (with --regions, the boxes) that match this text best; @FILE: "
                   "one text a line")
        .meant_by = {"text", "search"};
    o.add_repeated("--query-image", options.query_image, "FILE",
                   "print the texts that match this image best");
    o.add("--shortlist", options.shortlist, cli::Kind::kCount, "N",
          "with a model of Llip or FLAIR, score only a shortlist, the N best candidates by the "
          "vectors that depend on no text; 0: all pairs");
}

}  // namespace

RetrieveOptions::RetrieveOptions() {
    captions.most = 5;
    results.top = 10;
}

cli::Tool retrieve_tool(RetrieveOptions& options) {
    cli::Tool tool{cli::embedded_page("retrieve")};
    tool.features = {tensor::torch_description(),
                     "parquet: " + std::string(record::parquet_version())};
    cli::Command command{"", "[OPTION]... [INPUT]...", tool.page.summary, {}, [&options] {
                             return cli::run_in_module("retrieve", "", options);
                         }};
    cli::Options& o = command.options;
    o.operands(options.stream.inputs, "INPUT", "records, shards, image files or folders of images");
    add_own(o, options);
    add_captions(o, options.captions);
    add_regions(o, options.regions, /*with_flag=*/true);
    o.after_parse([&options](const cli::Options& given) {
        if (options.regions.regions && !given.given("k")) options.k = {10};
        if (options.k.empty()) throw cli::UsageError("--k: name at least one rank, such as 1,5,10");
    });
    add_model(o, options.model, options.common, /*needed=*/false);
    add_results(o, options.results, /*with_top=*/true);
    add_images(o, options.image_root);
    add_records(o, options.stream, {});
    cli::add_common(o, options.common, "write the items to FILE; - is standard output");
    tool.commands.push_back(std::move(command));
    options.declared = &tool.commands.back().options;  // moves with the tool: it stays where it is
    return tool;
}

}  // namespace lip::cmd
