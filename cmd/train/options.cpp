#include "cmd/train/train.h"

#include "cmd/train/recipes.h"

#include "tensor/device.h"
#include "tensor/group.h"
#include "tensor/nccl.h"
#include "train/methods.h"

namespace lip::cmd {
namespace {

constexpr const char* kDescription =
    R"(Trains a language-image model on shards. The method sets the loss and the defaults marked "of the method": clip takes one text an image, siglip the same with a sigmoid loss, dreamlip draws K sub-captions an image (raw and short captions whole, long ones by sentence) and trains all of them as positives, slot by slot, llip mixes the tokens of an image anew for every text, cloc is clip with boxes and phrases besides.

Images and texts of a step are drawn by a generator keyed by the seed, the epoch and the key of the sample. The order of training is a keyed shuffle of all frames of all shards, dealt out to up to 64 lanes in which a window of frames is mixed; a batch takes equally many samples of each lane. So a run on the CPU gives the same weights for any number of threads up to an eighth of the images in a batch (beyond, several threads share a matrix product, and the last digits can differ), and a resumed run the same bytes as an unbroken one on the same device. --precision auto is settled at the start: a run that began with bf16 goes on with it alone, so name it where the machines differ. --steps and --epochs of a run cannot be changed later: they set the learning rate.

Texts are not padded to the context length: texts of nearly equal length are computed together. Under the causal mask this equals padding to the context length.

A sample that cannot be used (a broken image, a broken record) is left out, and the next one of the order takes its place; by default up to 1 % of them. So is an image without a caption that may be used, however many there are. A step whose loss or gradient is not finite is left out and counted.)";

constexpr const char* kOutput =
    R"(RUN/checkpoints/step-NNNNNNNN, folders that are complete when they have their name (checkpoint(5)); RUN/latest, a link to the newest; RUN/metrics.jsonl; RUN/config.toml, to be used with --config. The path of the last checkpoint goes to standard output.

Lines of metrics.jsonl have type (start, train, checkpoint, eval, resume, stop), step, epoch, samples and time; train lines add the means since the line before, or since a resume: loss, loss_global and loss_local (dreamlip), those of REGIONS, lr, grad_norm, logit_scale, local_logit_scale, logit_bias (sigmoid losses), images_per_s, texts_per_s, valid_texts (the share of texts that none before it of the same image equals), cut_texts (the share that is longer than the context), skipped, no_text (images left out because none of their captions can be used), unsplit (long captions that are one text because split-captions never saw them), bad_steps and rss (MiB, the highest so far). On --resume, lines of steps after the checkpoint are removed. Lines of type eval have metrics: loss (the contrast of the method with all of --eval-data as one batch, without the losses of patches and regions; for comparing runs on the same data), text_retrieval_recall@1, 5 and 10 (the captions of an image, each taken whole, among all of --eval-data), image_retrieval_recall@1, 5 and 10, and with --classes acc1, acc5 and mean_per_class_recall of the images with one label; of a model with regions, where --eval-data has regions, mAcc (with --classes), regions, how many have a text, r2t_recall@10 and t2r_recall@10, acc@0.5 and mean_iou, as zeroshot(1) and retrieve(1) with --regions and ground(1) with --evaluate say them. With --classes, images without a label, or with one that is no class, count for retrieval alone; if there is none with one, the start says so. A Llip model scores all pairs of images and captions each time, more work than an epoch of their towers in large sets: the start says how many, and --eval-every measures fewer checkpoints. The figures are what retrieve(1) with --texts-per-image 0 and zeroshot(1) say of the checkpoint, the loss apart; other ranks wait for the first meanwhile.

With --tensorboard the figures of train lines, epoch and samples also stand in RUN/tensorboard as train/loss and so on, those of eval lines as eval/acc1, for tensorboard --logdir RUN. Each part of a run that is resumed has a file of its own, events.out.tfevents.SSSSSSSS.train, named by the step it goes on after; later steps of earlier files are cut off, so that none is there twice.)";

constexpr const char* kSettings =
    R"(--set BLOCK.KEY=VALUE, repeatable, BLOCK the method. Settings of a file of --config stay, but for those with the same key as one on the command line; --print-config shows them all. The first value is the default; dreamlip's losses are those of doc/dreamlip.md.

positives={slots,all,lse,sigmoid}: texts of one slot compete; all texts do; all, with the positives summed in the numerator; none do, each pair of image and text is a question of its own, with siglip's start of scale and bias. mask_equal_texts={false,true}: equal texts of other images are no negatives; not with sigmoid. global_weight=1, local_weight=1: of the multi-positive loss and of the patches' loss; at 0 the patches are not computed. The paper weighs both alike; the demo takes a local_weight of 0.1 and local_scale=separate, see doc/dreamlip.md.

local_threshold={auto,0..1}: least weight of a patch in its group, auto is 1 / patches. local_norm={minmax,softmax}: of these weights. stop_grad_weights={false,true}: no gradient flows through them. local_direction={t2g,g2t,both}: texts look for their group, groups for their text. local_negatives={image,batch}: a text competes with the texts and groups of its own image; or all of the batch do, in both directions (a group is made from its own text, so that such a model can answer without looking). local_filter=0..1: a text whose cosine with the right one is above this is no negative, 0 is off; for pools of several captioners, and negatives of the image. local_scale={shared,separate,NUMBER}: the scale of the similarities is that of the whole images, one of its own, or fixed.

--set llip.KEY=VALUE; doc/llip.md has the formulas and says what is the paper's and what is ours. mixture_tokens=64: tokens of an image. heads=8: of the mixing, dividing the width of the vectors. temperature=5: of its softmax; large mixes evenly. learn_temperature={false,true}. scale={tau,tau_sqrt}: scores are divided by the temperature, or by the root of a head's width as well. query={pre_projection,projected,projected_unit}: queries are made from the text's feature, its projection, or that at unit length. bias={false,true}: of queries and values. layer_norm={false,true}: norms before the projections. class_token={false,true}: one more token, which nothing reads.

mixing={text,learned,average,first}: what mixes the tokens. Other than text, an image has one vector, and the loss is that of siglip on it: one learned query in place of the texts, the mean of the values, or the first token with the others unread. With mixture_tokens=1 all are the same, SigLIP with one more projection. --texts-per-image K gives an image K texts, each a positive conditioned on itself, and with --texts sentences they are sub-captions (ours; the paper takes one caption).)";

constexpr const char* kImages =
    R"(Crops are drawn as torchvision's RandomResizedCrop draws them, on the size that the file states, and resized with antialiasing. A JPEG is decoded only as far as its crop needs: at 1/2, 1/4 or 1/8 where the crop is still no smaller than the model's image, without the rows and columns around it, and nothing below it is read, so that damage there goes unnoticed (see shard(1), --image-check). The filter works with weights of 14 bits. With --exact-decode every pixel is decoded and filtered to the bytes of Pillow's resize, and files that are cut off anywhere are refused; so it is with --augment none, the picture that the evaluation tools see.

--augment strong changes most crops, which are of 0.2 to 1 of the area: jitter of brightness, contrast and saturation by up to 0.4 and of hue by up to 0.1 in an order of chance (8 of 10 images), grey (2 of 10), a Gaussian blur of deviation 0.1 to 2 (5 of 10), and then RandAugment with two operations at magnitude 7. They are torchvision's on 8-bit images. Colours that change contradict captions that name them: measure before use. The changes of an image depend on the seed, the epoch and its key alone; switching --flip on moves no other draw.)";

constexpr const char* kTokenizer =
    R"(A SentencePiece model, or a CLIP vocabulary: bpe_simple_vocab_16e6.txt.gz of open_clip, vocab.json beside merges.txt, or tokenizer.json of Hugging Face; a folder stands for the one in it. A model for your own captions is made of their sentences:

split-captions --format lines caps.jsonl > sentences.txt; spm_train --input=sentences.txt --model_prefix=tok --model_type=bpe --vocab_size=8000 --pad_id=0 --unk_id=1 --bos_id=2 --eos_id=3 --hard_vocab_limit=false

makes tok.model (with the end token at 2, as some make them, Hugging Face's CLIP would read texts elsewhere: checkpoint(1) cannot export such a model for it). The vocabulary of the model follows from it, and it is kept in every checkpoint.)";

constexpr const char* kRegions =
    R"(--method cloc learns from the boxes and phrases in the records' regions (record(5)) beside CLIP's loss: a Prompter turns the image and a box into a vector that fits the box's phrase, and the image and a phrase into its box. --regions adds the same to any other method. doc/cloc.md has the formulas and says what is the paper's and what is ours. Images without regions train as usual.

An image is scaled by its long side, padded and not cropped, and its boxes with it; those smaller than 0.1 % of the square are left out. metrics.jsonl has loss_region and loss_grounding beside loss_global, the method's own loss: the loss of a step is loss_global + lambda (loss_region + grounding_weight loss_grounding), lambda being weight times the share of images with regions. There are also regions_per_image, as they were drawn, small_regions_per_image, those that were left out by their size, both over all images, and filtered_pairs, the share of pairs of regions that are no negatives because their phrases are nearly the same. Where that is most of them, phrases may collapse into one: a warning says so.

Settings of the block cloc: tokens={patch_ln,patch_raw,with_cls}. pool={prompt_only,gap_all,roi}: what of the Prompter is read, roi is without one. box_tokens={2,1}. pe={sinus,sinus_2pi,fourier}. patch_pe={true,false}. box_prior={none,roi}: boxes look by themselves, or under them first. head_in={pooled,projected}. box_out={sigmoid,linear}. prompter={shared,separate}: of boxes and phrases. region_scale={shared,own}. filter=0.9 or off. filter_centred={false,true}: phrases are compared without what all of a batch have in common; for small runs. region_mean={valid,fixed}. weight=1, of both losses, times the share of images with regions. grounding_weight=1; 0 leaves out the box head. regions_per_image=4. context_length=16, of phrases.)";

constexpr const char* kRanks =
    R"(Several processes train together when a launcher starts them: torchrun (RANK, WORLD_SIZE, LOCAL_RANK, MASTER_ADDR, MASTER_PORT), mpirun (OMPI_COMM_WORLD_*; on several machines set MASTER_ADDR to that of rank 0) or srun (SLURM_*). They need no options:

torchrun --standalone --no-python --nproc-per-node 4 train --config run.toml -o RUN

Loss and gradients are those of one process with the whole --batch-size, which the ranks share; so are the batches, so that a run may go on with another number of ranks (one that divides the lanes in state.json). Each rank reads frames of its own; all see the same files, RUN too, in which only the first writes. With as many ranks as before a resumed run gives the same bytes. On one machine -j is divided among the ranks unless given, and each takes the CUDA device of its LOCAL_RANK.

Ranks talk over Gloo, through the memory of the host. In a build with NCCL (--version says so), tensors of CUDA devices go over NCCL, if every rank has a device of its own; a line of the first rank says which it is. With NCCL a lost rank may end the others by LibTorch's watchdog, with a message of its own and SIGABRT, and sums are those of NCCL's algorithm, which may change with the machines. The gradients of the image tower are exchanged while those of the text tower are computed. With --ring, which siglip and llip can have, each rank holds the texts of two ranks at a time rather than of all. A rank that ends or is silent for --rank-timeout ends all others with status 1: start them again with --resume. A signal to one of them stops or saves all. The first rank speaks; the others only say errors, and their --rejects go to FILE.rankN. --max-errors counts by rank.)";

constexpr const char* kSignals =
    R"(SIGINT, SIGTERM and SIGHUP finish the step, save and exit 4; the same command with --resume goes on. A second SIGINT quits at once. SIGUSR1 saves a checkpoint and goes on.)";

void add_length_and_optimiser(cli::Options& o, TrainOptions& t) {
    using cli::Kind;
    o.group("length and optimiser");
    o.add("--epochs", t.epochs, Kind::kCount, "N", "times through the data", 1);
    o.add("--steps", t.steps, Kind::kCount, "N",
          "optimiser steps in place of epochs; 0: by epochs");
    o.add("--lr", t.lr, "X", "peak learning rate", 0, 1e3);
    o.add("--min-lr", t.min_lr, "X", "learning rate at the end", 0, 1e3);
    o.add("--warmup", t.warmup, "N|P%", "steps, or share of the run, in which the rate rises");
    o.choice("--schedule", t.decay,
             {{"cosine", train::Decay::kCosine},
              {"linear", train::Decay::kLinear},
              {"constant", train::Decay::kConstant}},
             "what follows the warm-up");
    o.add("--weight-decay", t.adamw.weight_decay, "X",
          "of matrices; gains, biases and scales have none", 0, 100);
    o.add("--beta1", t.adamw.beta1, "X", "AdamW's first decay rate", 0, 0.999999);
    o.add("--beta2", t.adamw.beta2, "X", "AdamW's second decay rate", 0, 0.9999999);
    o.add("--eps", t.adamw.eps, "X", "AdamW's epsilon", 1e-20, 1);
    o.add(
        "--micro-batch", t.micro_batch, Kind::kPlain, "N",
        "images whose activations are kept at once: computed twice, the loss is still that of the "
        "whole batch; 0: all",
        0, 1 << 20);
    o.add("--clip-grad", t.clip_grad, "X", "largest norm of the gradient; 0: no limit", 0, 1e9);
    o.add("--ema", t.ema, "X",
          "checkpoints hold the moving average of the weights with this decay, for example 0.999; "
          "0: the weights",
          0, 0.9999999);
}

void add_texts_and_images(cli::Options& o, TrainOptions& t) {
    using cli::Kind;
    o.group("texts and images");
    o.add("--texts-per-image", t.texts_per_image, Kind::kPlain, "K",
          "texts drawn for an image, without repetition while its pool lasts; 0: of the method", 0,
          256);
    o.choice("--texts", t.texts, {"auto", "captions", "sentences"},
             "the pool: whole captions, or long ones by sentence. auto: of the method");
    o.add("--sources", t.sources, "LIST",
          "captions in the pool: SOURCE[:FORM][=WEIGHT]; the entry with the form goes first. "
          "Weight 0 "
          "removes. Default: all at 1");
    o.add("--skip-flags", t.skip_flags, "LIST",
          "captions with these flags are left out, and sentence N of FLAG@N; truncated drops the "
          "last "
          "sentence only");
    o.add("--merge", t.merge, Kind::kPlain, "M",
          "1..M neighbouring sentences of a caption make one text", 1, 64);
    o.choice(
        "--merge-mode", t.merge_mode,
        {{"consecutive", train::MergeMode::kConsecutive}, {"diverse", train::MergeMode::kDiverse}},
        "diverse: half the time any other sentences of the pool, not the neighbours");
    o.flag("--raw-first", t.raw_first, "the first text is always the raw caption", true);
    o.add("--image-size", t.image_size, Kind::kPlain, "N", "side in pixels; 0: of the architecture",
          0, 4096);
    o.add("--context-length", t.context_length, Kind::kPlain, "N",
          "longest text in tokens; 0: of the architecture", 0, 4096);
    o.choice("--resize-mode", t.resize_mode, {"auto", "shortest", "longest", "squash"},
             "how an image becomes a square, here without crops and in all tools that use the "
             "model: short side fitted, ends cut off; long side fitted, padded; both fitted. auto: "
             "of the architecture, with regions longest");
    o.choice("--augment", t.augment,
             {{"none", train::Augment::kNone},
              {"crop", train::Augment::kCrop},
              {"strong", train::Augment::kStrong}},
             "the evaluation's centre crop; random resized crops; or these with changes of colour "
             "and form: see IMAGES. With regions none");
    o.add("--crop-scale", t.crop_scale, "A",
          "least area of the random crop; 0.2 with --augment strong", 0.01, 1);
    o.add("--flip", t.flip, "P",
          "share of crops that are mirrored: against captions that name left and right", 0, 1);
    o.flag("--exact-decode", t.exact_decode,
           "crops from every pixel of the image, as other programs cut them: slower; see IMAGES",
           true);
}

void add_released_code(cli::Options& o, TrainOptions& t) {
    o.group("habits of released code");
    o.choice("--compat", t.compat, {"none", "dreamlip-code"},
             "the sampling of the code released with DreamLIP: sets what of --texts-per-image 7, "
             "--raw-first and the options below is not given");
    o.choice("--splitter", t.splitter,
             {{"record", train::Splitter::kRecord}, {"dreamlip", train::Splitter::kDreamlip}},
             "sentences: those of the record; or long and short captions cut at every line feed, "
             "period and </s>");
    o.flag("--drop-last-piece", t.drop_last_piece,
           "no text begins with the last piece of the pool, or with --merge M the last M+1", true);
    o.flag("--period-join", t.period_join,
           "merged pieces have \". \" between them and go on over the borders of captions", true);
    o.choice("--pool-order", t.pool_order,
             {{"record", train::PoolOrder::kRecord},
              {"csv", train::PoolOrder::kCsv},
              {"json", train::PoolOrder::kJson}},
             "captions in the order of the record, or of that code's readers");
}

void set_released_code(const cli::Options& given, TrainOptions& t) {
    if (t.compat == "none") return;
    if (!given.given("texts-per-image")) t.texts_per_image = 7;
    if (!given.given("raw-first")) t.raw_first = true;
    if (!given.given("splitter")) t.splitter = train::Splitter::kDreamlip;
    if (!given.given("drop-last-piece")) t.drop_last_piece = true;
    if (!given.given("period-join")) t.period_join = true;
    if (!given.given("pool-order")) t.pool_order = train::PoolOrder::kCsv;
}

// Boxes hold for the whole image.
void set_regions(const cli::Options& given, TrainOptions& t) {
    const bool of_method = train::find_method(t.method).regions;
    if (of_method && given.given("regions") && !t.regions)
        throw cli::UsageError("--no-regions: --method " + t.method +
                              " is learning from regions (--method clip is the same without)");
    if (!t.regions && !of_method) return;
    if (!given.given("augment")) t.augment = train::Augment::kNone;
    if (!given.given("resize-mode")) t.resize_mode = "longest";
    if (t.augment != train::Augment::kNone)
        throw cli::UsageError(
            "--augment: boxes of regions hold for the whole image, not for crops (--augment none)");
    if (t.flip > 0)
        throw cli::UsageError(
            "--flip: boxes and phrases of regions hold for the image as it is, not mirrored");
}

void set_crops(const cli::Options& given, TrainOptions& t) {
    if (t.augment == train::Augment::kStrong && !given.given("crop-scale")) t.crop_scale = 0.2;
    if (t.augment == train::Augment::kNone && (t.flip > 0 || t.exact_decode))
        throw cli::UsageError(
            "--flip and --exact-decode are of random crops, and --augment none makes none (it "
            "decodes every pixel anyway)");
}

}  // namespace

TrainOptions::TrainOptions() {
    errors.skip_bad = true;
    errors.max_errors = "1%";
    device.batch_size = 256;
}

cli::Tool train_tool(TrainOptions& t) {
    using cli::Kind;
    cli::Tool tool;
    tool.name = "train";
    tool.summary = "train language-image models on shards";
    tool.description = kDescription;
    tool.sections = {{"SETTINGS", kSettings},   {"IMAGES", kImages},         {"REGIONS", kRegions},
                     {"TOKENIZER", kTokenizer}, {"RECIPES", recipes_text()}, {"OUTPUT", kOutput},
                     {"RANKS", kRanks},         {"SIGNALS", kSignals}};
    tool.examples = {
        {"Sub-captions, four an image, a small model; then its curve.",
         "train --method dreamlip --arch demo --tokenizer tokenizer.model --data "
         "'shards/*.tar.zst' \\\n"
         "    --batch-size 16 --steps 4 --warmup 1 --texts-per-image 4 -o runs/one\n"
         "jq -r 'select(.type==\"train\")|[.step,.loss]|@tsv' runs/one/metrics.jsonl"},
        {"Llip: eight tokens an image, mixed anew for every text; the bias starts as a small batch "
         "needs it.",
         "train --method llip --set llip.mixture_tokens=8 --init-bias prior --arch demo \\\n"
         "    --tokenizer tokenizer.model --data 'shards/*.tar.zst' --batch-size 16 --steps 4 \\\n"
         "    --warmup 1 -o runs/llip"},
        {"CLOC: boxes and phrases in the records' regions beside the captions (the filter and the "
         "start "
         "that small runs need, see REGIONS); then where it sees a text in each image of a folder.",
         "train --method cloc --set cloc.filter_centred=true --set cloc.box_prior=roi --arch demo "
         "\\\n"
         "    --tokenizer tokenizer.model --data 'shards/*.tar.zst' --batch-size 16 --steps 4 \\\n"
         "    --warmup 1 -o runs/cloc\n"
         "ground -m runs/cloc --query 'a red circle' --min-score -1 --overlay-dir seen/ images/ |\n"
         "    jq -c '[.key, .regions[0].box]'"},
        {"The recipe with one setting changed; the others of its list stay.",
         "train --config llip-demo --set llip.heads=4 --print-config | grep '^set'"},
        {"The settings of a published run; options given beside win.",
         "train --config dreamlip-cc3m-b16 --print-config | grep batch-size"},
        {"A long run that a batch system may stop at any time.",
         "train --config runs/one/config.toml --resume -o runs/one"},
    };
    tool.see_also = "shard(1), checkpoint(1), zeroshot(1), retrieve(1), checkpoint(5), lip(7)";
    tool.resumes = true;
    tool.features = {tensor::torch_description(), !tensor::has_gloo()
                                                      ? "no ranks (built without Gloo)"
                                                  : tensor::has_nccl() ? "ranks over Gloo and NCCL"
                                                                       : "ranks over Gloo"};
    cli::Command command{
        "", "--data SHARDS --tokenizer FILE -o RUN [OPTION]...", tool.summary, {}, [&t] {
            return run_train(t);
        }};
    cli::Options& o = command.options;
    o.group("train");
    std::vector<std::string> names;
    for (const train::Method& method : train::methods()) names.emplace_back(method.name);
    o.choice("--method", t.method, names, "loss and defaults");
    o.add_repeated("--set", t.settings, "METHOD.KEY=VALUE",
                   "a setting of the method, beside those of --config: see SETTINGS")
        .merges_keys = true;
    o.add("--arch", t.arch, "NAME|FILE",
          "shape of the model: a name of open_clip's, demo, or a JSON file");
    o.add("--init", t.init, "CKPT",
          "start from the weights of a checkpoint or run, of the same --arch and --tokenizer; a "
          "warning names settings of Llip that differ");
    o.add("--init-bias", t.init_bias, "X|prior",
          "first bias of a sigmoid loss (siglip, llip), -100 to 100, by default -10; prior: "
          "-ln(batch size - 1), for batches below about 1,000 images");
    o.add("--tokenizer", t.tokenizer, "FILE", "SentencePiece model, CLIP vocabulary or folder");
    o.add_repeated("--data", t.data, "SHARDS[=WEIGHT]",
                   "training data: a shard, a folder, a manifest or a quoted pattern; its images "
                   "are seen WEIGHT times as often as those of weight 1");
    o.add("-o,--output", t.run_folder, "RUN", "folder of the run").in_config = false;
    o.flag("--resume", t.resume, "go on from the newest checkpoint in RUN; start if there is none")
        .in_config = false;
    o.add("--checkpoint-every", t.checkpoint_every, "N|TIME",
          "steps, or a duration such as 30m, between checkpoints");
    o.add("--keep", t.keep, Kind::kPlain, "N", "checkpoints that stay, the newest; 0: all");
    o.add("--log-every", t.log_every, Kind::kPlain, "N", "steps between lines of metrics.jsonl", 1);
    o.flag("--tensorboard", t.tensorboard, "figures for TensorBoard, too, in RUN/tensorboard");
    o.add("--rank-timeout", t.rank_timeout, Kind::kDuration, "TIME",
          "of several ranks, end when another has been silent this long: see RANKS", 1);
    o.choice("--rank-backend", t.rank_backend,
             {{"auto", tensor::Exchanger::kAuto},
              {"gloo", tensor::Exchanger::kGloo},
              {"nccl", tensor::Exchanger::kNccl}},
             "of several ranks, what carries tensors of CUDA devices; auto: NCCL where it can be, "
             "see RANKS");
    o.flag("--ring", t.ring,
           "of several ranks, with siglip and llip: texts go round, those of one rank at a time, "
           "rather than all to all; of one rank it changes nothing: see RANKS",
           true);
    o.add("--seed", t.seed, Kind::kPlain, "N", "of weights, order, crops and draws").environment =
        "LIP_SEED";
    add_length_and_optimiser(o, t);
    add_texts_and_images(o, t);
    o.group("regions");
    o.flag("--regions", t.regions,
           "also with methods other than cloc: learn from the boxes and phrases of the records; "
           "see REGIONS",
           true);
    add_released_code(o, t);
    // Here, so that --print-config and config.toml say what it comes to.
    o.after_parse([&t](const cli::Options& given) {
        set_released_code(given, t);
        set_regions(given, t);
        set_crops(given, t);
    });
    add_model(o, t.device, /*with_model=*/false);
    o.group("evaluation");
    o.add_repeated("--eval-data", t.eval_data, "INPUT",
                   "images with captions, as shards or records, on which checkpoints are measured");
    o.add("--image-root", t.eval_image_root, "DIR",
          "where relative image paths of --eval-data's records start. Default: the folder of the "
          "record file");
    o.add("--eval-every", t.eval_every, Kind::kPlain, "N",
          "every N-th checkpoint, and the last of the run", 1);
    o.add("--classes", t.eval_classes, "FILE",
          "with the accuracy among these classes: zeroshot(1)");
    o.add("--templates", t.eval_templates, "NAME|FILE", "around the names of the classes");
    o.group("bad samples");
    o.choice("--on-error", t.errors.skip_bad, {{"stop", false}, {"skip", true}},
             "a bad sample ends the run, or is replaced");
    o.add("--max-errors", t.errors.max_errors, "N|P%", "more bad samples than this fail");
    o.add("--rejects", t.errors.rejects, "FILE", "takes one JSON line a bad sample");
    add_common(o, t.common, "");
    o.locate_config(find_recipe);
    tool.commands.push_back(std::move(command));
    t.declared =
        &tool.commands.front().options;  // moves with the tool: its commands stay where they are
    return tool;
}

}  // namespace lip::cmd
