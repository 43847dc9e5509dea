#!/usr/bin/env python3
"""Float64 reference for the DreamLIP losses; writes dreamlip.json.

usage: dreamlip_reference.py            write dreamlip.json beside this file
       dreamlip_reference.py --check    verify gradients and identities, write nothing

Shapes: image v [N,D], text t [N,K,D], patch u [N,P,D], valid m [N,K] (bool).
Needs PyTorch only. Formulas: doc/dreamlip.md.
"""
import argparse
import json
import math
import os

import torch

torch.set_default_dtype(torch.float64)

GUARD = 1e-6  # similarity range below which all patches get the same weight
NEG_INF = float("-inf")


# ---------------------------------------------------------------- losses
def unit(x):
    return x / x.norm(dim=-1, keepdim=True).clamp_min(1e-12)


def mpcl_rows(v, t, s, m):
    """Per-text losses of the slot-aligned form: i2t and t2i, both [K,N]."""
    logits = s * torch.einsum("id,nkd->kin", v, t)
    pos = logits.diagonal(dim1=1, dim2=2)
    cols = logits.masked_fill(~m.T[:, None, :], NEG_INF)
    return cols.logsumexp(2) - pos, logits.logsumexp(1) - pos


def mpcl_slot(v, t, s, m):
    i2t, t2i = mpcl_rows(v, t, s, m)
    return ((i2t + t2i)[m.T]).sum() / (2 * m.sum())


def mpcl_all_parts(v, t, s, m):
    n, k, d = t.shape
    logits = s * v @ t.reshape(n * k, d).T
    own = logits.view(n, n, k)[torch.arange(n), torch.arange(n)]  # [N,K]
    count = m.sum(1)
    mean_own = (own * m).sum(1) / count.clamp_min(1)
    lse = logits.masked_fill(~m.reshape(1, -1), NEG_INF).logsumexp(1)
    i2t = (lse - mean_own)[count > 0].mean()
    t2i = mpcl_rows(v, t, s, m)[1][m.T].mean()
    return i2t, t2i


def mpcl_all(v, t, s, m):
    return sum(mpcl_all_parts(v, t, s, m)) / 2


def grouping(t, u, sigma):
    """Patch weights [N,K,P] and unit grouped features [N,K,D]."""
    sim = torch.einsum("nkd,npd->nkp", t, u)
    low, high = sim.amin(-1, keepdim=True), sim.amax(-1, keepdim=True)
    flat = (high - low) < GUARD
    h = (sim - low) / torch.where(flat, 1.0, high - low)
    w = torch.where((h >= sigma) & (h > 0), h, 0.0)
    total = w.sum(-1, keepdim=True)
    even = flat | (total <= 0)
    a = torch.where(even, 1.0 / u.shape[1], w / torch.where(even, 1.0, total))
    return a, unit(torch.einsum("nkp,npd->nkd", a, u))


def local_rows(t, u, s, m, sigma):
    """t2g and g2t losses, both [N,K]; negatives come from the same image."""
    g = grouping(t, u, sigma)[1]
    logits = s * torch.einsum("njd,nkd->njk", g, t)  # j: group, k: text
    pos = logits.diagonal(dim1=1, dim2=2)
    t2g = logits.masked_fill(~m[:, :, None], NEG_INF).logsumexp(1) - pos
    g2t = logits.masked_fill(~m[:, None, :], NEG_INF).logsumexp(2) - pos
    return t2g, g2t


def local_t2g(t, u, s, m, sigma):
    return local_rows(t, u, s, m, sigma)[0][m].mean()


def local_both(t, u, s, m, sigma):
    t2g, g2t = local_rows(t, u, s, m, sigma)
    return (t2g + g2t)[m].mean() / 2


def local_batch(t, u, s, m, sigma):
    """Variant: negatives are all groups / texts of the batch, both directions."""
    g = grouping(t, u, sigma)[1]
    logits = s * g[m] @ t[m].T
    pos = logits.diagonal()
    return ((logits.logsumexp(1) - pos) + (logits.logsumexp(0) - pos)).mean() / 2


def total(v, t, u, s, m, sigma):
    return mpcl_slot(v, t, s, m) + local_t2g(t, u, s, m, sigma)


# ----------------------------------------------------------------- cases
def gen(shape, a):
    x = [math.sin(a + 1.3 * i + 0.017 * i * i) for i in range(math.prod(shape))]
    return torch.tensor(x).view(shape)


def make_case(name, n, k, d, p, phase, note):
    raw = [gen((n, d), phase[0]), gen((n, k, d), phase[1]), gen((n, p, d), phase[2])]
    m = torch.ones(n, k, dtype=torch.bool)
    if name == "masked":  # repeated texts; the repeats are marked not valid
        for i, first, repeat in ((1, 0, 2), (3, 0, 1), (3, 0, 2)):
            raw[1][i, repeat] = raw[1][i, first]
            m[i, repeat] = False
    if name == "flat":  # image 1 has identical patches: uniform weights
        raw[2][1] = raw[2][1, 0].clone()
    return {"name": name, "note": note, "N": n, "K": k, "D": d, "P": p, "phase": phase,
            "raw": raw, "valid": m}


CASES = [
    make_case("base", 4, 3, 6, 5, [0.2, 0.5, 1.1], "all slots valid"),
    make_case("wide", 2, 5, 8, 7, [0.9, 0.1, 0.6], "more texts per image than images"),
    make_case("one_text", 5, 1, 4, 3, [0.3, 1.7, 0.4], "K = 1: both MPCL forms equal CLIP, the local loss is 0"),
    make_case("masked", 4, 3, 5, 6, [1.4, 0.8, 0.25],
              "text[1][2] = text[1][0], text[3][1] = text[3][2] = text[3][0]; the repeats are not valid"),
    make_case("flat", 3, 4, 5, 4, [0.7, 1.2, 0.05], "all patches of image 1 equal patch[1][0]: uniform weights"),
]
SCALES = [4.0, 1 / 0.07]


def grad_terms(sigma):
    """name -> (function of (v, t, u, s, m), inputs it depends on)."""
    return {
        "mpcl_slot": (lambda v, t, u, s, m: mpcl_slot(v, t, s, m), "vt"),
        "mpcl_all": (lambda v, t, u, s, m: mpcl_all(v, t, s, m), "vt"),
        "local_t2g": (lambda v, t, u, s, m: local_t2g(t, u, s, m, sigma), "tu"),
        "local_both": (lambda v, t, u, s, m: local_both(t, u, s, m, sigma), "tu"),
    }


INPUTS = {"v": "image", "t": "text", "u": "patch"}


def gradients(fn, values, log_s, m):
    leaves = [x.clone().requires_grad_() for x in values]
    theta = torch.tensor(log_s, requires_grad=True)
    loss = fn(*leaves, theta.exp(), m)
    return torch.autograd.grad(loss, leaves + [theta], allow_unused=True)


# ------------------------------------------------------- keyed sampler
MASK = (1 << 64) - 1


def mix64(z):
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
    return z ^ (z >> 31)


class KeyedRng:
    def __init__(self, seed, epoch, stream, key):
        h = 0xCBF29CE484222325
        for byte in key.encode():
            h = ((h ^ byte) * 0x100000001B3) & MASK
        x = mix64(seed & MASK)
        for part in (epoch, stream, h):
            x = mix64(x ^ part)
        self.x = x

    def next(self):
        self.x = (self.x + 0x9E3779B97F4A7C15) & MASK
        return mix64(self.x)

    def below(self, n):
        return (self.next() * n) >> 64


def draw(rng, weights, k):
    """Indices and valid flags of k slots; no repeats while candidates last."""
    def pick(items):
        r = rng.below(sum(weights[i] for i in items))
        for i in items:
            if r < weights[i]:
                return i
            r -= weights[i]

    usable = [i for i, w in enumerate(weights) if w > 0]
    left, out, valid = list(usable), [], []
    for _ in range(k):
        valid.append(bool(left))
        out.append(pick(left if left else usable))
        if left:
            left.remove(out[-1])
    return out, valid


# ----------------------------------------------------------------- output
CONVENTIONS = [
    "image [N,D], text [N,K,D], patch [N,P,D] are raw vectors; L2-normalise the last axis before use",
    "generator: x[i] = sin(phase + 1.3*i + 0.017*i*i), i = row-major flat index; a case note names overridden rows",
    "valid [N,K]: 0 marks a slot that repeats an earlier text of the same image",
    "scale = exp(log_scale) multiplies every cosine; sigma \"auto\" is 1/P; similarity range < 1e-6 gives uniform weights",
    "grouping: weights [N,K,P] sum to 1 over P; features [N,K,D] have unit length",
    "i2t_slot, t2i_slot [K]: mean over the valid images of one slot",
    "grad_unit = derivative with respect to the unit vectors as free variables; grad = derivative with respect to the raw vectors",
    "grad and grad_unit use sigma auto; total = mpcl_slot + local t2g with sigma auto",
    "compare with max|x-y| <= tol * max(1, max|y|), tol 1e-9 in float64 and 2e-5 in float32",
]


def plain(x, digits=12):
    """Tensors to nested lists, numbers to `digits` significant digits."""
    if isinstance(x, torch.Tensor):
        return plain(x.tolist(), digits)
    if isinstance(x, list):
        return [plain(y, digits) for y in x]
    if isinstance(x, dict):
        return {k: plain(y, digits) for k, y in x.items()}
    return float(f"{x:.{digits}g}") if isinstance(x, float) else x


def run_vectors(case, scale, sigmas):
    m, auto, log_s = case["valid"], 1.0 / case["P"], math.log(scale)
    v, t, u = (unit(x) for x in case["raw"])
    s = torch.tensor(scale)
    rows = mpcl_rows(v, t, s, m)
    per_slot = [torch.stack([x[k][m[:, k]].mean() for k in range(case["K"])]) for x in rows]
    i2t, t2i = mpcl_all_parts(v, t, s, m)
    run = {
        "scale": scale, "log_scale": log_s,
        "mpcl_slot": {"loss": mpcl_slot(v, t, s, m), "i2t_slot": per_slot[0], "t2i_slot": per_slot[1]},
        "mpcl_all": {"loss": mpcl_all(v, t, s, m), "i2t": i2t, "t2i": t2i},
        "local": [],
    }
    for label, sigma in sigmas.items():
        t2g, g2t = local_rows(t, u, s, m, sigma)
        run["local"].append({"sigma": label, "t2g": t2g[m].mean(), "g2t": g2t[m].mean(),
                             "both": local_both(t, u, s, m, sigma), "batch": local_batch(t, u, s, m, sigma)})
    run["grad_unit"] = {}
    for name, (fn, used) in grad_terms(auto).items():
        g = gradients(fn, (v, t, u), log_s, m)
        run["grad_unit"][name] = {INPUTS[c]: x for c, x in zip("vtu", g) if c in used} | {"log_scale": g[3]}
    whole = lambda v, t, u, s, m: total(unit(v), unit(t), unit(u), s, m, auto)
    g = gradients(whole, case["raw"], log_s, m)
    run["total"] = {"loss": total(v, t, u, s, m, auto),
                    "grad": dict(zip(list(INPUTS.values()) + ["log_scale"], g))}
    return run


def case_vectors(case):
    m, auto = case["valid"], 1.0 / case["P"]
    v, t, u = (unit(x) for x in case["raw"])
    out = {key: case[key] for key in ("name", "note", "N", "K", "D", "P")}
    out["phase"] = dict(zip(INPUTS.values(), case["phase"]))
    out["inputs"] = plain(dict(zip(INPUTS.values(), case["raw"])), 17)
    out["valid"] = m.int()
    sigmas = {"auto": auto, "0": 0.0, "0.3": 0.3, "1": 1.0}
    out["grouping"] = []
    for label, sigma in sigmas.items():
        a, g = grouping(t, u, sigma)
        out["grouping"].append({"sigma": label, "kept": int((a > 0).sum()), "weights": plain(a), "features": plain(g)})
    out["runs"] = [plain(run_vectors(case, scale, sigmas)) for scale in SCALES]
    return out


def sampler_cases():
    key = "00000/000012.jpg"
    rng = {"name": "keyed_rng", "note": "first four 64-bit outputs, hexadecimal", "runs": []}
    for seed, epoch, stream, k in ((0, 0, 1, ""), (7, 3, 1, key), (7, 3, 2, key)):
        r = KeyedRng(seed, epoch, stream, k)
        rng["runs"].append({"seed": seed, "epoch": epoch, "stream": stream, "key": k,
                            "output": [f"{r.next():016x}" for _ in range(4)]})
    picks = {"name": "draw", "note": "seed 11, epoch 2, stream 1, key sample-a; one weight per candidate", "runs": []}
    for weights, k in (([1] * 9, 4), ([2, 1, 0, 5, 1], 3), ([1, 1], 4), ([3], 2)):
        index, valid = draw(KeyedRng(11, 2, 1, "sample-a"), weights, k)
        picks["runs"].append({"weights": weights, "K": k, "index": index, "valid": [int(x) for x in valid]})
    return [rng, picks]


def dump(x, pad=0):
    """JSON text with the innermost lists on one line each."""
    inner = isinstance(x, list) and not any(isinstance(y, (list, dict)) for y in x)
    if not isinstance(x, (list, dict)) or not x or inner:
        return json.dumps(x)
    sp = " " * (pad + 1)
    if isinstance(x, dict):
        body = [f"{sp}{json.dumps(k)}: {dump(y, pad + 1)}" for k, y in x.items()]
        return "{\n" + ",\n".join(body) + "\n" + " " * pad + "}"
    return "[\n" + ",\n".join(sp + dump(y, pad + 1) for y in x) + "\n" + " " * pad + "]"


# ----------------------------------------------------------------- checks
def finite_difference(fn, values, log_s, m, step):
    """Central differences of fn with respect to every input number and log s."""
    def at(vals, ls):
        return float(fn(*vals, torch.tensor(ls).exp(), m))

    result = []
    for n, x in enumerate(values):
        g = torch.zeros_like(x)
        for i in range(x.numel()):
            ends = []
            for sign in (1, -1):
                moved = [y.clone() for y in values]
                moved[n].view(-1)[i] += sign * step
                ends.append(at(moved, log_s))
            g.view(-1)[i] = (ends[0] - ends[1]) / (2 * step)
        result.append(g)
    result.append(torch.tensor((at(values, log_s + 1e-6) - at(values, log_s - 1e-6)) / 2e-6))
    return result


def check():
    worst = 0.0
    for case in CASES:
        raw, m, auto = case["raw"], case["valid"], 1.0 / case["P"]
        units = [unit(x) for x in raw]
        step = 1e-7 if case["name"] == "flat" else 1e-6  # stays inside the guard
        h = grouping(units[1], units[2], auto)[0]
        assert torch.isfinite(h).all()
        for scale in SCALES:
            jobs = {name: (fn, units) for name, (fn, _) in grad_terms(auto).items()}
            jobs["total"] = (lambda v, t, u, s, m: total(unit(v), unit(t), unit(u), s, m, auto), raw)
            for name, (fn, values) in jobs.items():
                exact = gradients(fn, values, math.log(scale), m)
                approx = finite_difference(fn, values, math.log(scale), m, step)
                err = max(float((a - (0 if e is None else e)).abs().max()) for a, e in zip(approx, exact))
                worst = max(worst, err)
                print(f"{case['name']:9s} scale {scale:7.4f} {name:10s} max gradient error {err:.1e}")
                assert err < 1e-6, "gradient does not match finite differences"
    n, k, d, p = 6, 4, 5, 3
    ones, m = lambda *shape: unit(torch.ones(*shape)), torch.ones(n, k, dtype=torch.bool)
    same = (ones(n, d), ones(n, k, d), ones(n, p, d))
    s = torch.tensor(9.0)
    near = lambda a, b: abs(float(a) - b) < 1e-12
    assert near(mpcl_slot(same[0], same[1], s, m), math.log(n))
    assert near(mpcl_all(same[0], same[1], s, m), (math.log(n * k) + math.log(n)) / 2)
    assert near(local_both(same[1], same[2], s, m, 1 / p), math.log(k))
    one = CASES[2]
    v, t, u = (unit(x) for x in one["raw"])
    logits = s * v @ t[:, 0].T
    label = torch.arange(len(v))
    clip = (torch.nn.functional.cross_entropy(logits, label) + torch.nn.functional.cross_entropy(logits.T, label)) / 2
    assert near(mpcl_slot(v, t, s, one["valid"]), float(clip)) and near(mpcl_all(v, t, s, one["valid"]), float(clip))
    print(f"all checks passed; worst gradient error {worst:.1e}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--check", action="store_true", help="verify, write nothing")
    if parser.parse_args().check:
        return check()
    doc = {"format": "liptools-golden-1", "method": "dreamlip", "conventions": CONVENTIONS,
           "cases": [case_vectors(c) for c in CASES] + sampler_cases()}
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "dreamlip.json")
    with open(path, "w") as out:
        out.write(dump(plain(doc, 17)) + "\n")


if __name__ == "__main__":
    main()
