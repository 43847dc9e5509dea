#!/usr/bin/env python3
"""Compares models with open_clip's and Hugging Face's on the same pixels and ids, both ways.

    models.py BIN PROBE [NAME...]

BIN is the folder of the tools, PROBE the program built from models_probe.cpp. Models have random
weights: nothing is downloaded. A line for each: the largest difference of image and text features
(unit vectors, fp32), and of Hugging Face's the patches of the last block but one (embed --layer -2). Exits with 1 if one is over 1e-4. Needs torch, torchvision, open_clip_torch,
timm, transformers, safetensors.
"""
import json
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import open_clip
import torch
from transformers import CLIPConfig, CLIPModel, SiglipConfig, SiglipModel

LIMIT = 1e-4
OPEN_CLIP = ["ViT-S-16-alt", "ViT-B-32", "ViT-B-16-quickgelu", "ViT-M-16-alt", "ViT-B-16-SigLIP", "ViT-B-16-SigLIP2"]
worst_of_all = 0.0


def disturb(model, seed):
    """Norms, biases and scales begin as ones and zeros: a wrong one would not show."""
    torch.manual_seed(seed)
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.dim() <= 1:
                parameter.add_(0.1 * torch.randn_like(parameter))
    return model.eval()


def inputs(size, vocabulary, length, padded):
    rng = np.random.default_rng(5)
    pixels = rng.standard_normal((3, 3, size, size)).astype(np.float32)
    texts = []
    for n in (3, length // 2, length):
        ids = rng.integers(3, vocabulary - 1, n)
        ids[-1] = vocabulary - 1  # the end token is the highest
        texts.append(ids.tolist())
    filled = [t + [padded] * (length - len(t)) for t in texts]
    return pixels, texts, torch.tensor(filled)


def ours(probe, checkpoint, pixels, texts, folder):
    np.save(folder / "pixels.npy", pixels)
    (folder / "texts.json").write_text(json.dumps(texts))
    subprocess.run([probe, checkpoint, folder / "pixels.npy", folder / "texts.json", folder / "out.safetensors"],
                   check=True)
    from safetensors.numpy import load_file
    out = load_file(folder / "out.safetensors")
    ours.block = out["block"]
    return out["images"], out["texts"]


def unit(x):
    return torch.nn.functional.normalize(x, dim=-1).detach().numpy()


def report(name, theirs, mine):
    global worst_of_all
    worst = [float(np.abs(a - b).max()) for a, b in zip(theirs, mine)]
    worst_of_all = max(worst_of_all, *worst)
    print(f"{name:44} " + "  ".join(f"{what} {x:.1e}" for what, x in zip(("images", "texts"), worst)), flush=True)


def tool(tools, *arguments):
    subprocess.run([tools / "checkpoint", *arguments], check=True)


# Attention pooling of CoCa's image tower, in models of our own: width other than embed_dim and the same, both ways
# to pool, queries and heads other than usual.
POOLED = {
    "attentional_pool": {},
    "attentional_pool, avg": {"pool_type": "avg", "attn_pooler_queries": 7, "attn_pooler_heads": 4},
    "attentional_pool, one width": {"width": 64, "norm_kwargs": {"eps": 1e-3}},
}


def config_of(name):
    if name not in POOLED:
        return open_clip.get_model_config(name)
    vision = {"image_size": 64, "layers": 2, "width": 96, "head_width": 32, "patch_size": 16, "attentional_pool": True}
    text = {"context_length": 20, "vocab_size": 300, "width": 64, "heads": 2, "layers": 2}
    return {"embed_dim": 64, "vision_cfg": vision | POOLED[name], "text_cfg": text}


def new_open_clip(name):
    if name not in POOLED:
        return open_clip.create_model(name, pretrained=None, load_weights=False)
    return open_clip.CLIP(**config_of(name))


def check_open_clip(tools, probe, name, folder):
    model = disturb(new_open_clip(name), 1)
    config = config_of(name)
    size, text = config["vision_cfg"]["image_size"], config["text_cfg"]
    source = folder / "source"
    source.mkdir()
    preprocess = {"mean": [0.5] * 3, "std": [0.5] * 3, "interpolation": "bicubic", "resize_mode": "squash"}
    (source / "open_clip_config.json").write_text(json.dumps({"model_cfg": config, "preprocess_cfg": preprocess}))
    from safetensors.torch import save_file
    save_file({k: v.contiguous() for k, v in model.state_dict().items()}, source / "open_clip_model.safetensors")
    tool(tools, "import", "-q", source, "--tokenizer", folder.parent / "t.model", "-o", folder / "ckpt")
    padded = 1 if text.get("pool_type") == "last" else 0  # SigLIP's tokenizer fills with </s>
    pixels, texts, filled = inputs(size, text["vocab_size"], text["context_length"], padded)
    if text.get("pool_type") == "last":  # every text is full: what stands behind its end counts
        filled = torch.tensor([t + [padded] * (text["context_length"] - len(t)) for t in texts])
    with torch.no_grad():
        theirs = unit(model.encode_image(torch.from_numpy(pixels))), unit(model.encode_text(filled))
    report(f"open_clip {name}", theirs, ours(probe, folder / "ckpt", pixels, texts, folder))
    # The way back: open_clip opens what we write.
    tool(tools, "export", "-q", folder / "ckpt", "-o", folder / "back")
    again, _, _ = open_clip.create_model_and_transforms(f"local-dir:{folder / 'back'}")
    again.eval()
    with torch.no_grad():
        back = unit(again.encode_image(torch.from_numpy(pixels))), unit(again.encode_text(filled))
    report(f"  exported, opened by open_clip", theirs, back)
    tool(tools, "export", "-q", "--format", "pt", folder / "ckpt", "-o", folder / "weights.pt")
    again = new_open_clip(name)
    again.load_state_dict(torch.load(folder / "weights.pt", weights_only=True), strict=True)
    again.eval()
    with torch.no_grad():
        back = unit(again.encode_image(torch.from_numpy(pixels))), unit(again.encode_text(filled))
    report("  exported as .pt", theirs, back)
    # A .pt of a training run, "module." in front.
    plain = {"ViT-S-16-alt", "ViT-B-32", "ViT-B-16-quickgelu"}
    if name in plain:
        torch.save({"epoch": 3, "name": "run", "state_dict": {"module." + k: v for k, v in model.state_dict().items()},
                    "optimizer": {"state": {}, "param_groups": [{"lr": 1e-3, "betas": (0.9, 0.98)}]}}, folder / "run.pt")
        tool(tools, "import", "-q", folder / "run.pt", "--arch", name, "--tokenizer", folder.parent / "t.model",
             "-o", folder / "pt.ckpt")
        report("  from a .pt", theirs, ours(probe, folder / "pt.ckpt", pixels, texts, folder))


def check_hf(tools, probe, name, folder):
    tower = dict(hidden_size=96, num_hidden_layers=3, num_attention_heads=3, intermediate_size=200)
    text, vision = dict(tower, vocab_size=500), dict(tower, image_size=64, patch_size=16)
    if name == "CLIPModel":
        text["eos_token_id"] = 499
        text["bos_token_id"] = 1
        model = CLIPModel(CLIPConfig(text_config=text, vision_config=vision, projection_dim=48))
        length = 77
    else:
        model = SiglipModel(SiglipConfig(text_config=text, vision_config=vision))
        length = 64
    disturb(model, 2).save_pretrained(folder / "source")
    tool(tools, "import", "-q", folder / "source", "--tokenizer", folder.parent / "t.model", "-o", folder / "ckpt")
    pixels, texts, filled = inputs(64, 500, length, 1)

    def features(m):
        with torch.no_grad():
            image, words = m.get_image_features(torch.from_numpy(pixels)), m.get_text_features(filled)
        take = lambda x: getattr(x, "pooler_output", x)
        return unit(take(image)), unit(take(words))

    theirs = features(model)
    report(f"Hugging Face {name}", theirs, ours(probe, folder / "ckpt", pixels, texts, folder))
    with torch.no_grad():
        states = model.vision_model(torch.from_numpy(pixels), output_hidden_states=True).hidden_states
    first = 1 if name == "CLIPModel" else 0  # behind the class token
    block = states[-2][:, first:].numpy()
    report("  patches of the last block but one", (block,), (ours.block,))
    tool(tools, "export", "-q", "--format", "hf", folder / "ckpt", "-o", folder / "back")
    report("  exported, opened by transformers", theirs, features(type(model).from_pretrained(folder / "back").eval()))


# Shape of a model that both libraries have: class token, norm before the blocks.
SMALL = {"embed_dim": 32, "vision_cfg": {"image_size": 32, "layers": 2, "width": 64, "head_width": 32, "patch_size": 8},
         "text_cfg": {"context_length": 16, "vocab_size": 100, "width": 64, "heads": 2, "layers": 2}}


def check_trained(tools, probe, name, folder):
    """A run of train, with a tokenizer as train(1) makes it, in both libraries."""
    from PIL import Image
    method = name.removeprefix("trained ")
    rng = np.random.default_rng(2)
    lines = []
    for i in range(8):
        Image.fromarray(rng.integers(0, 256, (40, 40, 3), dtype=np.uint8)).save(folder / f"{i}.png")
        lines.append(json.dumps({"key": str(i), "image": f"{i}.png",
                                 "captions": [{"text": f"a dog {i} runs", "source": "s", "form": "short"}]}))
    (folder / "records.jsonl").write_text("\n".join(lines) + "\n")
    (folder / "arch.json").write_text(json.dumps(SMALL))
    subprocess.run(["spm_train", f"--input={folder.parent / 'text'}", f"--model_prefix={folder / 'tok'}",
                    "--model_type=bpe", "--vocab_size=60", "--pad_id=0", "--unk_id=1", "--bos_id=2", "--eos_id=3",
                    "--hard_vocab_limit=false"], check=True, capture_output=True)
    subprocess.run([tools / "shard", "-q", "-o", folder / "s", folder / "records.jsonl"], check=True, capture_output=True)
    more = ["--set", "dreamlip.local_scale=separate"] if method == "dreamlip" else []
    subprocess.run([tools / "train", "-q", "--method", method, "--arch", folder / "arch.json", "--tokenizer",
                    folder / "tok.model", "--data", folder / "s-000000.tar.zst", "--batch-size", "8", "--steps", "3",
                    "--warmup", "1", "--lr", "1e-2", "-o", folder / "run", *more], check=True, capture_output=True)
    vocabulary = json.loads((folder / "run" / "latest" / "config.json").read_text())["model_cfg"]["text_cfg"]["vocab_size"]
    pixels, _, _ = inputs(32, vocabulary, 16, 0)
    texts = [[2, *rng.integers(4, vocabulary, n).tolist(), 3] for n in (2, 7, 14)]
    filled = torch.tensor([t + [0] * (16 - len(t)) for t in texts])
    mine = ours(probe, folder / "run" / "latest", pixels, texts, folder)
    tool(tools, "export", "-q", "--drop-extra", folder / "run", "-o", folder / "oc")
    model, _, _ = open_clip.create_model_and_transforms(f"local-dir:{folder / 'oc'}")
    model.eval()
    with torch.no_grad():
        theirs = unit(model.encode_image(torch.from_numpy(pixels))), unit(model.encode_text(filled))
    report(f"{name}, opened by open_clip", theirs, mine)
    tool(tools, "export", "-q", "--drop-extra", "--format", "hf", folder / "run", "-o", folder / "hf")
    model = CLIPModel.from_pretrained(folder / "hf").eval()
    with torch.no_grad():
        image = model.vision_model(torch.from_numpy(pixels)).pooler_output
        text = model.text_model(filled).pooler_output
        theirs = unit(model.visual_projection(image)), unit(model.text_projection(text))
    report("  opened by transformers", theirs, mine)


def main():
    tools, probe = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()
    names = sys.argv[3:] or OPEN_CLIP + list(POOLED) + ["CLIPModel", "SiglipModel"] + [f"trained {m}" for m in ("clip", "siglip", "dreamlip")]
    with tempfile.TemporaryDirectory() as temporary:
        root = pathlib.Path(temporary)
        (root / "text").write_text("".join(f"a dog {i} runs on the green grass\n" for i in range(60)))
        subprocess.run(["spm_train", f"--input={root / 'text'}", f"--model_prefix={root / 't'}", "--vocab_size=60",
                        "--hard_vocab_limit=false"], check=True, capture_output=True)
        for i, name in enumerate(names):
            folder = root / str(i)
            folder.mkdir()
            check = check_trained if name.startswith("trained ") else \
                check_hf if name in ("CLIPModel", "SiglipModel") else check_open_clip
            check(tools, probe, name, folder)
    print(f"largest difference {worst_of_all:.1e}, limit {LIMIT:.0e}")
    sys.exit(worst_of_all > LIMIT)


if __name__ == "__main__":
    main()
