#!/usr/bin/env python3
"""Whole models as today's libraries save them, from files to vectors: one table.

    folders.py BIN

BIN is the folder of the tools. Every row is a small random model that transformers or torch saves, imported with
`checkpoint import` and run with `embed` on pictures and texts; beside it the same by the library. The last column is
the smallest cosine of our vectors with the library's, or the refusal. Exits with 1 if a cosine is under 0.999999 or a row
that must be refused is not. Needs torch, transformers, open_clip_torch, Pillow.
"""
import collections
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import numpy as np  # noqa: E402
import open_clip  # noqa: E402
import piece_tokenizers  # noqa: E402
import torch  # noqa: E402
import transformers  # noqa: E402
from flair_pooling import Pooling  # noqa: E402
from PIL import Image  # noqa: E402
from transformers import CLIPConfig, CLIPImageProcessor, CLIPModel, CLIPProcessor, CLIPTokenizer  # noqa: E402
from transformers.models.siglip.image_processing_pil_siglip import SiglipImageProcessorPil  # noqa: E402

LEAST = 0.999999
SIDE = 32
TEXTS = ["a dog", "two cats on a red bed", "hello world", "the sky is blue and the sea is green"]


class Refused(Exception):
    """What the tool says."""


def tool(tools, name, *arguments):
    done = subprocess.run([tools / name, *map(str, arguments)], capture_output=True, text=True, check=False)
    if done.returncode:
        raise Refused(done.stderr.strip().split("\n")[0])
    return done.stdout


def tokenizer(folder):
    """CLIP's kind with a small vocabulary: letters, and a few merges."""
    folder.mkdir(parents=True)
    shown = [*range(33, 127), *range(161, 173), *range(174, 256)]  # as GPT-2 shows bytes
    letters = [chr(c) for c in shown + [256 + i for i in range(256 - len(shown))]]
    merges = ["d o", "do g</w>", "c a", "ca t", "cat s</w>", "r e", "re d</w>", "t h", "th e</w>"]
    words = letters + [letter + "</w>" for letter in letters] + ["".join(merge.split(" ")) for merge in merges]
    vocabulary = {word: i for i, word in enumerate(dict.fromkeys(words))}
    for special in ("<|startoftext|>", "<|endoftext|>"):
        vocabulary[special] = len(vocabulary)
    (folder / "vocab.json").write_text(json.dumps(vocabulary))
    (folder / "merges.txt").write_text("#version: 0.2\n" + "\n".join(merges) + "\n")
    return CLIPTokenizer(str(folder / "vocab.json"), str(folder / "merges.txt"))


def new_model(words, vision=None, text=None):
    torch.manual_seed(3)
    config = CLIPConfig(projection_dim=24, vision_config={
        "hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 128,
        "image_size": SIDE, "patch_size": 8} | (vision or {}), text_config={
            "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64,
            "max_position_embeddings": 48, "vocab_size": len(words), "bos_token_id": len(words) - 2,
            "eos_token_id": len(words) - 1} | (text or {}))
    model = CLIPModel(config).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.05 * torch.randn_like(parameter))
    return model


def pictures(folder):
    rng = np.random.default_rng(1)
    folder.mkdir()
    names = []
    for width, height in ((57, 40), (41, 64), (32, 32), (90, 33)):
        small = Image.fromarray(rng.integers(0, 255, (6, 6, 3), dtype=np.uint8))
        small.resize((width, height), Image.Resampling.BICUBIC).save(folder / f"{width}x{height}.png")
        names.append(folder / f"{width}x{height}.png")
    return names


def read(tools, checkpoint, *arguments):
    lines = tool(tools, "embed", "-q", "--precision", "fp32", "-m", checkpoint, *arguments).splitlines()
    return np.array([json.loads(line)["embedding"] for line in lines])


def vectors(tools, checkpoint, names, texts):
    images = read(tools, checkpoint, *names)
    return images, read(tools, checkpoint, *[word for text in texts for word in ("--text", text)])


def unit(x):
    x = x if torch.is_tensor(x) else x.pooler_output
    return torch.nn.functional.normalize(x, dim=-1).detach().numpy()


class Row:
    """A model in a folder, with what changes it."""

    def __init__(self, work, number):
        self.folder = work / f"row{number}"
        self.words = tokenizer(self.folder)
        self.pixels = CLIPImageProcessor(size={"shortest_edge": SIDE}, crop_size={"height": SIDE, "width": SIDE})
        self.arguments = []
        self.texts = TEXTS
        self.given = None  # vectors of images for texts, of models where they are others for each
        self.source = self.folder

    def save(self, model, processor=False):
        self.model = model
        model.save_pretrained(self.folder)
        if processor:
            CLIPProcessor(self.pixels, self.words).save_pretrained(self.folder)
        else:
            self.pixels.save_pretrained(self.folder)
            self.words.save_pretrained(self.folder)

    def edit(self, name, **changes):
        path = self.folder / name
        path.write_text(json.dumps(json.loads(path.read_text()) | changes))

    def theirs(self, names):
        given = self.pixels([Image.open(name).convert("RGB") for name in names], return_tensors="pt")
        ids = self.words(self.texts, padding=True, return_tensors="pt")
        with torch.no_grad():
            return unit(self.model.get_image_features(**given)), unit(self.model.get_text_features(**ids))


def plain(row):
    """Folder of transformers 5 with preprocessor_config.json."""
    row.save(new_model(row.words))


def processor(row):
    """processor_config.json alone, own mean, filter (case 13)."""
    row.pixels = CLIPImageProcessor(size={"shortest_edge": SIDE}, crop_size={"height": SIDE, "width": SIDE},
                                    image_mean=[0.2, 0.3, 0.4], image_std=[0.5, 0.3, 0.2], resample=2)
    row.save(new_model(row.words), processor=True)
    (row.folder / "preprocessor_config.json").unlink(missing_ok=True)


def no_normalize(row):
    """do_normalize false (case 14)."""
    row.pixels = CLIPImageProcessor(size={"shortest_edge": SIDE}, crop_size={"height": SIDE, "width": SIDE},
                                    do_normalize=False)
    row.save(new_model(row.words))


def no_rescale(row):
    """do_rescale false (case 14)."""
    row.pixels = CLIPImageProcessor(size={"shortest_edge": SIDE}, crop_size={"height": SIDE, "width": SIDE},
                                    do_rescale=False, image_mean=[100.0, 110.0, 120.0], image_std=[50.0, 60.0, 70.0])
    row.save(new_model(row.words))


def other_factor(row):
    """rescale_factor 1/127.5 (case 14)."""
    row.pixels = CLIPImageProcessor(size={"shortest_edge": SIDE}, crop_size={"height": SIDE, "width": SIDE},
                                    rescale_factor=1 / 127.5, image_mean=[1.0] * 3, image_std=[0.5] * 3)
    row.save(new_model(row.words))


def squashed(row):
    """size of height and width, no crop."""
    row.pixels = CLIPImageProcessor(size={"height": SIDE, "width": SIDE}, do_center_crop=False)
    row.save(new_model(row.words))


def crop_of_more(row):
    """resize 40, crop 32: refused (case 14)."""
    row.pixels = CLIPImageProcessor(size={"shortest_edge": 40}, crop_size={"height": SIDE, "width": SIDE})
    row.save(new_model(row.words))


def unknown_key(row):
    """a key of pixels that is not known: refused."""
    row.save(new_model(row.words))
    row.edit("preprocessor_config.json", do_sharpen=True)


def two_activations(row):
    """gelu for texts, quick_gelu for images (case 18)."""
    row.save(new_model(row.words, vision={"hidden_act": "quick_gelu"}, text={"hidden_act": "gelu"}))


def old_end(row):
    """eos_token_id 2: the first highest id (case 20)."""
    row.save(new_model(row.words, text={"eos_token_id": 2}))


def not_divided(row):
    """image size no multiple of the patch (case 32)."""
    row.save(new_model(row.words, vision={"patch_size": 7}))


def bin_parts(row):
    """pytorch_model.bin.index.json (case 22)."""
    row.save(new_model(row.words))
    (row.folder / "model.safetensors").unlink()
    state = list(row.model.state_dict().items())
    parts = {"pytorch_model-00001-of-00002.bin": state[::2], "pytorch_model-00002-of-00002.bin": state[1::2]}
    for name, entries in parts.items():
        torch.save(dict(entries), row.folder / name)
    (row.folder / "pytorch_model.bin.index.json").write_text(json.dumps(
        {"metadata": {}, "weight_map": {key: name for name, entries in parts.items() for key, _ in entries}}))


def odd_types(row):
    """U16, U64 and F8 beside the weights: named as extra, then left out (case 25)."""
    row.save(new_model(row.words))
    from safetensors.torch import load_file, save_file
    state = load_file(row.folder / "model.safetensors")
    state |= {"a.u16": torch.zeros(3, dtype=torch.uint16), "a.u64": torch.zeros(3, dtype=torch.uint64),
              "a.f8": torch.zeros(3, dtype=torch.float8_e4m3fn)}
    save_file(state, row.folder / "model.safetensors", metadata={"format": "pt"})
    row.arguments = ["--drop-extra"]


def extra_tensor(row):
    """a tensor without a place: refused."""
    odd_types(row)
    row.arguments = []


def pickle_row(wrap, prefix=""):
    def make(row):
        row.save(new_model(row.words))
        state = {prefix + key: value for key, value in row.model.state_dict().items()}
        (row.folder / "model.safetensors").unlink()
        torch.save(wrap(state), row.folder / "pytorch_model.bin")
    return make


def odd_values(state):
    return {"loss": np.float64(1.5), "size": torch.Size([3, 4]), "device": torch.device("cpu"), "type": torch.float32,
            "set": {1, 2}, "big": 1 << 70, "array": np.arange(3), "counter": collections.Counter("ab"),
            "default": collections.defaultdict(list), "state_dict": state}


def pointer(row):
    """a git-lfs pointer for weights: refused."""
    row.save(new_model(row.words))
    (row.folder / "model.safetensors").write_text(
        "version https://git-lfs.github.com/spec/v1\noid sha256:0123\nsize 605156676\n")


def config_dicts(row):
    """text_config_dict and vision_config_dict, which win."""
    row.save(new_model(row.words))
    config = json.loads((row.folder / "config.json").read_text())
    for tower in ("vision_config", "text_config"):
        config[tower + "_dict"] = config[tower] | {"hidden_act": "gelu"}
    (row.folder / "config.json").write_text(json.dumps(config))
    row.model = CLIPModel.from_pretrained(row.folder).eval()


SMALL = {"embed_dim": 24, "vision_cfg": {"image_size": SIDE, "layers": 2, "width": 64, "head_width": 32, "patch_size": 8},
         "text_cfg": {"context_length": 48, "vocab_size": 49408, "width": 64, "heads": 1, "layers": 2}}


def open_clip_model():
    torch.manual_seed(4)
    model = open_clip.CLIP(**SMALL).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.05 * torch.randn_like(parameter))
    return model


def use_open_clip(row, model):
    """The row's vectors are open_clip's: its pixels, its tokenizer."""
    transform = open_clip.image_transform(SIDE, is_train=False)
    words = open_clip.SimpleTokenizer(context_length=48)

    def theirs(names):
        given = torch.stack([transform(Image.open(name).convert("RGB")) for name in names])
        with torch.no_grad():
            return unit(model.encode_image(given)), unit(model.encode_text(words(row.texts)))
    row.theirs = theirs


def hub_folder(row):
    """hub folder of open_clip with Hugging Face's tokenizer files (cases 27, 28)."""
    row.texts = ["a \u201ccurly\u201d dog", "cats &amp; dogs", "the \ufb01rst of\u00a0many", "hello <end_of_text> cat"]
    model = open_clip_model()
    use_open_clip(row, model)
    shutil.rmtree(row.folder)
    row.folder.mkdir()
    words = open_clip.SimpleTokenizer()
    names = {"<start_of_text>": "<|startoftext|>", "<end_of_text>": "<|endoftext|>"}
    (row.folder / "vocab.json").write_text(json.dumps({names.get(word, word): i for word, i in words.encoder.items()}))
    merges = sorted(words.bpe_ranks, key=words.bpe_ranks.get)
    (row.folder / "merges.txt").write_text("#version: 0.2\n" + "\n".join(" ".join(pair) for pair in merges) + "\n")
    CLIPTokenizer(str(row.folder / "vocab.json"), str(row.folder / "merges.txt")).save_pretrained(row.folder)
    (row.folder / "open_clip_config.json").write_text(json.dumps({"model_cfg": SMALL, "preprocess_cfg": {
        "mean": open_clip.OPENAI_DATASET_MEAN, "std": open_clip.OPENAI_DATASET_STD}}))
    torch.save(model.state_dict(), row.folder / "open_clip_pytorch_model.bin")


def bare(row, state, *arguments):
    hub_folder(row)
    (row.folder / "arch.json").write_text(json.dumps(SMALL))
    shutil.copy(pathlib.Path(open_clip.__file__).parent / "bpe_simple_vocab_16e6.txt.gz", row.folder)
    row.source = row.folder / "weights.pt"
    torch.save(state, row.source)
    row.arguments = [*arguments, "--tokenizer", row.folder / "bpe_simple_vocab_16e6.txt.gz"]


def compiled(row):
    """a training run, compiled and distributed, of open_clip (case 1)."""
    model = open_clip_model()
    wrapped = {"module." + key: value for key, value in torch.compile(model).state_dict().items()}
    bare(row, {"epoch": 3, "state_dict": wrapped}, "--arch", row.folder / "arch.json")


class Scripted(torch.nn.Module):
    """A tree of parameters, as a program of TorchScript keeps them."""

    def __init__(self, tree):
        super().__init__()
        for name, value in tree.items():
            if isinstance(value, dict):
                self.add_module(name, Scripted(value))
            else:
                self.register_parameter(name, torch.nn.Parameter(value))

    def forward(self, x):
        return x


def openai(row):
    """OpenAI's TorchScript archive, without --arch (case 5)."""
    config = SMALL | {"vision_cfg": SMALL["vision_cfg"] | {"head_width": 64}}  # always, there
    model = open_clip.CLIP(**config, quick_gelu=True).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.05 * torch.randn_like(parameter))
    tree = {}
    for name, value in model.state_dict().items():
        *parents, last = name.split(".")
        at = tree
        for parent in parents:
            at = at.setdefault(parent, {})
        at[last] = value
    scripted = Scripted(tree)
    for name, value in (("input_resolution", SIDE), ("context_length", 48), ("vocab_size", 49408)):
        scripted.register_buffer(name, torch.tensor(value))
    bare(row, {})
    torch.jit.script(scripted).save(str(row.source))
    use_open_clip(row, model)


def long_clip(row):
    """Long-CLIP's two tables of positions (case 7)."""
    model = open_clip_model()
    state = dict(model.state_dict())
    state["positional_embedding_res"] = torch.randn(48, 64) * 0.05
    bare(row, state, "--arch", row.folder / "arch.json")
    with torch.no_grad():
        model.positional_embedding[20:] = state["positional_embedding_res"][20:]
    use_open_clip(row, model)
    row.texts = ["word " * 40, "a dog", "a b c d e f g h i j k l m n o p q r s t u v w x y z", "cat " * 21]


def sequence_model(config):
    """A model of transformers with random weights, and its pixels at 32."""
    torch.manual_seed(5)
    model = transformers.AutoModel.from_config(config).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.05 * torch.randn_like(parameter))
    return model


LONG_TEXTS = [*TEXTS, "A VERY old dog, asleep!", "\u4e00\u53ea caf\u00e9 \U0001f600", "the cat " * 60]
VISION = {"hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 128, "image_size": SIDE,
          "patch_size": 8}


def siglip2(row):
    """SigLIP 2 of a fixed size, Gemma's tokenizer.json (case 33)."""
    shutil.rmtree(row.folder)
    row.folder.mkdir()
    words, _ = piece_tokenizers.gemma(row.folder)
    config = transformers.SiglipConfig(vision_config=VISION, text_config={
        "hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 128, "vocab_size": 2500,
        "max_position_embeddings": 16, "pad_token_id": 0, "bos_token_id": 2, "eos_token_id": 1})
    row.pixels = SiglipImageProcessorPil(size={"height": SIDE, "width": SIDE})
    row.words, row.texts = words, LONG_TEXTS
    row.save(sequence_model(config))

    def theirs(names):
        given = row.pixels([Image.open(name).convert("RGB") for name in names], return_tensors="pt")
        ids = words(row.texts, padding="max_length", max_length=16, truncation=True, return_tensors="pt")["input_ids"]
        with torch.no_grad():
            return unit(row.model.get_image_features(**given)), unit(row.model.get_text_features(input_ids=ids))
    row.theirs = theirs


def metaclip2(row):
    """MetaCLIP 2 of transformers, XLM-R's tokenizer.json."""
    shutil.rmtree(row.folder)
    row.folder.mkdir()
    row.words, _ = piece_tokenizers.xlm_roberta(row.folder)
    row.texts = LONG_TEXTS
    config = transformers.MetaClip2Config(projection_dim=24, vision_config=VISION, text_config={
        "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64, "vocab_size": 2000,
        "max_position_embeddings": 16, "bos_token_id": 0, "pad_token_id": 1, "eos_token_id": 2})
    row.save(sequence_model(config))

    def theirs(names):
        given = row.pixels([Image.open(name).convert("RGB") for name in names], return_tensors="pt")
        ids = row.words(row.texts, padding=True, max_length=16, truncation=True, return_tensors="pt")["input_ids"]
        with torch.no_grad():
            return unit(row.model.get_image_features(**given)), unit(row.model.get_text_features(input_ids=ids))
    row.theirs = theirs


def open_clip_pieces(row, config, clean, **kwargs):
    """An open_clip folder with a tokenizer of transformers beside it."""
    shutil.rmtree(row.folder)
    row.folder.mkdir()
    make = piece_tokenizers.gemma if "timm_model_name" in config["vision_cfg"] else piece_tokenizers.xlm_roberta
    make(row.folder)
    for file in (row.folder / "saved").iterdir():
        shutil.copy(file, row.folder)
    torch.manual_seed(6)
    kind = open_clip.CustomTextCLIP if "timm_model_name" in config["vision_cfg"] else open_clip.CLIP
    model = kind(**config, **kwargs).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.02 * torch.randn_like(parameter))
    text = config["text_cfg"] | {"hf_tokenizer_name": "somebody/tokenizer"}
    if clean:
        text["tokenizer_kwargs"] = {"clean": clean}
    preprocess = {"mean": [0.5] * 3, "std": [0.5] * 3, "interpolation": "bicubic", "resize_mode": "squash"}
    (row.folder / "open_clip_config.json").write_text(json.dumps(
        {"model_cfg": config | {"text_cfg": text} | kwargs, "preprocess_cfg": preprocess}))
    torch.save(model.state_dict(), row.folder / "open_clip_pytorch_model.bin")
    row.texts = [*LONG_TEXTS, "cats_and  dogs &amp; \u201cbirds\u201d"]
    side = 256 if "timm_model_name" in config["vision_cfg"] else SIDE
    transform = open_clip.image_transform(side, is_train=False, mean=(0.5,) * 3, std=(0.5,) * 3, resize_mode="squash")
    words = open_clip.tokenizer.HFTokenizer(str(row.folder / "saved"), context_length=text["context_length"],
                                            **({"clean": clean} if clean else {}))

    def theirs(names):
        given = torch.stack([transform(Image.open(name).convert("RGB")) for name in names])
        with torch.no_grad():
            return unit(model.encode_image(given)), unit(model.encode_text(words(row.texts)))
    row.theirs = theirs


def open_clip_siglip2(row):
    """SigLIP 2 of open_clip: a tower of timm, Gemma's tokenizer, clean canonicalize."""
    open_clip_pieces(row, {"embed_dim": 768, "vision_cfg": {
        "image_size": 256, "timm_model_name": "vit_base_patch32_siglip_256", "timm_model_pretrained": False, "timm_pool": "map",
        "timm_proj": "none"}, "text_cfg": {
            "context_length": 16, "vocab_size": 2500, "width": 768, "heads": 12, "layers": 1, "no_causal_mask": True,
            "proj_bias": True, "pool_type": "last", "norm_kwargs": {"eps": 1e-6}, "act_kwargs": {"approximate": "tanh"}}},
        "canonicalize", init_logit_bias=-10)


def open_clip_worldwide(row):
    """MetaCLIP 2 of open_clip: XLM-R's tokenizer, open_clip's cleaning without lower case."""
    open_clip_pieces(row, SMALL | {"text_cfg": SMALL["text_cfg"] | {
        "context_length": 16, "vocab_size": 2000, "pool_type": "eos", "eos_id": 2}}, None)


def fill_colour(row):
    """fill_color with resize_mode longest (case 62)."""
    hub_folder(row)
    row.edit("open_clip_config.json", preprocess_cfg={
        "mean": open_clip.OPENAI_DATASET_MEAN, "std": open_clip.OPENAI_DATASET_STD, "resize_mode": "longest", "fill_color": 127})
    theirs, transform = row.theirs, open_clip.image_transform(SIDE, is_train=False, resize_mode="longest", fill_color=127)
    model = open_clip_model()

    def filled(names):
        given = torch.stack([transform(Image.open(name).convert("RGB")) for name in names])
        with torch.no_grad():
            return unit(model.encode_image(given)), theirs(names)[1]
    row.theirs = filled


def cosmos(row):
    """COSMOS: student and teacher, heads of the training beside CLIP."""
    model, state = open_clip_model(), {}
    for name, shape in (("visual.attn_cross_pool.attn.in_proj_weight", (72, 24)), ("text_attn_cross_pool.ln_q.weight", (64,)),
                        ("image_token_mapping.weight", (24, 64)), ("text_token_mapping.bias", (24,))):
        state[name] = torch.randn(shape)
    state |= {"distill_logit_scale": torch.tensor(1.0)} | dict(model.state_dict())
    bare(row, {"epoch": 3, "student": {"module." + key: value for key, value in state.items()},
               "teacher": {key: value + 1 for key, value in state.items()}}, "--arch", row.folder / "arch.json")
    use_open_clip(row, model)


def dreamlip(row):
    """DreamLIP: open_clip's names, a classifier of nouns beside."""
    model = open_clip_model()
    state = {"module." + key: value for key, value in model.state_dict().items()}
    bare(row, {"epoch": 32, "name": "x", "state_dict": state | {"module.multi_classifier.W": torch.randn(1, 10, 24)}},
         "--arch", row.folder / "arch.json")
    use_open_clip(row, model)


def flair(row):
    """FLAIR: its global vectors, and those that a text asks for."""
    model = open_clip_model()
    pooling = Pooling(24).eval()
    with torch.no_grad():
        for parameter in pooling.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    state = dict(model.state_dict())
    state["image_post.proj"], state["text_post.proj"] = state.pop("visual.proj"), state.pop("text_projection")
    state |= {"visual_proj." + name: value for name, value in pooling.state_dict().items()}
    state["logit_bias"] = torch.tensor(-10.0)
    bare(row, {"state_dict": {"module." + name: value for name, value in state.items()}}, "--arch", row.folder / "arch.json")
    use_open_clip(row, model)
    transform, words = open_clip.image_transform(SIDE, is_train=False), open_clip.SimpleTokenizer(context_length=48)

    def given(names):
        """[images, texts, width]"""
        model.visual.output_tokens = True
        with torch.no_grad():
            patches = model.visual(torch.stack([transform(Image.open(name).convert("RGB")) for name in names]))[1]
            patches = patches @ model.visual.proj
            text = model.encode_text(words(row.texts)).expand(len(names), -1, -1)
            model.visual.output_tokens = False
            return unit(pooling(text, patches))
    row.given = given


def fg_clip(row, long_text=False):
    """FG-CLIP, short texts."""
    row.save(new_model(row.words))
    from safetensors.torch import load_file, save_file
    state, width = load_file(row.folder / "model.safetensors"), 32
    extra = {"text_model.embeddings.position_embedding_ori.weight": torch.randn(124, width) * 0.05,
             "text_model.embeddings.position_embedding_res.weight": torch.randn(124, width) * 0.05,
             "text_filip_projection.weight": torch.randn(24, width) * 0.05, "logit_scale_finegraind": torch.tensor(1.0),
             "logit_scale_hardneg": torch.tensor(1.0)}
    save_file(state | extra, row.folder / "model.safetensors", metadata={"format": "pt"})
    row.pixels = CLIPImageProcessor(size={"height": SIDE, "width": SIDE}, do_center_crop=False)
    if not long_text:
        return
    row.arguments, row.texts = ["--long-text"], ["do " * 40, "a dog", "a b c d e f g h i j k l m n o p q r s t u v w"]
    with torch.no_grad():
        tables = [value for key, value in extra.items() if "position" in key]
        embedding = torch.nn.Embedding(124, width)
        embedding.weight.copy_(torch.cat([tables[0][:20], tables[1][20:]]))
        embeddings = row.model.text_model.embeddings
        embeddings.position_embedding, embeddings.position_ids = embedding, torch.arange(124)[None]
        row.model.text_projection.weight.copy_(extra["text_filip_projection.weight"])


def fg_clip_long(row):
    """FG-CLIP with --long-text."""
    fg_clip(row, long_text=True)


def naflex(row):
    """SigLIP 2 for images of any shape: refused."""
    row.save(new_model(row.words))
    row.edit("config.json", model_type="siglip2")


def no_averages(row):
    """--ema without averages: refused."""
    bare(row, {"state_dict": open_clip_model().state_dict()}, "--arch", row.folder / "arch.json", "--ema")


WRAPPED = [(f"names behind {prefix} (case 1)", pickle_row(dict, prefix))
           for prefix in ("_orig_mod.", "module._orig_mod.", "_orig_mod.module.", "model.")]
ROWS = [(make.__doc__.rstrip("."), make) for make in
        (plain, processor, no_normalize, no_rescale, other_factor, squashed, config_dicts, two_activations, old_end,
         not_divided, bin_parts, odd_types, hub_folder, compiled, openai, long_clip, fill_colour, siglip2,
         open_clip_siglip2, metaclip2, open_clip_worldwide, fg_clip, fg_clip_long, flair, cosmos, dreamlip)]
ROWS += WRAPPED + [("a checkpoint with values of all kinds (case 4)", pickle_row(odd_values))]
REFUSALS = [(make.__doc__.split(":")[0], make) for make in (crop_of_more, unknown_key, extra_tensor, pointer, no_averages,
                                                                naflex)]


def main():
    transformers.logging.set_verbosity_error()
    tools, failed = pathlib.Path(sys.argv[1]).resolve(), 0
    with tempfile.TemporaryDirectory() as temporary:
        work = pathlib.Path(temporary)
        names = pictures(work / "pictures")
        for number, (title, make) in enumerate(ROWS + REFUSALS):
            row, refusal = Row(work, number), number >= len(ROWS)
            make(row)
            try:
                tool(tools, "checkpoint", "import", "-q", *row.arguments, row.source, "-o", work / "ckpt")
                ours = vectors(tools, work / "ckpt", names, row.texts)
                pairs = list(zip(ours, row.theirs(names)))
                if row.given:
                    asking = [word for text in row.texts for word in ("--given", text)]
                    pairs.append((read(tools, work / "ckpt", *asking, *names).reshape(len(names), len(row.texts), -1),
                                  row.given(names)))
                least = min(float((a * b).sum(-1).min()) for a, b in pairs)
                good, said = least >= LEAST and not refusal, f"cosine {least:.6f}"
            except Refused as why:
                good, said = refusal, "refused: " + str(why).replace(str(work), "")
            failed += not good
            print(f"{'ok' if good else 'OVER'}  {title:64} {said}", flush=True)
            shutil.rmtree(work / "ckpt", ignore_errors=True)
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
