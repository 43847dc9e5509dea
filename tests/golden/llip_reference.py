#!/usr/bin/env python3
"""Reference for llip.json (float64, PyTorch, single process). Formulas: doc/llip.md.

usage: llip_reference.py            write llip.json beside this file
       llip_reference.py --check    only compare: hand-written gradients, autograd, finite differences
"""
import math
import torch
import torch.nn.functional as F

from reference import auto_grad, compare, gen, numeric_grad, write
PARAMS = ["H", "G", "W_Q", "W_K", "W_V", "W_O", "W_T"]


# ---------------------------------------------------------------- forward
def contextualise(p, heads, tau):
    """p: H [B,K,dv] G [T,dt] W_Q [d,dt] W_K W_V [d,dv] W_O [d,d] W_T [d,dt]. Every image with every text."""
    split = lambda x: x.unflatten(-1, (heads, -1))                  # [..., d] -> [..., M, dh]
    q = split(p["G"] @ p["W_Q"].T)                                  # [T,M,dh]
    k = split(p["H"] @ p["W_K"].T)                                  # [B,K,M,dh]
    v = split(p["H"] @ p["W_V"].T)
    return finish(p, q, k, v, tau)


def finish(p, q, k, v, tau):
    e = torch.einsum("jmc,ikmc->ijmk", q, k) / tau                  # [B,T,M,K]
    phi = torch.softmax(e, dim=-1)
    c = torch.einsum("ijmk,ikmc->ijmc", phi, v).flatten(-2)         # [B,T,d]
    z = c @ p["W_O"].T
    t = p["G"] @ p["W_T"].T                                         # [T,d]
    s = torch.einsum("ijd,jd->ij", F.normalize(z, dim=-1), F.normalize(t, dim=-1))
    return dict(q=q, k=k, v=v, phi=phi, c=c, z=z, t=t, s=s)


def pair_loss(s, alpha, b):
    logits = alpha.exp() * s + b
    pos = torch.eye(len(s), dtype=torch.bool)
    return logits, F.softplus(torch.where(pos, -logits, logits))    # loss = pair_loss.sum() / B


# ---------------------------------------------------------------- gradients by hand
def backward_by_hand(p, alpha, b, heads, tau):
    f = contextualise(p, heads, tau)
    B = len(p["H"])
    split = lambda x: x.unflatten(-1, (heads, -1))
    a = alpha.exp()
    dl = (torch.sigmoid(a * f["s"] + b) - torch.eye(B)) / B
    ds = a * dl
    zn, tn = f["z"].norm(dim=-1, keepdim=True), f["t"].norm(dim=-1, keepdim=True)
    zh, th = f["z"] / zn, f["t"] / tn
    dz = ds[..., None] * (th[None] - f["s"][..., None] * zh) / zn
    dt = (torch.einsum("ij,ijd->jd", ds, zh) - (ds * f["s"]).sum(0)[:, None] * th) / tn
    dc = dz @ p["W_O"]
    dch = split(dc)
    dv = torch.einsum("ijmk,ijmc->ikmc", f["phi"], dch)
    dphi = torch.einsum("ijmc,ikmc->ijmk", dch, f["v"])
    de = f["phi"] * (dphi - (f["phi"] * dphi).sum(-1, keepdim=True))
    dq = torch.einsum("ijmk,ikmc->jmc", de, f["k"]) / tau
    dk = torch.einsum("ijmk,jmc->ikmc", de, f["q"]) / tau
    dq_, dk_, dv_ = dq.flatten(-2), dk.flatten(-2), dv.flatten(-2)
    grad = dict(H=dk_ @ p["W_K"] + dv_ @ p["W_V"],
                G=dq_ @ p["W_Q"] + dt @ p["W_T"],
                W_Q=dq_.T @ p["G"], W_T=dt.T @ p["G"],
                W_K=torch.einsum("ika,ikb->ab", dk_, p["H"]),
                W_V=torch.einsum("ika,ikb->ab", dv_, p["H"]),
                W_O=torch.einsum("ija,ijb->ab", dz, f["c"]),
                alpha=a * (dl * f["s"]).sum(), b=dl.sum())
    steps = dict(dl=dl, ds=ds, dz=dz, dc=dc, dphi=dphi, de=de, dq=dq, dk=dk, dv=dv, dt=dt)
    return grad, steps


# ---------------------------------------------------------------- cases
def run(p, heads, tau, alpha, b, with_steps):
    full = {**p, "alpha": torch.tensor(alpha), "b": torch.tensor(b)}

    def loss(x):
        return pair_loss(contextualise(x, heads, tau)["s"], x["alpha"], x["b"])[1].sum() / len(x["H"])

    f = contextualise(p, heads, tau)
    logits, pl = pair_loss(f["s"], full["alpha"], full["b"])
    hand, steps = backward_by_hand(p, full["alpha"], full["b"], heads, tau)
    auto = auto_grad(loss, full)
    compare(f"hand vs autograd            tau={tau:g} alpha={alpha:.3g}", hand, auto, 1e-12)
    compare(f"finite difference vs autograd tau={tau:g} alpha={alpha:.3g}", numeric_grad(loss, full), auto, 1e-6)
    out = dict(tau=tau, alpha=alpha, b=b, phi=f["phi"], c=f["c"], z=f["z"], s=f["s"], logits=logits,
               pair_loss=pl, loss=(pl.sum() / len(p["H"])), grad=auto)
    if with_steps:
        out["forward_steps"] = {n: f[n] for n in ("q", "k", "v", "t")}
        out["backward_steps"] = steps
    return out


def main():
    B, K, dv, dt, d, M = 3, 4, 7, 5, 6, 3
    p = dict(H=gen(1, B, K, dv, scale=2), G=gen(2, B, dt, scale=2), W_Q=gen(3, d, dt), W_K=gen(4, d, dv),
             W_V=gen(5, d, dv), W_O=gen(6, d, d), W_T=gen(7, d, dt))
    ln10 = float(f"{math.log(10):.12g}")
    cases = [dict(name="training", note="B images, B texts; diagonal = positives", heads=M, inputs=p, runs=[
        run(p, M, 5.0, ln10, -10.0, True), run(p, M, 0.5, ln10, -10.0, False),
        run(p, M, 1e6, ln10, -10.0, False), run(p, M, 2.0, 0.7, -1.3, False)])]

    p6 = {**p, "G": gen(8, B, dt, scale=2)}
    cases.append(dict(name="single_head", note="same weights and images, new texts, heads = 1", heads=1,
                      inputs={"G": p6["G"]}, shared_inputs="training", runs=[run(p6, 1, 3.0, 1.1, -2.0, False)]))

    p1 = {**p, "H": p["H"][:, :1].contiguous()}
    cases.append(dict(name="one_token", note="K = 1 (first mixture token only): phi = 1, the gradients of W_Q and W_K "
                      "are exactly 0, tau has no effect", heads=M, inputs={"H": p1["H"]}, shared_inputs="training",
                      runs=[run(p1, M, 5.0, ln10, -10.0, False)]))

    # comparison arms: what replaces the text-queried mixing
    alpha, b = torch.tensor(ln10), torch.tensor(-10.0)
    q0 = gen(9, d)
    split = lambda x: x.unflatten(-1, (M, -1))
    k, v = split(p["H"] @ p["W_K"].T), split(p["H"] @ p["W_V"].T)
    arms = {}
    for arm in ("registers", "average", "learned_average"):
        def loss(x, arm=arm, full=False):
            k, v = split(x["H"] @ x["W_K"].T), split(x["H"] @ x["W_V"].T)
            q = split(x["q0"]).expand(B, M, d // M)
            if arm == "registers":
                k, v = k[:, :1], v[:, :1]
            f = finish(x, q, k, v, math.inf if arm == "average" else 5.0)
            L = pair_loss(f["s"], alpha, b)[1].sum() / B
            return (f, L) if full else L
        x = {**p, "q0": q0}
        auto = auto_grad(loss, x)
        compare(f"arm {arm}: finite difference vs autograd", numeric_grad(loss, x), auto, 1e-6)
        f, L = loss(x, full=True)
        arms[arm] = dict(phi_row=f["phi"][:, 0], z_row=f["z"][:, 0], s=f["s"], loss=L,
                         grad={n: auto[n] for n in ("H", "W_V", "W_O", "q0")})
    cases.append(dict(name="arms", note="baselines with the inputs of 'training', tau 5, alpha ln 10, b -10. registers: "
                      "only token 0 is read. average: uniform weights. learned_average: the vector q0 [d] is the query for "
                      "every text. phi_row [B,M,K] and z_row [B,d] do not depend on the text", heads=M,
                      inputs=dict(q0=q0), shared_inputs="training", arms=arms))

    # inference: more texts than images; template averaging
    Gi = gen(10, 4, dt, scale=2)
    f = contextualise({**p, "G": Gi}, M, 5.0)
    q = split(Gi @ p["W_Q"].T).unflatten(0, (2, 2))                 # 2 classes x 2 templates
    t = F.normalize(Gi @ p["W_T"].T, dim=-1).unflatten(0, (2, 2))
    qbar, tbar = q.mean(1), F.normalize(t.mean(1), dim=-1)
    e = torch.softmax(torch.einsum("jmc,ikmc->ijmk", qbar, k) / 5.0, dim=-1)
    z = torch.einsum("ijmk,ikmc->ijmc", e, v).flatten(-2) @ p["W_O"].T
    zu = v.flatten(-2).mean(1) @ p["W_O"].T                         # shortlist vector: uniform mixing
    cases.append(dict(name="inference", note="3 images x 4 texts, tau 5. Texts 0,1 are the templates of class 0 and texts "
                      "2,3 those of class 1", heads=M, inputs=dict(G=Gi), shared_inputs="training",
                      pair_scores=f["s"], class_query=qbar.flatten(-2), class_target=tbar,
                      class_scores=torch.einsum("ijd,jd->ij", F.normalize(z, dim=-1), tbar),
                      shortlist_image=F.normalize(zu, dim=-1),
                      shortlist_scores=F.normalize(zu, dim=-1) @ F.normalize(f["t"], dim=-1).T))

    # loss on given scores, also with large logits
    s = gen(11, 4, 4)
    loss_runs = []
    for al, bb in ((0.0, 0.0), (1.5, -3.0), (6.0, -40.0)):
        x = dict(s=s, alpha=torch.tensor(al), b=torch.tensor(bb))
        fn = lambda y: pair_loss(y["s"], y["alpha"], y["b"])[1].sum() / 4
        auto = auto_grad(fn, x)
        compare(f"loss only alpha={al:g}", numeric_grad(fn, x), auto, 1e-6)
        loss_runs.append(dict(alpha=al, b=bb, pair_loss=pair_loss(s, x["alpha"], x["b"])[1], loss=fn(x), grad=auto))
    cases.append(dict(name="loss_only", note="a 4 x 4 score matrix; the last run has logits of several hundred",
                      inputs=dict(s=s), runs=loss_runs))

    write("llip", [
        "H [B,K,dv] mixture tokens after the final layer norm; G [T,dt] text features before projection",
        "every weight matrix is [out,in] and acts as y = W x; no biases; channel block m of size d/heads is head m",
        "phi [B,T,M,K] attention weights; c, z [B,T,d] before and after W_O, not normalised; s [B,T] cosines",
        "logits = exp(alpha) * s + b; loss = sum(pair_loss) / B",
        "grad = derivative of loss; forward_steps and backward_steps are the intermediates of the hand-written formulas",
        "q [T,M,dh], k and v [B,K,M,dh], t [T,d] not normalised; d-prefixed names are derivatives of the loss",
        "shared_inputs: take every input that the case does not give from the case of that name",
        "compare with max|x-y| <= tol * max(1, max|y|), tol 1e-9 in float64 and 2e-5 in float32",
    ], cases)


main()
