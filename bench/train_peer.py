#!/usr/bin/env python3
"""train_peer.py ARCH BATCH K STEPS THREADS [CONTEXT [fp32|amp_bf16]]: the same training step in plain PyTorch.

ARCH open_clip:NAME takes the model from open_clip. Texts are padded to the context length, as is
usual, or cut to CONTEXT; amp_bf16 is autocast, as open_clip's --precision of that name; everything else
is what train_bench.cpp does. Prints one JSON line.
"""
import json
import statistics
import sys
import time

import torch
from torch import nn
from torch.nn import functional as F

SHAPES = {  # image, patch, layers, width, heads, pool | context, vocabulary, layers, width, heads | joint
    "demo": (48, 8, 3, 128, 4, "tok", 32, 1000, 2, 64, 2, 128),
    "ViT-S-16": (224, 16, 12, 384, 6, "tok", 77, 49408, 12, 384, 6, 384),
}


class Block(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.ln_1, self.ln_2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.mlp = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))

    def forward(self, x, causal):
        n, length, width = x.shape
        q, k, v = self.qkv(self.ln_1(x)).view(n, length, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        y = F.scaled_dot_product_attention(q, k, v, is_causal=causal)
        x = x + self.out(y.transpose(1, 2).reshape(n, length, width))
        return x + self.mlp(self.ln_2(x))


class Clip(nn.Module):
    def __init__(self, image, patch, layers, width, heads, pool, context, vocab, t_layers, t_width, t_heads, joint):
        super().__init__()
        self.pool = pool
        self.conv = nn.Conv2d(3, width, patch, patch, bias=False)
        self.cls = nn.Parameter(torch.randn(width) * width**-0.5)
        self.pos = nn.Parameter(torch.randn((image // patch) ** 2 + 1, width) * width**-0.5)
        self.ln_pre, self.ln_post = nn.LayerNorm(width), nn.LayerNorm(width)
        self.blocks = nn.ModuleList(Block(width, heads) for _ in range(layers))
        self.proj = nn.Parameter(torch.randn(width, joint) * width**-0.5)
        self.words = nn.Embedding(vocab, t_width)
        self.t_pos = nn.Parameter(torch.randn(context, t_width) * 0.01)
        self.t_blocks = nn.ModuleList(Block(t_width, t_heads) for _ in range(t_layers))
        self.ln_final = nn.LayerNorm(t_width)
        self.t_proj = nn.Parameter(torch.randn(t_width, joint) * t_width**-0.5)
        self.log_scale = nn.Parameter(torch.tensor(2.659))

    def image(self, x):
        x = self.conv(x).flatten(2).transpose(1, 2)
        x = torch.cat([self.cls.expand(x.shape[0], 1, -1), x], 1) + self.pos
        x = self.ln_pre(x)
        for block in self.blocks:
            x = block(x, False)
        x = self.ln_post(x)
        return F.normalize((x[:, 0] if self.pool == "tok" else x[:, 1:].mean(1)) @ self.proj, dim=-1)

    def text(self, ids, ends):
        x = self.words(ids) + self.t_pos
        for block in self.t_blocks:
            x = block(x, True)
        x = self.ln_final(x)
        return F.normalize(x[torch.arange(len(ids)), ends] @ self.t_proj, dim=-1)


class OpenClip(nn.Module):
    def __init__(self, name, context):
        super().__init__()
        import open_clip

        self.model = open_clip.create_model(name)
        self.model.context_length = context
        self.model.positional_embedding = nn.Parameter(self.model.positional_embedding[:context].detach())
        self.model.register_buffer("attn_mask", self.model.attn_mask[:context, :context], persistent=False)
        self.log_scale = self.model.logit_scale

    def image(self, x):
        return self.model.encode_image(x, normalize=True)

    def text(self, ids, ends):
        ids = ids.clone()
        ids[torch.arange(len(ids)), ends] = 49407  # the end token is the highest id
        return self.model.encode_text(ids, normalize=True)


def main():
    arch, batch, slots, steps, threads = sys.argv[1], *map(int, sys.argv[2:6])
    torch.set_num_threads(threads)
    torch.manual_seed(1)
    name = arch.removeprefix("open_clip:")
    shape = list(SHAPES[name])
    if len(sys.argv) > 6:
        shape[6] = int(sys.argv[6])
    model = OpenClip(name, shape[6]) if name != arch else Clip(*shape)
    model.train()
    decay = [p for p in model.parameters() if p.dim() >= 2]
    rest = [p for p in model.parameters() if p.dim() < 2]
    optimizer = torch.optim.AdamW([{"params": decay}, {"params": rest, "weight_decay": 0}], 1e-4, (0.9, 0.98), 1e-6, 0.2)
    pixels = torch.randint(0, 256, (batch, 3, shape[0], shape[0]), dtype=torch.uint8)
    context, vocab = shape[6], shape[7]
    lengths = torch.randint(8, 33, (batch * slots,)).clamp_max(context)
    ids = torch.randint(3, vocab, (batch * slots, context)) * (torch.arange(context) < lengths[:, None])
    mean, std = torch.tensor([0.48, 0.46, 0.41]).view(3, 1, 1), torch.tensor([0.27, 0.26, 0.28]).view(3, 1, 1)
    target = torch.arange(batch)
    half = torch.autocast("cpu", torch.bfloat16, enabled=len(sys.argv) > 7 and sys.argv[7] == "amp_bf16")
    seconds = []
    for step in range(-1, steps):
        start = time.perf_counter()
        optimizer.zero_grad()
        with half:
            v = model.image((pixels.float() / 255 - mean) / std)
            t = model.text(ids, lengths - 1).view(batch, slots, -1)
            loss = 0
            for k in range(slots):
                logits = model.log_scale.exp() * v @ t[:, k].T
                loss = loss + (F.cross_entropy(logits, target) + F.cross_entropy(logits.T, target)) / (2 * slots)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        with torch.no_grad():
            model.log_scale.clamp_(0, 4.6052)
        if step >= 0:
            seconds.append(time.perf_counter() - start)
    rate = batch / statistics.median(seconds)
    print(json.dumps({"images_per_s": rate, "texts_per_s": rate * slots}))


main()
