"""What the references share: exact inputs, gradients and their comparison, and the JSON text."""
import json, math, os, sys
import torch

torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)


def gen(seed, *shape, scale=1.0, shift=0.0):
    """Numbers in shift +- scale with three decimals, so that the JSON text is exact."""
    x, out = 1 + seed * 9973, []
    for n in range(3 + math.prod(shape)):
        x = x * 48271 % 2147483647
        if n >= 3:
            out.append(round((2 * x / 2147483647 - 1) * scale + shift, 3))
    return torch.tensor(out).reshape(shape)


def numeric_grad(fn, p, step=1e-6):
    out = {}
    for name, x in p.items():
        g = torch.zeros_like(x)
        for n in range(x.numel()):
            y = []
            for sign in (1, -1):
                w = x.clone()
                w.view(-1)[n] += sign * step
                y.append(fn({**p, name: w}).item())
            g.view(-1)[n] = (y[0] - y[1]) / (2 * step)
        out[name] = g
    return out


def auto_grad(fn, p):
    leaf = {n: x.clone().requires_grad_() for n, x in p.items()}
    fn(leaf).backward()
    return {n: torch.zeros_like(x) if x.grad is None else x.grad for n, x in leaf.items()}


def compare(label, a, b, tol):
    worst = 0.0
    for n in b:
        err = ((a[n] - b[n]).abs().max() / max(1.0, b[n].abs().max())).item()
        assert math.isfinite(err) and err < tol, (label, n, err)
        worst = max(worst, err)
    print(f"{label:60s} {worst:.2e}", file=sys.stderr)


def plain(x):
    if isinstance(x, torch.Tensor):
        x = x.detach().tolist()
    if isinstance(x, dict):
        return {k: plain(v) for k, v in x.items()}
    if isinstance(x, (list, tuple)):
        return [plain(v) for v in x]
    return float(f"{x:.12g}") + 0.0 if isinstance(x, float) else x


def dump(x, pad=0):
    """Like json.dumps, but a list of numbers stays on one line."""
    sp = " " * (pad + 1)
    if isinstance(x, dict):
        return "{\n" + ",\n".join(f"{sp}{json.dumps(k)}: {dump(v, pad + 1)}" for k, v in x.items()) + "\n" + " " * pad + "}"
    if isinstance(x, list) and any(isinstance(v, (list, dict)) for v in x):
        return "[\n" + ",\n".join(sp + dump(v, pad + 1) for v in x) + "\n" + " " * pad + "]"
    return json.dumps(x)


def write(method, conventions, cases):
    """METHOD.json beside this file, unless the script was called with --check."""
    if "--check" in sys.argv:
        return
    doc = dict(format="liptools-golden-1", method=method, conventions=conventions, cases=cases)
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), method + ".json"), "w") as out:
        out.write(dump(plain(doc)) + "\n")
