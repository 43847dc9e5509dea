#include "cmd/retrieve/retrieve.h"
#include "record/parquet_module.h"
#include "tensor/device.h"

namespace lip::cmd {
namespace {

constexpr const char* kDescription =
    R"(Looks for the text of every image among all texts, and for the image of every text among all images, and says how often the right one is near the top. Score is the cosine of the vectors; nothing is put before the texts, and the best are not looked at a second time.

A text hits with its own image, an image with any of its own texts. The first five texts of an image count, the rule of COCO and Flickr30k; --texts-per-image=1 is for long captions, 0 takes all. With --texts=sentences every sentence of a caption is a query of its own.

A caption that is longer than the model's context is cut. With --long-text=mean it is embedded sentence by sentence, and its vector is the mean of theirs, made a unit vector: nothing is lost. Captions that split-captions(1) has not seen are split with its default rules.

The vectors may come from embed(1), so that they are computed once: --image-embeddings and --text-embeddings name what it wrote, in any of its formats, which is found by looking: a .npy, safetensors or FAISS file with its .rows.jsonl beside it, JSON lines (- is standard input), or a folder of clip-retrieval, also one that clip-retrieval made itself. No model is loaded then, unless there is a query to embed.

With --query texts are looked for among the images, with --query-image images among the texts; nothing is measured, and the best hits are printed. Texts count as above: the first five of an image, unless --texts-per-image says otherwise.)";

constexpr const char* kRegions =
    R"(--regions compares the boxes of the records' regions (record(5)) with their phrases: all boxes look for their phrase among all phrases, all phrases for their box. A box has the vector that --region-mode says. The right answer is the box's own phrase; phrases repeat, so figures that accept an equal one stand beside.

Items are direction (r2t or t2r), key, region (its index in the record), box, text, rank, string_rank and top. Metrics are r2t_recall@k and t2r_recall@k, by default of k=10 alone, r2t_string_recall@k and t2r_string_recall@k, where an equal phrase of another region counts, and r2t_median_rank and t2r_median_rank. --direction i2t is r2t, t2i is t2r. Regions without text are left out and counted as without_text.

With --query texts are looked for among the boxes, with or without texts of their own: a line a hit has query, rank, key, region, box, text and score.)";

constexpr const char* kOutput =
    R"(One JSON line a query, images first: direction (i2t or t2i), key, rank and top, the best candidates with key and score. A text also has caption, its index in the record, and sentence or phrase, the index in the caption. --top says how many candidates are printed.

A search prints one line a hit: query, rank, key, score; for a text also caption and text.

Metrics of --summary: text_retrieval_recall@k (images looking for texts) and image_retrieval_recall@k (texts looking for images), the shares of queries with rank k or better, and text_retrieval_median_rank and image_retrieval_median_rank. --bootstrap resamples queries.

Field texts is the number of texts that count, captions that of all the images have. image_set_hash tells which images these are, in whatever order and folders: 128 bits of XXH3 over the numbers in their keys (391895 of COCO_val2014_000000391895), sorted, one a line; null where keys have no numbers, or the same twice. There are two sets of 5,000 images of COCO, Karpathy's test split of the pictures of 2014 and val2017, whose figures must not be compared; for a list of ids, sort -n ids.txt | xxh128sum prints the hash to expect. image_set_guess is what the numbers of images and captions speak for: coco-karpathy-test (25,010 captions) or coco-val2017 (25,014); null where they speak for neither.)";

constexpr const char* kLlip =
    R"(An image of a Llip model has another vector for every text: a pair's score is the cosine of the text with the image as that text mixes it. All pairs are scored, in blocks, for both directions at once; ranks and ties are as always. What images are mixed from is kept in memory: 256 KiB an image for 64 tokens of a ViT-B, 1.2 GiB for 5,000 images. The mean of sentences (--long-text=mean) averages their queries too.

--shortlist=N searches in two steps: the best N by the vectors that depend on no text, of these the best by the score of the pair; what is not among the N follows in the order of the first step. No more than N candidates are printed, and --top must not ask for more. A search then scores N pairs a query. Where recall is measured all pairs are scored as well, to tell what the shortlist loses: metrics text_retrieval_shortlist_loss@k and image_retrieval_shortlist_loss@k are recall@k of all pairs less that of the two steps, text_retrieval_shortlist_recall and image_retrieval_shortlist_recall the shares of queries whose best candidate of all pairs is in the shortlist; and items have rank_all_pairs.

Vectors of embed(1) are compared as they stand: those of the images of a Llip model depend on no text, and a warning says so, and mixing in the settings of the summary. Vectors for given texts, mixture tokens and queries are refused.)";

constexpr const char* kTies =
    R"(The rank of the right candidate is one more than the number of wrong ones with a higher score. Wrong ones with the very same score count all, none or half, with --ties=pessimistic, optimistic or mean. The default is the first: a model whose vectors are all alike gets 0 %, not 100 %. Scores are compared in steps of 2^-24, so that equal vectors have equal scores on every machine.)";

constexpr const char* kBadInput =
    R"(An image that cannot be read: no-image; one that cannot be decoded: bad-image; an image with fewer texts than --texts-per-image, or none: bad-record, unless --allow-short keeps it; a key that stood before: duplicate-key. Vectors that are not finite or of another width than the others end the run (bad-embedding), and so do files of vectors that are cut, whose header contradicts itself, or that do not fit their rows, and FAISS indexes that are not flat.)";

void add_own(cli::Options& o, RetrieveOptions& options) {
    o.group("retrieve");
    o.flag("--allow-short", options.allow_short,
           "keep images with fewer texts than --texts-per-image; they are counted");
    o.add("--k", options.k, "LIST", "ranks for recall");
    o.choice("--direction", options.direction,
             {{"both", Direction::kBoth},
              {"i2t", Direction::kImageToText},
              {"t2i", Direction::kTextToImage}},
             "images look for texts, texts for images");
    using eval::Ties;
    o.choice("--ties", options.ties,
             {{"pessimistic", Ties::kPessimistic},
              {"optimistic", Ties::kOptimistic},
              {"mean", Ties::kMean}},
             "wrong candidates with the score of the right one count all, none or half");
    o.add("--image-embeddings", options.image_embeddings, "FILE",
          "vectors of the images, of embed(1), in place of INPUT");
    o.add("--text-embeddings", options.text_embeddings, "FILE",
          "vectors of the texts, of embed(1), in place of INPUT");
    o.add_repeated(
        "--query", options.query, "TEXT",
        "print the images, with --regions the boxes, that fit this text best; @FILE: one text a "
        "line");
    o.add_repeated("--query-image", options.query_image, "FILE",
                   "print the texts that fit this image best");
    o.add("--shortlist", options.shortlist, cli::Kind::kCount, "N",
          "of a Llip model: score the best N of the vectors that depend on no text; 0: all pairs");
}

}  // namespace

RetrieveOptions::RetrieveOptions() {
    captions.texts_per_image = 5;
    results.top = 10;
}

cli::Tool retrieve_tool(RetrieveOptions& options) {
    cli::Tool tool;
    tool.name = "retrieve";
    tool.summary = "find images for texts and texts for images, and measure recall";
    tool.description = kDescription;
    tool.sections = {{"REGIONS", kRegions},
                     {"LLIP", kLlip},
                     {"TIES", kTies},
                     {"OUTPUT", kOutput},
                     {"BAD INPUT", kBadInput}};
    tool.examples = {
        {"Recall both ways, every caption a text.",
         "retrieve -m model --texts-per-image 0 --summary - images.jsonl"},
        {"Long captions, one an image, by the mean of their sentences.",
         "retrieve -m model --sources sharegpt4v:long --texts-per-image 1 --long-text mean "
         "--summary - images.jsonl"},
        {"Vectors once, then searches and recall.",
         "embed -m model --format npy -o images.npy images.jsonl\n"
         "embed -m model --kind text --format npy -o texts.npy images.jsonl\n"
         "retrieve --image-embeddings images.npy --text-embeddings texts.npy \\\n"
         "    --texts-per-image 0 --bootstrap 1000 --summary -"},
        {"The three boxes of all records that fit a text best.",
         "retrieve -m cloc --regions --query 'a red fox' --top 3 images.jsonl | jq -c '[.key, "
         ".box]'"},
        {"The three images that fit a text best.",
         "retrieve -m model --query 'a red fox' --top 3 images.jsonl | jq -r .key"},
        {"Boxes and phrases, of a CLOC model; of any other, each box cut out as an image.",
         "retrieve -m cloc --regions --summary - images.jsonl | jq .metrics\n"
         "retrieve -m model --regions --region-mode crop --summary - images.jsonl | jq .metrics"},
        {"All pairs of a Llip model, and what a search among the best 20 would lose.",
         "retrieve -m llip --texts-per-image 0 --shortlist 20 --summary - images.jsonl |\n"
         "    jq .metrics"},
        {"The search itself: 20 pairs for the text are scored.",
         "retrieve -m llip --query 'a red fox' --shortlist 20 --top 3 images.jsonl"},
    };
    tool.see_also = "embed(1), zeroshot(1), split-captions(1), record(5), lip(7)";
    tool.features = {tensor::torch_description(),
                     "parquet: " + std::string(record::parquet_version())};
    cli::Command command{
        "", "[OPTION]... [INPUT]...", tool.summary, {}, [&options] { return retrieve(options); }};
    cli::Options& o = command.options;
    o.operands(options.stream.inputs, "INPUT", "records, shards, image files or folders of images");
    add_own(o, options);
    add_captions(o, options.captions);
    add_regions(o, options.regions, /*with_flag=*/true);
    o.after_parse([&options](const cli::Options& given) {
        if (options.regions.regions && !given.given("k")) options.k = {"10"};
    });
    add_model(o, options.model);
    add_results(o, options.results, /*with_top=*/true);
    add_images(o, options.image_root);
    add_records(o, options.stream, {});
    cli::add_common(o, options.common, "where the items go; - is standard output");
    tool.commands.push_back(std::move(command));
    options.declared = &tool.commands.back().options;  // moves with the tool: it stays where it is
    return tool;
}

}  // namespace lip::cmd
