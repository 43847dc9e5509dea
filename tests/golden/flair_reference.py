#!/usr/bin/env python3
"""Reference numbers of text-conditioned pooling over patches and its losses (doc/flair.md). PyTorch, float64.

usage: flair_reference.py > flair.json        writes the cases
       flair_reference.py --check             compares gradients with central differences
"""
import json, math, sys
import torch

torch.set_default_dtype(torch.float64)


def wave(phase, *shape):
    i = torch.arange(math.prod(shape), dtype=torch.float64)
    return torch.sin(phase + 1.3 * i + 0.017 * i * i).view(shape)


def layer_norm(x, gain, shift):
    return (x - x.mean(-1, keepdim=True)) / (x.var(-1, unbiased=False, keepdim=True) + 1e-5).sqrt() * gain + shift


def pool(tokens, query, p, heads):
    """tokens [B, P, D] projected patches, query [T, D] projected texts -> z [B, T, D], weights [B, T, heads, P + 1]."""
    (b, n, d), t = tokens.shape, len(query)
    q = layer_norm(query, *p["ln_q"]) @ p["W_q"].T + p["b_q"]
    k = layer_norm(tokens, *p["ln_k"]) @ p["W_k"].T + p["b_k"]
    v = layer_norm(tokens, *p["ln_v"]) @ p["W_v"].T + p["b_v"]
    zero = torch.zeros(b, 1, d)  # the empty token: key and value 0, its score is 0
    k, v = torch.cat([k, zero], 1), torch.cat([v, zero], 1)
    split = lambda x: x.unflatten(-1, (heads, d // heads))
    scores = torch.einsum("thc,bnhc->bthn", split(q), split(k)) / math.sqrt(d // heads)
    a = scores.softmax(-1)
    z = torch.einsum("bthn,bnhc->bthc", a, split(v)).flatten(2) @ p["W_o"].T + p["b_o"]
    return z, a


def unit(x):
    return x / x.norm(dim=-1, keepdim=True)


def sigmoid_sum(logits, positive):
    sign = torch.where(positive, 1.0, -1.0)
    return torch.nn.functional.softplus(-sign * logits).sum()


def losses(inputs, p, heads, drawn):
    """drawn [B, B - 1]: the text of each other image, in order of images, that stands for it."""
    v, tokens, text = inputs["image"], inputs["tokens"], inputs["text"]
    b, k, d = text.shape
    scale, bias = inputs["log_scale"].exp(), inputs["bias"]
    flat = text.flatten(0, 1)
    z, a = pool(tokens, flat, p, heads)
    s = (unit(z) * unit(flat)).sum(-1)  # [B, BK] cosines
    own = torch.arange(b * k) // k == torch.arange(b)[:, None]
    logits = scale * s + bias
    tcs_all = sigmoid_sum(logits, own) / (b * k)
    total = 0.0
    for i in range(b):
        others = [j for j in range(b) if j != i]
        columns = [i * k + c for c in range(k)] + [j * k + int(drawn[i][n]) for n, j in enumerate(others)]
        total = total + sigmoid_sum(logits[i, columns], own[i, columns])
    tcs_drawn = total / (b + k - 1)
    mps = sigmoid_sum(scale * unit(v) @ unit(flat).T + bias, own) / (b * k)
    return {"tcs_all": tcs_all, "tcs_drawn": tcs_drawn, "mps": mps,
            "flair": (tcs_drawn + mps) / 2, "flair_all": (tcs_all + mps) / 2}, s, a


def case(b, k, n, d, heads, phase, drawn):
    inputs = {"image": wave(phase, b, d), "tokens": wave(phase + 1, b, n, d), "text": wave(phase + 2, b, k, d),
              "log_scale": torch.tensor(math.log(10.0)), "bias": torch.tensor(-5.0)}
    p = {}
    for i, name in enumerate("qkvo"):
        p["W_" + name] = wave(phase + 3 + i, d, d) / math.sqrt(d)
        p["b_" + name] = 0.1 * wave(phase + 7 + i, d)
    for i, name in enumerate(("ln_q", "ln_k", "ln_v")):
        p[name] = (1 + 0.2 * wave(phase + 11 + i, d), 0.1 * wave(phase + 14 + i, d))
    return inputs, p, heads, drawn


CASES = {
    "base": case(3, 2, 5, 8, 2, 0.3, [[0, 1], [1, 0], [1, 1]]),
    "one_text": case(4, 1, 3, 6, 3, 1.1, [[0, 0, 0]] * 4),
    "many_texts": case(2, 5, 4, 8, 4, 2.7, [[3], [0]]),
}


def leaves(inputs, p):
    named = dict(inputs)
    for name, value in p.items():
        if isinstance(value, tuple):
            named[name + ".gain"], named[name + ".shift"] = value
        else:
            named[name] = value
    return named


def run(inputs, p, heads, drawn, loss):
    named = {name: x.clone().requires_grad_() for name, x in leaves(inputs, p).items()}
    again = {name: named[name] for name in inputs}
    q = {name: (named[name + ".gain"], named[name + ".shift"]) if isinstance(p[name], tuple) else named[name] for name in p}
    values, s, a = losses(again, q, heads, drawn)
    values[loss].backward()
    return values, s, a, {n: (x.grad if x.grad is not None else torch.zeros_like(x)) for n, x in named.items()}


def main():
    out = {"conventions": "float64; gradients are with respect to the raw inputs, through the normalisation; weights [B, T, heads, P + 1], "
                          "the last is the empty token; compare with 1e-9 in float64, 2e-5 in float32"}
    for name, (inputs, p, heads, drawn) in CASES.items():
        entry = {"heads": heads, "drawn": drawn, "inputs": {n: x.tolist() for n, x in leaves(inputs, p).items()}, "grad": {}}
        for loss in ("flair", "flair_all", "tcs_all", "mps"):
            values, s, a, grad = run(inputs, p, heads, drawn, loss)
            entry["grad"][loss] = {n: x.tolist() for n, x in grad.items()}
            if "--check" in sys.argv:
                for n, x in leaves(inputs, p).items():
                    flat = x.flatten()
                    for i in range(0, len(flat), max(1, len(flat) // 5)):
                        keep, h, f = flat[i].item(), 1e-6, []
                        for step in (h, -h):
                            flat[i] = keep + step
                            f.append(losses(inputs, p, heads, drawn)[0][loss].item())
                        flat[i] = keep
                        want, got = (f[0] - f[1]) / (2 * h), grad[n].flatten()[i].item()
                        assert abs(want - got) < 1e-6 * max(1, abs(want)), (name, loss, n, i, want, got)
        entry["loss"] = {n: x.item() for n, x in values.items()}
        entry["cosines"], entry["weights"] = s.tolist(), a.tolist()
        out[name] = entry
    if "--check" in sys.argv:
        print("gradients agree with central differences")
    else:
        json.dump(out, sys.stdout)
        print()


if __name__ == "__main__":
    main()
