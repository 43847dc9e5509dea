#!/usr/bin/env python3
"""Does `train` learn as others do? Sixty steps of open_clip's own classes with PyTorch's AdamW, from equal weights, on the same
images, crops, texts and draws, beside those of `train`: loss and gradient norm of every step.

    training.py BIN BATCHES_PROBE SHARDS TOKENIZER

The losses are written as the papers have them, whole matrices in autograd; FLAIR's pooling is PyTorch's MultiheadAttention, and
Llip's tokens go through open_clip's blocks behind the patches. Exits with 1 if a loss or a norm is off by more than 1e-4 of its
size. (At rates of 1e-3 so small a model makes 1e-2 of the rounding within thirty steps, whoever trains it.)
"""
import json
import math
import pathlib
import subprocess
import sys
import tempfile

import open_clip
import torch
from flair_pooling import Pooling
from safetensors.torch import load_file
from torch.nn import functional as F

STEPS, BATCH, WARMUP, RATE, DECAY = 60, 32, 10, 2e-4, 0.2
LIMIT, TOKENS, HEADS, TAU = 1e-4, 4, 8, 5  # the latter of Llip
SMALL = {"embed_dim": 48, "vision_cfg": {"image_size": 48, "patch_size": 8, "layers": 2, "width": 64, "head_width": 16},
         "text_cfg": {"context_length": 32, "vocab_size": 1000, "layers": 2, "width": 64, "heads": 2}}
MEAN, STD = ([0.48145466, 0.4578275, 0.40821073], [0.26862954, 0.26130258, 0.27577711])
METHODS = {  # texts an image, and options of train
    "clip": (1, []),
    "siglip": (1, ["--init-bias", "prior"]),
    "dreamlip": (3, ["--set", "dreamlip.local_weight=0"]),
    "dreamlip + local": (3, ["--set", "dreamlip.local_weight=0.5", "--set", "dreamlip.local_scale=20"]),
    "llip": (3, ["--init-bias", "prior", "--set", f"llip.mixture_tokens={TOKENS}"]),
    "flair": (3, ["--init-bias", "prior"]),
    "flair, all negatives": (3, ["--init-bias", "prior", "--set", "flair.negatives=all"]),
}


def unit(x):
    return F.normalize(x, dim=-1)


class Model(torch.nn.Module):
    """open_clip's CLIP, whose texts end where they end rather than at the highest id, and what methods add."""

    def __init__(self, method, weights):
        super().__init__()
        self.clip = open_clip.CLIP(**SMALL)
        self.clip.visual.output_tokens = True
        own = {name: value for name, value in weights.items() if not name.startswith(("readout.", "logit_bias", "visual.mixture"))}
        if method == "llip":  # no class token, whose place has no position
            self.positions = torch.nn.Parameter(own.pop("visual.positional_embedding").clone())
            self.mixture = torch.nn.Parameter(weights["visual.mixture_tokens"].clone())
            self.asked = torch.nn.ParameterDict({part: weights[f"readout.{part}.weight"].clone()
                                                 for part in ("query", "key", "value", "output")})
        self.clip.load_state_dict(own, strict=False)
        if "logit_bias" in weights:
            self.logit_bias = torch.nn.Parameter(weights["logit_bias"].clone())
        if method.startswith("flair"):
            self.pooling = Pooling(SMALL["embed_dim"])
            attn, parts = self.pooling.attn, ("query", "key", "value")
            with torch.no_grad():
                for kind, joint in (("weight", attn.in_proj_weight), ("bias", attn.in_proj_bias)):
                    joint.copy_(torch.cat([weights[f"readout.{part}.{kind}"] for part in parts]))
                    attn.out_proj.get_parameter(kind).copy_(weights[f"readout.output.{kind}"])

    @staticmethod
    def normalised(pixels):
        mean, std = (torch.tensor(values).view(1, 3, 1, 1) for values in (MEAN, STD))
        return (pixels.float() / 255 - mean) / std

    def images(self, pixels):
        pooled, patches = self.clip.visual(self.normalised(pixels))
        return pooled, patches @ self.clip.visual.proj

    def tokens(self, pixels):
        v = self.clip.visual
        x = v.conv1(self.normalised(pixels)).flatten(2).transpose(1, 2) + self.positions
        x = torch.cat([x, self.mixture.expand(len(x), -1, -1)], 1)
        return v.ln_post(v.transformer(v.ln_pre(x)))[:, -TOKENS:]

    def text_features(self, ids, lengths):
        c = self.clip
        x = c.token_embedding(ids) + c.positional_embedding
        x = c.ln_final(c.transformer(x, attn_mask=c.attn_mask))
        return x[torch.arange(len(ids)), lengths - 1]

    def texts(self, ids, lengths):
        return self.text_features(ids, lengths) @ self.clip.text_projection


def sigmoid_sum(logits, own, mask):
    return (F.softplus(torch.where(own, -logits, logits)) * mask).sum()


def local_loss(u, t, valid, scale):
    """DreamLIP's: a text's patches by its similarities from 0 to 1, at least 1 / P; texts of an image look for their group."""
    s = torch.einsum("nkd,npd->nkp", t, u)
    low, high = s.amin(-1, keepdim=True), s.amax(-1, keepdim=True)
    w = (s - low) / (high - low).clamp_min(1e-12)
    w = torch.where(w < 1 / u.shape[1], torch.zeros_like(w), w)
    g = unit(torch.einsum("nkp,npd->nkd", w / w.sum(-1, keepdim=True).clamp_min(1e-12), u))
    logits = scale * torch.einsum("nkd,njd->nkj", t, g)
    logits = logits.masked_fill(~valid[:, None, :], -math.inf)
    each = torch.logsumexp(logits, -1) - torch.diagonal(logits, dim1=1, dim2=2)
    return torch.where(valid, each, torch.zeros_like(each)).sum() / valid.sum()


def llip_loss(m, batch, own, valid):
    h, g = m.tokens(batch["pixels"]), m.text_features(batch["ids"], batch["lengths"])
    heads = [HEADS, -1]
    q, keys, values = ((x @ m.asked[part].T).unflatten(-1, heads) for part, x in (("query", g), ("key", h), ("value", h)))
    phi = torch.softmax(torch.einsum("jmc,ikmc->ijmk", q, keys) / TAU, -1)
    z = torch.einsum("ijmk,ikmc->ijmc", phi, values).flatten(2) @ m.asked["output"].T
    logits = m.clip.logit_scale.exp() * (unit(z) * unit(g @ m.clip.text_projection)).sum(-1) + m.logit_bias
    return sigmoid_sum(logits, own, valid.flatten()) / valid.sum()


def loss_of(method, m, batch):
    k = batch["valid"].shape[1]
    if method == "llip":
        n = torch.arange(BATCH)
        return llip_loss(m, batch, (n[:, None] == n[None]).repeat_interleave(k, 1), batch["valid"].bool())
    pooled, patches = m.images(batch["pixels"])
    text = m.texts(batch["ids"], batch["lengths"]).view(BATCH, k, -1)
    v, t, valid = unit(pooled), unit(text), batch["valid"].bool()
    scale, n = m.clip.logit_scale.exp(), torch.arange(BATCH)
    if method.startswith(("siglip", "flair")):
        own = (n[:, None] == n[None]).repeat_interleave(k, 1)  # [B, BK]
        mps = sigmoid_sum(scale * v @ t.flatten(0, 1).T + m.logit_bias, own, valid.flatten()) / valid.sum()
        if method == "siglip":
            return mps
        # A text asks the patches of all images.
        asked = m.pooling(text.flatten(0, 1).expand(BATCH, -1, -1), patches)
        logits = scale * (unit(asked) * t.flatten(0, 1)).sum(-1) + m.logit_bias
        if method != "flair":
            return (sigmoid_sum(logits, own, valid.flatten()) / valid.sum() + mps) / 2
        met = own | F.one_hot(batch["drawn"], k).bool().flatten(1)
        tcs = sigmoid_sum(logits, own, met & valid.flatten()) / (valid.sum() / BATCH + BATCH - 1)
        return (tcs + mps) / 2
    total = 0
    for slot in range(k):
        logits, good = scale * v @ t[:, slot].T, valid[:, slot]
        to_texts = torch.logsumexp(logits.masked_fill(~good, -math.inf), 1) - logits.diagonal()
        to_images = torch.logsumexp(logits, 0) - logits.diagonal()
        total = total + ((to_texts + to_images) * good).sum()
    total = total / (2 * valid.sum())
    return total + 0.5 * local_loss(unit(patches), t, valid, 20) if "local" in method else total


def train_peer(method, weights, batches):
    m = Model(method, weights)
    decays = {name: p.dim() >= 2 and name != "mixture" for name, p in m.named_parameters()}
    decayed, others = ([p for name, p in m.named_parameters() if decays[name] == wanted] for wanted in (True, False))
    optimizer = torch.optim.AdamW([{"params": decayed, "weight_decay": DECAY}, {"params": others, "weight_decay": 0}], lr=0,
                                  betas=(0.9, 0.98), eps=1e-6)
    course = []
    for step in range(STEPS):
        part = {name: x[step * (len(x) // STEPS):(step + 1) * (len(x) // STEPS)] for name, x in batches.items()}
        rate = RATE * (step + 1) / WARMUP if step < WARMUP else \
            RATE * 0.5 * (1 + math.cos(math.pi * (step - WARMUP) / (STEPS - WARMUP)))
        for group in optimizer.param_groups:
            group["lr"] = rate
        optimizer.zero_grad()
        loss = loss_of(method, m, part)
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(m.parameters(), 1.0)
        optimizer.step()
        with torch.no_grad():
            m.clip.logit_scale.clamp_(0, math.log(100))
        course.append((loss.item(), norm.item()))
    return course


def main():
    bin_folder, probe, shards, tokenizer = sys.argv[1:]
    torch.manual_seed(1)
    failed = 0
    with tempfile.TemporaryDirectory() as temporary:
        work = pathlib.Path(temporary)

        def run(*command):
            done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False)
            if done.returncode:
                sys.exit(f"training.py: {command[0]}: {done.stderr.strip()}")

        (work / "arch.json").write_text(json.dumps(SMALL | {"text_cfg": SMALL["text_cfg"] | {"pool_type": "eos"}}))
        for method, (texts, options) in METHODS.items():
            name = method.split(",")[0].split(" ")[0]
            common = ["-q", "--method", name, "--arch", work / "arch.json", "--tokenizer", tokenizer, "--data", shards,
                      "--batch-size", BATCH, "--texts-per-image", texts, "--seed", 0, "--precision", "fp32", "--weight-decay", DECAY,
                      "--beta2", 0.98, "--eps", "1e-6", "--clip-grad", 1, "--log-every", 1, *options]
            # The weights before the first step: those of a step that changes nothing.
            run(f"{bin_folder}/train", *common, "--steps", 1, "--warmup", 0, "--lr", 0, "-f", "-o", work / "start")
            run(f"{bin_folder}/train", *common, "--steps", STEPS, "--warmup", WARMUP, "--lr", RATE, "-f", "-o", work / "run")
            run(probe, work / "arch.json", tokenizer, shards, name, texts, BATCH, STEPS, work / "batches")
            lines = [json.loads(line) for line in (work / "run/metrics.jsonl").read_text().splitlines()]
            ours = [(x["loss"], x["grad_norm"]) for x in lines if x["type"] == "train"]
            theirs = train_peer(method, load_file(work / "start/latest/model.safetensors"), load_file(work / "batches"))
            off = [max(abs(a - b) / max(abs(b), 1e-6) for a, b in zip(x, y)) for x, y in zip(ours, theirs)]
            good = len(ours) == STEPS and max(off) <= LIMIT
            failed += not good
            print(f"{'ok' if good else 'OVER'}  {method:24} loss {theirs[0][0]:.4f} to {theirs[-1][0]:.4f}; largest difference of loss "
                  f"or norm {max(off):.1e}", flush=True)
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
