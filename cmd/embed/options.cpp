#include "cmd/embed/embed.h"
#include "cmd/embed/output.h"
#include "record/parquet_module.h"
#include "tensor/device.h"

namespace lip::cmd {
namespace {

constexpr const char* kDescription =
    R"(Turns images or texts into vectors of the space that the two towers of a model share: the cosine of two vectors tells how well image and text agree.

--kind=image gives a vector an image, and --kind=patch one for each square patch of it, from left to right and top to bottom. With --layer=N these are no vectors of the joint space, but the patches as block N of the image tower leaves them, without the class token and before the last norm and the projection: N counts from 1, or from the end, where -1 is the last block and -2 the one whose patches LLaVA reads; 0 is what the first block gets. They keep their length, unless --normalize is given. --kind=region gives one for each box of the records' regions (record(5)): the answer of the Prompter of a model trained with regions, or what --region-mode names. --kind=text gives one for each text of the records: their captions, or with --texts their sentences or phrases. A caption that has not been split yet is split as split-captions does by default. With --input-format=lines every line of the input is a text.

A text longer than the model can read is cut; the closing line counts such texts. --long-text=mean avoids that: the vector of a caption is the mean of the vectors of its sentences.

--text embeds the texts of the command line and reads no INPUT. @FILE stands for the lines of a file, @- for standard input, @@x for the text "@x".)";

constexpr const char* kOutput =
    R"(One JSON line a row, in the order of the input: key, kind and embedding, in the shortest form that reads back to the same number. Texts add text and the index of the caption, with --texts also that of the sentence or phrase in it; texts that come from no record have the number of their line as key. Regions add region (their index in the record), box, and text if they have one. Patches add grid (rows, columns) and, of a block, layer, and embedding is a list of vectors.

With --format=npy, safetensors or faiss the numbers go to -o FILE, one vector a row, and the rest of each line to FILE.rows.jsonl, line for row; patches are rows of their own there, with their number in the grid as patch. The file is NumPy's with two axes, a safetensors file with the tensor embeddings, or a FAISS index IndexFlatIP, whose score is the inner product: of vectors of unit length, the cosine.

With --format=clip-retrieval the result is the folder -o DIR as clip-retrieval makes it, for its index and its server: img_emb/img_emb_0.npy, or text_emb/text_emb_0.npy of texts, and metadata/metadata_0.parquet with a row for each vector. Its columns are image_path, the file of the image, or the key if it lies in a shard; with texts caption, the text; key; and with texts caption_index, sentence_index and phrase_index, where there is one. A folder has vectors of images or of texts, not both. This needs a build with Parquet (--version). -f replaces such a folder, but none that holds anything else.

Vectors have unit length. With --no-normalize they keep the length the model gives them. --dtype=f16 rounds the numbers to 16 bits, in every format but faiss, which has none.

retrieve(1) reads all of these, but patches, regions and what only Llip models have.)";

constexpr const char* kLlip =
    R"(An image of a Llip model has another vector for every text. --given=TEXT, which may be repeated, gives each image as that text mixes it: a row for each image and text, with given, the number of the text from 0, and text. Their cosine with the vector of the text (--kind=text) is the score of the pair. Without --given an image has the vector that depends on no text, all tokens alike, for whoever wants one vector of it: its rows say "mixing":"uniform".

--kind=mixture gives what images are mixed from: keys and values, a vector for each mixture token, which JSON lines have as two lists; in a file of vectors they are rows of their own, the keys of an image and then its values, with part (key or value) and token, so that NumPy makes them x.reshape(-1, 2, tokens, width). --kind=query gives what texts mix by, divided by the temperature, and --kind=text their targets. These keep their length. With the heads of llip in config.json and the tensor readout.output.weight of model.safetensors they give all scores: doc/llip.md has the formula.

--mixing-dir=DIR writes a picture for each image and text of --given, DIR/KEY.GIVEN.png: the image as the model sees it; beside it where its mixture tokens look in the last block, each as much as the text weighs it, from blue to red; and below, the weights of the tokens (columns) in each head (rows), from white to black. The scale of both is in the legend. Folders that are missing are made, DIR too; slashes in keys make folders in it, and percent signs, control characters and the parts . and .. are written %XX, as segment(1) names its pictures.

--mixing-summary=FILE writes a JSON object with metrics over all images and the texts of --given: mixing_entropy, the mean entropy of the weights of a head as a share of the largest, ln of the number of tokens (1: all weigh the same, so that the text is not heard; 0: one token has all); text_distance, the mean of 1 - cosine of two vectors of one image (0: texts change nothing); and effective_rank, in how many directions all vectors spread, exp of the entropy of their singular values as shares of the sum. singular_values has these, largest first, as shares: their squares sum to 1. What is not defined, the entropy of one token or the distance of one text, is null. -o /dev/null leaves the vectors away.)";

constexpr const char* kBadInput =
    R"(An image that cannot be read: no-image; one that cannot be decoded: bad-image. A record without texts has no row.)";

}  // namespace

cli::Tool embed_tool(EmbedOptions& options) {
    cli::Tool tool;
    tool.name = "embed";
    tool.summary = "turn images and texts into vectors";
    tool.description = kDescription;
    tool.sections = {{"OUTPUT", kOutput}, {"LLIP", kLlip}, {"BAD INPUT", kBadInput}};
    tool.examples = {
        {"Images of shards, for NumPy.", "embed -m model --format npy -o images.npy shards/"},
        {"The same for FAISS: faiss.read_index(\"images.faiss\") in Python.",
         "embed -m model --format faiss -o images.faiss shards/"},
        {"A text from the command line, and the lines of a file.",
         "embed -m model --text 'a red circle' --text @classes.txt | jq -c .embedding"},
        {"Every sentence of the captions.",
         "embed -m model --kind text --texts sentences images.jsonl > sentences.jsonl"},
        {"What the last block but one says of each patch, for another model to read.",
         "embed -m model --kind patch --layer -2 --format npy -o patches.npy shards/"},
        {"Every box of the records, asked of a CLOC model, and its text, row by row, for NumPy.",
         "embed -m cloc --kind region --format npy -o regions.npy images.jsonl\n"
         "jq -r .text regions.npy.rows.jsonl |\n"
         "    embed -m cloc --kind text --input-format lines --format npy -o phrases.npy"},
        {"The same of any model, each box cut out as an image of its own.",
         "embed -m model --kind region --region-mode crop images.jsonl > regions.jsonl"},
        {"Texts from a pipe.",
         "cut -c1-40 classes.txt | embed -m model --kind text --input-format lines"},
        {"Images of a Llip model as two texts mix them, and pictures of how they do.",
         "embed -m llip --given 'a red fox' --given 'a blue sky' --mixing-dir pictures \\\n"
         "    -o mixed.jsonl images.jsonl"},
        {"Does the text change the image's vector? Figures over many images, and no vectors.",
         "embed -m llip --given @classes.txt --mixing-summary mixing.json -o /dev/null "
         "images.jsonl"},
        {"What a Llip model's scores are made from, for a program of one's own.",
         "embed -m llip --kind mixture --format npy -o mixture.npy shards/\n"
         "embed -m llip --kind query --format npy -o queries.npy images.jsonl\n"
         "embed -m llip --kind text --format npy -o targets.npy images.jsonl"},
    };
    tool.see_also = "retrieve(1), zeroshot(1), record(5), lip(7)";
    tool.features = {tensor::torch_description(),
                     "parquet: " + std::string(record::parquet_version())};
    cli::Command command{"", "-m DIR [OPTION]... [INPUT]...", tool.summary, {}, [&options] {
                             return embed(options);
                         }};
    cli::Options& o = command.options;
    o.operands(options.stream.inputs, "INPUT", "records, shards, image files or folders of images");
    o.group("embed");
    o.choice("--kind", options.kind,
             {{"image", EmbedKind::kImage},
              {"text", EmbedKind::kText},
              {"patch", EmbedKind::kPatch},
              {"region", EmbedKind::kRegion},
              {"mixture", EmbedKind::kMixture},
              {"query", EmbedKind::kQuery}},
             "what gets a vector; the last two of a Llip model");
    o.add_repeated("--text", options.texts, "TEXT", "embed this text, or @FILE; no INPUT is read");
    o.add_repeated("--given", options.given, "TEXT",
                   "of a Llip model: each image as this text mixes it, or each text of @FILE");
    o.add("--mixing-dir", options.mixing_dir, "DIR",
          "takes a picture of the mixing for each image and text of --given");
    o.add("--mixing-summary", options.mixing_summary, "FILE",
          "takes figures of the mixing over all images and texts of --given, see LLIP");
    o.add("--layer", options.layer, "WORD|N",
          "patches of the joint space (joint), or as block N leaves them; -2: the last but one");
    o.choice("--format", options.format, output_formats(),
             "JSON lines, a file of vectors (-o FILE), or a folder (-o DIR)");
    o.choice("--dtype", options.half, {{"f32", false}, {"f16", true}}, "precision of the numbers");
    o.flag("--normalize", options.normalize,
           "vectors of unit length; off where --layer names a block, and for mixture and query",
           true);
    o.after_parse([&options](const cli::Options& all) {
        if (all.given("normalize")) return;
        options.normalize = options.layer == "joint" && options.kind != EmbedKind::kMixture &&
                            options.kind != EmbedKind::kQuery;
    });
    add_regions(o, options.regions, /*with_flag=*/false);
    add_model(o, options.model);
    add_captions(o, options.captions);
    add_images(o, options.image_root);
    add_records(o, options.stream, {"lines"});
    cli::add_common(o, options.common, "where the vectors go; - is standard output");
    tool.commands.push_back(std::move(command));
    return tool;
}

}  // namespace lip::cmd
