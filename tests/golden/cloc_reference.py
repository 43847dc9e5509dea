#!/usr/bin/env python3
"""Reference for cloc.json (float64, PyTorch, single process).

usage: cloc_reference.py            write cloc.json beside this file
       cloc_reference.py --check    only run the comparisons
"""
import math
import torch
import torch.nn.functional as F

from reference import auto_grad, compare, gen, numeric_grad, write


# ---------------------------------------------------------------- inputs
def boxes(seed, n):
    """n boxes (x1,y1,x2,y2) in the unit square, at least 0.1 wide and high."""
    u = gen(seed, n, 4, scale=0.5, shift=0.5)
    lo = (u[:, :2] * 0.6).mul(1000).round() / 1000
    hi = (lo + 0.1 + u[:, 2:] * 0.29).mul(1000).round() / 1000
    return torch.cat([lo, hi], dim=1)


# ---------------------------------------------------------------- losses
def clip_loss(v, t, log_scale):
    S = log_scale.exp() * F.normalize(v, dim=-1) @ F.normalize(t, dim=-1).T
    y = torch.arange(len(v))
    return (F.cross_entropy(S, y) + F.cross_entropy(S.T, y)) / 2


def region_mask(t, valid, threshold):
    """keep [R,R]; threshold None = no filter. t [R,d] raw, valid [R]."""
    n = F.normalize(t.detach(), dim=-1, eps=1e-12)
    keep = torch.ones(len(t), len(t), dtype=torch.bool) if threshold is None else (n @ n.T <= threshold)
    keep = keep | torch.eye(len(t), dtype=torch.bool)
    return keep & valid[:, None] & valid[None, :]


def region_loss(z, t, valid, log_scale, threshold):
    """z, t [R,d] raw region and phrase vectors. Returns R2T, T2R and their mean."""
    if not valid.any():
        zero = (z.sum() + t.sum() + log_scale) * 0.0
        return zero, zero, zero
    r = valid.nonzero().flatten()
    keep = region_mask(t, valid, threshold)[r][:, r]
    S = log_scale.exp() * F.normalize(z[r], dim=-1) @ F.normalize(t[r], dim=-1).T
    S = S.masked_fill(~keep, -math.inf)
    r2t = (S.logsumexp(1) - S.diagonal()).mean()
    t2r = (S.logsumexp(0) - S.diagonal()).mean()
    return r2t, t2r, (r2t + t2r) / 2


def region_grad_by_hand(z, t, valid, log_scale, threshold):
    """Gradient of the mean of both directions. The same steps work on tiles of S."""
    r = valid.nonzero().flatten()
    a, R = log_scale.exp(), len(r)
    zn, tn = z[r].norm(dim=-1, keepdim=True), t[r].norm(dim=-1, keepdim=True)
    zh, th = z[r] / zn, t[r] / tn
    cos = zh @ th.T
    S = (a * cos).masked_fill(~region_mask(t, valid, threshold)[r][:, r], -math.inf)
    row, col = S.logsumexp(1, keepdim=True), S.logsumexp(0, keepdim=True)
    dS = ((S - row).exp() + (S - col).exp() - 2 * torch.eye(R)) / (2 * R)
    dzh, dth = a * dS @ th, a * dS.T @ zh
    out = dict(z=torch.zeros_like(z), t=torch.zeros_like(t), log_scale=a * (dS * cos).sum())
    out["z"][r] = (dzh - (dzh * zh).sum(-1, keepdim=True) * zh) / zn
    out["t"][r] = (dth - (dth * th).sum(-1, keepdim=True) * th) / tn
    return out


def grounding_loss(raw, target, valid):
    """raw [R,4] head outputs before the sigmoid, target [R,4]."""
    if not valid.any():
        return raw.sum() * 0.0
    return (torch.sigmoid(raw[valid]) - target[valid]).pow(2).sum() / (4 * valid.sum())


# ---------------------------------------------------------------- Prompter
def box_pe(xy, width, S):
    """xy [...,2] corner -> [...,width]: width/2 channels for x, then width/2 for y; sin, cos interleaved."""
    n = width // 4
    freq = S / 10000.0 ** (torch.arange(n, dtype=torch.float64) / n)
    ang = xy[..., None] * freq
    return torch.stack([ang.sin(), ang.cos()], dim=-1).flatten(-3)


def norm(x, p, name):
    return F.layer_norm(x, x.shape[-1:], p[name + ".w"], p[name + ".b"], 1e-5)


def lin(x, p, name):
    return x @ p[name + ".w"].T + p[name + ".b"]


def prompter(prompt, image, p, pool):
    """prompt [R,n,D], image [R,P,D]. Pre-norm encoder layer with one head, final norm, pooling -> [R,D]."""
    n, D = prompt.shape[1:]
    x = torch.cat([prompt, image], dim=1)
    y = norm(x, p, "ln1")
    att = torch.softmax(lin(y, p, "q") @ lin(y, p, "k").transpose(1, 2) / math.sqrt(D), dim=-1)
    x = x + lin(att @ lin(y, p, "v"), p, "o")
    x = x + lin(F.gelu(lin(norm(x, p, "ln2"), p, "fc1")), p, "fc2")
    x = norm(x, p, "lnf")
    return x[:, :n].mean(1) if pool == "prompt_only" else x.mean(1), att[:, :n]


def region_branch(p, box, image_of, valid, pool, S, threshold):
    """Both terms for R regions. p holds the parameters, V [N,P,D] image tokens and t [R,d] phrase vectors."""
    V = p["V"][image_of]
    D = V.shape[-1]
    box_prompt = torch.stack([box_pe(box[:, :2], D, S), box_pe(box[:, 2:], D, S)], dim=1) + p["corner"]
    text_prompt = norm(lin(p["t"], p, "text_in"), p, "text_ln")[:, None]
    zb, att_b = prompter(box_prompt, V, p, pool)
    zg, att_t = prompter(text_prompt, V, p, pool)
    z = zb @ p["out.w"].T
    raw = lin(F.gelu(lin(zg, p, "head1")), p, "head2")
    r2t, t2r, con = region_loss(z, p["t"], valid, p["log_scale"], threshold)
    g = grounding_loss(raw, box, valid)
    return dict(box_prompt=box_prompt, text_prompt=text_prompt[:, 0], attention_box_rows=att_b, attention_text_row=att_t,
                pooled_box=zb, pooled_text=zg, z=z, box_hat=torch.sigmoid(raw), r2t=r2t, t2r=t2r, contrastive=con,
                grounding=g, loss=con + g)


# ---------------------------------------------------------------- geometry
def letterbox(W, H, S, box):
    L = max(W, H)
    nw, nh = max(1, (2 * W * S + L) // (2 * L)), max(1, (2 * H * S + L) // (2 * L))   # round half up
    px, py = (S - nw) // 2, (S - nh) // 2
    r = S / L
    x1, y1, x2, y2 = box
    x1, x2 = (min(max(x, 0), W) for x in (x1, x2))                                     # clip to the image
    y1, y2 = (min(max(y, 0), H) for y in (y1, y2))
    return dict(width=W, height=H, size=S, box=list(box), resized=[nw, nh], offset=[px, py],
                mapped=[(x1 * r + px) / S, (y1 * r + py) / S, (x2 * r + px) / S, (y2 * r + py) / S])


# ---------------------------------------------------------------- phrases
def noun_phrases(tagged, stop=frozenset(), limit=20):
    """tagged: (word, tag) pairs. DT? JJ* NN+, left to right, longest match."""
    out, i = [], 0
    while i < len(tagged):
        j = i + (tagged[i][1] == "DT")
        while j < len(tagged) and tagged[j][1].startswith("JJ"):
            j += 1
        e = j
        while e < len(tagged) and tagged[e][1].startswith("NN"):
            e += 1
        if e == j:
            i += 1
            continue
        words = [w for w, _ in tagged[i:e]]
        if not all(w in stop for w in words):
            out.append(" ".join(words))
        i = e
    return out[:limit]


# ---------------------------------------------------------------- detector heads
def owlv2_heads(p, grid, query_ok):
    """p['tokens'] [1+grid*grid, Dv]: output of the final vision norm, class token first."""
    x = norm(p["tokens"][1:] * p["tokens"][:1], p, "merge_ln")
    c, q = lin(x, p, "cls"), p["queries"]
    c, q = c / (c.norm(dim=-1, keepdim=True) + 1e-6), q / (q.norm(dim=-1, keepdim=True) + 1e-6)
    logits = (c @ q.T + lin(x, p, "shift")) * (F.elu(lin(x, p, "scale")) + 1)
    score, label = torch.sigmoid(logits[:, query_ok]).max(-1)
    edge = torch.arange(1, grid + 1) / grid
    at = torch.stack([edge.repeat(grid), edge.repeat_interleave(grid)], dim=-1)
    logit = lambda u: torch.log(u + 1e-4) - torch.log1p(-u + 1e-4)
    bias = torch.cat([logit(at), logit(torch.full_like(at, 1 / grid))], dim=-1)
    mlp = lambda n: lin(F.gelu(lin(F.gelu(lin(x, p, n + "0")), p, n + "1")), p, n + "2")
    b = torch.sigmoid(mlp("box") + bias)
    return dict(features=x, logits=logits, score=score, label=query_ok.nonzero().flatten()[label], box_bias=bias,
                boxes_cxcywh=b, objectness_logit=mlp("obj")[:, 0])


# ---------------------------------------------------------------- checks
def checked(label, fn, p):
    auto = auto_grad(fn, p)
    compare(label, numeric_grad(fn, p), auto, 1e-6)
    return auto


# ---------------------------------------------------------------- cases
def case_region():
    z, t = gen(21, 9, 5, scale=2), gen(22, 9, 5, scale=2)
    t[6] = t[1]                                          # image 2 repeats a phrase of image 0
    t[5] = (t[3] * 1.5 + gen(23, 5, scale=0.5)).mul(1000).round() / 1000       # image 1: two similar phrases
    valid = torch.ones(9, dtype=torch.bool)
    runs = []
    for scale, thr in ((1.5, None), (1.5, 0.9), (20.0, None), (20.0, 0.9), (3.0, 0.3)):
        p = dict(z=z, t=t, log_scale=torch.tensor(float(f"{math.log(scale):.12g}")))
        fn = lambda x: region_loss(x["z"], x["t"], valid, x["log_scale"], thr)[2]
        g = checked(f"region loss scale={scale} filter={thr}", fn, p)
        compare("   hand-written gradient", region_grad_by_hand(z, t, valid, p["log_scale"], thr), g, 1e-12)
        r2t, t2r, L = region_loss(z, t, valid, p["log_scale"], thr)
        runs.append(dict(log_scale=p["log_scale"], filter=thr, keep=region_mask(t, valid, thr).int(), r2t=r2t, t2r=t2r,
                         loss=L, grad=g))
    n = F.normalize(t, dim=-1)
    cos = n @ n.T
    assert all((cos - thr).abs().min() > 0.01 for thr in (0.9, 0.3))
    return dict(name="region_contrastive", note="3 images x 3 regions, all valid, rows ordered by image", images=3,
                max_regions=3, inputs=dict(z=z, t=t), text_cosine=cos, runs=runs)


def validity_data():
    N, M, d = 5, 3, 4
    counts = [3, 1, 0, 2, 0]
    valid = torch.tensor([m < c for c in counts for m in range(M)])
    z, t, raw = gen(31, N * M, d), gen(32, N * M, d), gen(33, N * M, 4, scale=1.5)
    box = boxes(34, N * M)
    t[9] = (t[1] + gen(35, d, scale=0.08)).mul(1000).round() / 1000          # similar phrase in another image
    z[~valid], t[~valid], raw[~valid], box[~valid] = 9.0, 0.0, -7.0, 0.5      # padding must have no effect
    return N, M, d, counts, valid, dict(z=z, t=t, raw=raw), box


def case_validity():
    N, M, d, counts, valid, p, box = validity_data()
    runs = []
    for thr in (None, 0.9):
        x = dict(z=p["z"], t=p["t"], log_scale=torch.tensor(1.25))
        g = checked(f"validity filter={thr}", lambda y: region_loss(y["z"], y["t"], valid, y["log_scale"], thr)[2], x)
        compare("   hand-written gradient", region_grad_by_hand(p["z"], p["t"], valid, x["log_scale"], thr), g, 1e-12)
        r2t, t2r, L = region_loss(p["z"], p["t"], valid, x["log_scale"], thr)
        runs.append(dict(log_scale=1.25, filter=thr, keep=region_mask(p["t"], valid, thr).int(), r2t=r2t, t2r=t2r, loss=L,
                         grad=g))
    gl = checked("grounding", lambda y: grounding_loss(y["raw"], box, valid), dict(raw=p["raw"]))
    return dict(name="validity", note="5 images, at most 3 regions, counts below; padding rows hold junk on purpose and "
                "get zero gradient; every mean is over the valid rows", images=N, max_regions=M, counts=counts,
                valid=valid.int(), inputs=dict(**p, box=box), runs=runs,
                grounding=dict(box_hat=torch.sigmoid(p["raw"]), loss=grounding_loss(p["raw"], box, valid), grad=gl))


def case_total():
    N, M, d, counts, valid, p, box = validity_data()
    x = dict(v=gen(36, N, d), t_cap=gen(37, N, d), **p, log_scale=torch.tensor(1.25))
    runs = []
    for name, ok in (("with_regions", valid), ("no_regions", torch.zeros_like(valid))):
        lam = ok.unflatten(0, (N, M)).any(1).sum().item() / N

        def fn(y, ok=ok, lam=lam, parts=False):
            c = clip_loss(y["v"], y["t_cap"], y["log_scale"])
            r = region_loss(y["z"], y["t"], ok, y["log_scale"], 0.9)[2]
            g = grounding_loss(y["raw"], box, ok)
            return dict(clip=c, contrastive=r, grounding=g, lam=lam, total=c + lam * (r + g)) if parts \
                else c + lam * (r + g)
        g = checked(f"total {name}", fn, x)
        runs.append(dict(name=name, valid=ok.int(), **{("lambda" if k == "lam" else k): v for k, v in
                                                       fn(x, parts=True).items()}, grad=g))
    return dict(name="total", note="total = clip + lambda * (contrastive + grounding), filter 0.9, one shared log_scale; z, "
                "t, raw and box are those of 'validity'; without regions the total is the clip term", images=N,
                max_regions=M, inputs=dict(v=x["v"], t_cap=x["t_cap"], log_scale=1.25), shared_inputs="validity", runs=runs)


def case_prompter():
    N, P, D, d, hid = 2, 9, 12, 5, 16
    S = 3 * math.pi
    p = dict(V=gen(41, N, P, D, scale=1.5), t=gen(42, 4, d), log_scale=torch.tensor(1.1), corner=gen(43, 2, D, scale=0.5))
    shapes = {"text_in": (D, d), "q": (D, D), "k": (D, D), "v": (D, D), "o": (D, D), "fc1": (hid, D), "fc2": (D, hid),
              "head1": (D, D), "head2": (4, D)}
    for n, (name, s) in enumerate(shapes.items()):
        p[name + ".w"], p[name + ".b"] = gen(50 + n, *s, scale=0.6), gen(70 + n, s[0], scale=0.2)
    for n, name in enumerate(("ln1", "ln2", "lnf", "text_ln")):
        p[name + ".w"], p[name + ".b"] = gen(80 + n, D, scale=0.3, shift=1), gen(90 + n, D, scale=0.3)
    p["out.w"] = gen(99, d, D, scale=0.6)
    p["t"][3] = (p["t"][0] + gen(44, d, scale=0.05)).mul(1000).round() / 1000
    box, image_of = boxes(45, 4), torch.tensor([0, 0, 1, 1])
    valid = torch.ones(4, dtype=torch.bool)
    runs = []
    for pool in ("gap_all", "prompt_only"):
        fn = lambda x: region_branch(x, box, image_of, valid, pool, S, 0.9)["loss"]
        g = checked(f"prompter pool={pool}", fn, p)
        runs.append(dict(pool=pool, **region_branch(p, box, image_of, valid, pool, S, 0.9), grad=g))
    return dict(name="prompter", note="4 regions of 2 images (image_of), 3 x 3 image tokens, width 12, joint width 5, hidden 16,"
                " one head, layer norm eps 1e-5, exact (erf) GELU, PE scale S = 3 pi, filter 0.9; t is both the contrastive "
                "target and the source of the text prompt; loss = contrastive + grounding", pe_scale=S,
                image_of=image_of, inputs=dict(box=box, **p),
                keep=region_mask(p["t"], valid, 0.9).int(), runs=runs)


def case_geometry():
    corners = torch.tensor([[0.0, 0.0], [1.0, 1.0], [0.3, 0.7], [0.85, 0.125]])
    pe = [dict(width=12, grid=g, S=S, corners=corners, value=box_pe(corners, 12, S))
          for g, S in ((9, 9 * math.pi), (24, 24 * math.pi), (0, 2 * math.pi))]
    lb = [letterbox(*a) for a in (
        (600, 400, 224, (90, 50, 450, 375)), (333, 500, 336, (10.5, 20, 200, 480)), (100, 100, 224, (0, 0, 100, 50)),
        (1024, 97, 224, (0, 0, 1024, 97)), (427, 640, 448, (-5, 600, 500, 700)), (7, 2000, 224, (1, 10, 6, 1990)))]
    return [dict(name="box_pe", note="value [corner, width]; grid 0 marks the S = 2 pi option", runs=pe),
            dict(name="letterbox", note="box in pixels, mapped to the padded square in [0,1]; boxes are clipped to the image "
                 "first", runs=lb),
            dict(name="lambda", runs=[dict(counts=c, max_regions=4, **{"lambda": sum(x > 0 for x in c) / len(c)})
                                      for c in ([4, 4, 1], [0, 0], [0, 2, 0, 0, 9], [1])])]


def case_phrases():
    stop = ["a", "the", "it", "same"]
    rows = ["an/DT old/JJ wooden/JJ fishing/NN boat/NN rests/VBZ on/IN wet/JJ sand/NN",
            "three/CD young/JJ women/NNS in/IN Paris/NNP",
            "very/RB bright/JJ and/CC loud/JJ",
            "the/DT the/DT cat/NN", "both/DT larger/JJR than/IN dogs/NNS", "the/DT same/NN near/IN the/DT tallest/JJS tower/NN",
            "the/DT blue/JJ the/DT green/JJ door/NN handle/NN green/JJ paint/NN", "her/PRP$ red/JJ scarf/NN", ""]
    parse = lambda r: [tuple(w.rsplit("/", 1)) for w in r.split()]
    many = " ,/, ".join(f"a/DT thing{n}/NN" for n in range(23))
    return dict(name="noun_phrases", note="word/tag input; DT? JJ* NN+; a phrase made only of stop words is dropped; first 20. "
                "Removal of repeats is a later step and changes none of these",
                stop_words=stop, runs=[dict(tagged=r, phrases=noun_phrases(parse(r), set(stop))) for r in rows + [many]])


def case_detector():
    grid, Dv, Dt = 3, 6, 4
    p = dict(tokens=gen(101, 1 + grid * grid, Dv, scale=1.5), queries=gen(102, 3, Dt))
    p["merge_ln.w"], p["merge_ln.b"] = gen(103, Dv, scale=0.3, shift=1), gen(104, Dv, scale=0.3)
    shapes = {"cls": (Dt, Dv), "shift": (1, Dv), "scale": (1, Dv), "box0": (Dv, Dv), "box1": (Dv, Dv), "box2": (4, Dv),
              "obj0": (Dv, Dv), "obj1": (Dv, Dv), "obj2": (1, Dv)}
    for n, (name, s) in enumerate(shapes.items()):
        p[name + ".w"], p[name + ".b"] = gen(110 + n, *s, scale=0.7), gen(130 + n, s[0], scale=0.3)
    ok = torch.tensor([True, False, True])
    out = owlv2_heads(p, grid, ok)
    b, W, H = out["boxes_cxcywh"], 90, 60
    xy = torch.cat([b[:, :2] - b[:, 2:] / 2, b[:, :2] + b[:, 2:] / 2], dim=-1) * max(W, H)
    return dict(name="owlv2_heads", note="tokens: class token, then a 3 x 3 grid in row order, after the final vision norm. "
                "Query 1 is padding: score and label use queries 0 and 2. Pixel boxes are for an image of 90 x 60",
                grid=grid, query_ok=ok.int(), inputs=p, **out, boxes_pixel=xy)


def main():
    write("cloc", [
        "weights are [out,in] and act as y = W x + b; .w and .b name weight and bias",
        "rows of z, t, raw and box are regions, ordered image by image, max_regions rows per image",
        "z and t are raw vectors and are L2-normalised inside the loss; scale = exp(log_scale)",
        "keep is 1 where a pair stays in the denominators; r2t, t2r are the two directions, loss their mean",
        "filter null = no conflict filter; raw = output of the box head before the sigmoid",
        "grad = derivative of the loss of that run with respect to each input",
        "shared_inputs: take every input that the case does not give from the case of that name",
        "compare with max|x-y| <= tol * max(1, max|y|), tol 1e-9 in float64 and 2e-5 in float32",
    ], [case_region(), case_validity(), case_total(), case_prompter(), *case_geometry(), case_phrases(),
              case_detector()])


main()
