#!/usr/bin/env python3
"""Compares files of vectors with the libraries they are for, both ways.

    vectors.py BIN DATA

BIN is the folder of the tools, DATA a folder of make-scenes. The model has random weights. A line for each: the
largest difference of the numbers that the library reads from those of embed's JSON lines, or of the scores it
computes from those of retrieve. Exits with 1 if one is over its limit, or other rows are found or come first.
Needs numpy, safetensors, faiss-cpu, pyarrow, pandas, torch and transformers.
"""
import json
import pathlib
import subprocess
import sys
import tempfile

import faiss
import numpy as np
import pandas
import safetensors.numpy
import torch
from transformers import CLIPConfig, CLIPModel

SCORE_LIMIT = 1e-6  # of an inner product of 48 numbers in float32
QUERIES = ["a red circle", "a blue square on the left", "the green triangle is large"]
failed = False


def report(name, differences, limit=0.0):
    global failed
    worst = max(float(d) for d in differences)
    failed |= not worst <= limit
    print(f"{name:58} {worst:.1e}{'' if worst <= limit else '  OVER ' + format(limit, '.0e')}", flush=True)


def same(what, expected, actual):
    if expected != actual:
        raise SystemExit(f"{what}: expected {expected!r:.200}, is {actual!r:.200}")


class Tools:
    def __init__(self, folder, data, root):
        self.folder, self.root = folder, root
        self.records = root / "records.jsonl"
        ingest = subprocess.run([folder / "recaption-ingest", "-q", data / "train.csv"], capture_output=True, check=True)
        self.records.write_bytes(b"".join(ingest.stdout.splitlines(keepends=True)[:80]))
        self.images = ["--image-root", data]
        self.model = root / "model"

    def make_model(self):
        (self.root / "text").write_text("".join(f"a dog {i} runs on the green grass\n" for i in range(60)))
        subprocess.run(["spm_train", f"--input={self.root / 'text'}", f"--model_prefix={self.root / 't'}",
                        "--vocab_size=60", "--hard_vocab_limit=false"], check=True, capture_output=True)
        tower = dict(hidden_size=96, num_hidden_layers=2, num_attention_heads=3, intermediate_size=200)
        torch.manual_seed(3)
        text = dict(tower, vocab_size=500, eos_token_id=499, bos_token_id=1)
        CLIPModel(CLIPConfig(text_config=text, vision_config=dict(tower, image_size=64, patch_size=16),
                             projection_dim=48)).save_pretrained(self.root / "source")
        subprocess.run([self.folder / "checkpoint", "import", "-q", self.root / "source", "--tokenizer",
                        self.root / "t.model", "-o", self.model], check=True)

    def embed(self, kind, form, *arguments):
        """The output of embed; with `form` its name in the folder."""
        path = self.root / f"{kind}.{form}.{'.'.join(arguments)}"
        subprocess.run([self.folder / "embed", "-q", "-m", self.model, "--kind", kind, "--format", form, "-o", path,
                        *arguments, *self.images, self.records], check=True)
        return path

    def retrieve(self, *arguments):
        done = subprocess.run([self.folder / "retrieve", "-q", *arguments], capture_output=True, check=False)
        if done.returncode:
            raise SystemExit(f"retrieve {arguments}: {done.stderr.decode()}")
        return done.stdout

    def recall(self, images, texts):
        return self.retrieve("--texts-per-image", "0", "--image-embeddings", images, "--text-embeddings", texts)


def read_lines(path):
    return [json.loads(line) for line in path.read_bytes().splitlines()]


def numbers(lines):
    return np.array([line["embedding"] for line in lines], np.float32)


def bare(lines):
    return [{k: v for k, v in line.items() if k != "embedding"} for line in lines]


def check_file(tools, form, read, truth, dtypes=("f32", "f16")):
    for dtype in dtypes:
        differences = []
        for kind, lines in truth.items():
            path = tools.embed(kind, form, "--dtype", dtype)
            want = numbers(lines).astype(np.float16 if dtype == "f16" else np.float32)
            found = read(path)
            same(f"{path}: type and shape", (want.dtype, want.shape), (found.dtype, found.shape))
            same(f"{path}: rows", bare(lines), read_lines(pathlib.Path(f"{path}.rows.jsonl")))
            differences.append(np.abs(want.astype(np.float64) - found).max())
        report(f"{form} {dtype}: {read.__name__}", differences)


def load_npy(path):
    return np.load(path)


def load_safetensors(path):
    tensors = safetensors.numpy.load_file(path)
    same("tensors", ["embeddings"], list(tensors))
    return tensors["embeddings"]


def read_index(path):
    index = faiss.read_index(str(path))
    same("kind of index", (faiss.IndexFlatIP, faiss.METRIC_INNER_PRODUCT), (type(index), index.metric_type))
    return index.reconstruct_n(0, index.ntotal)


def check_search(tools, truth):
    """faiss.search beside retrieve --query, on the same index."""
    path = tools.root / "image.faiss.--dtype.f32"
    out = tools.root / "queries.jsonl"
    subprocess.run([tools.folder / "embed", "-q", "-m", tools.model, "-o", out, *sum((["--text", q] for q in QUERIES), [])],
                   check=True)
    scores, rows = faiss.read_index(str(path)).search(numbers(read_lines(out)), 3)
    keys = [line["key"] for line in truth["image"]]
    hits = [json.loads(line) for line in tools.retrieve("-m", tools.model, "--image-embeddings", path, "--top", "3",
                                                        *sum((["--query", q] for q in QUERIES), [])).splitlines()]
    same("best images", [keys[row] for row in rows[:, 0]], [hit["key"] for hit in hits if hit["rank"] == 1])
    report("faiss: scores of search and of retrieve --query",
           np.abs(scores.ravel() - [hit["score"] for hit in hits]), SCORE_LIMIT)


def check_folder(tools, truth):
    """As the server of clip-retrieval reads it: rows of all tables in the order of their names."""
    for dtype in ("f32", "f16"):
        differences = []
        for kind, lines in truth.items():
            folder = tools.embed(kind, "clip-retrieval", "--dtype", dtype)
            short = {"image": "img_emb", "text": "text_emb"}[kind]
            same("folders", sorted([short, "metadata"]), sorted(entry.name for entry in folder.iterdir()))
            found = np.concatenate([np.load(part) for part in sorted((folder / short).glob("*.npy"))])
            table = pandas.concat(pandas.read_parquet(part) for part in sorted((folder / "metadata").glob("*.parquet")))
            same("keys", [line["key"] for line in lines], list(table["key"]))
            same("paths are there", True, all(pathlib.Path(path).is_file() for path in table["image_path"]))
            if kind == "text":
                same("texts", [line["text"] for line in lines], list(table["caption"]))
                same("captions", [line["caption"] for line in lines], list(table["caption_index"]))
            want = numbers(lines).astype(np.float16 if dtype == "f16" else np.float32)
            same("type and shape", (want.dtype, want.shape), (found.dtype, found.shape))
            differences.append(np.abs(want.astype(np.float64) - found).max())
        report(f"clip-retrieval {dtype}: np.load, pandas.read_parquet", differences)


def write_folder(root, images, keys, texts):
    """As clip-retrieval inference writes: two parts, float16, the key as image_path, a caption for each image."""
    half = len(keys) // 2
    for part, some in (("00", slice(0, half)), ("01", slice(half, None))):
        for name, values in (("img_emb", images), ("text_emb", texts)):
            (root / name).mkdir(parents=True, exist_ok=True)
            np.save(root / name / f"{name}_{part}", values[some].astype(np.float16))
        (root / "metadata").mkdir(exist_ok=True)
        pandas.DataFrame({"image_path": keys[some], "caption": [f"of {key}" for key in keys[some]]}).to_parquet(
            root / "metadata" / f"metadata_{part}.parquet")


def check_reading(tools, lines, recall):
    """Files that the libraries write, read by retrieve: the same answers as from JSON lines."""
    def write(path, make):
        for kind in lines:
            make(numbers(lines[kind]), str(tools.root / f"{kind}.{path}"))
            (tools.root / f"{kind}.{path}.rows.jsonl").write_text(
                "".join(json.dumps(line) + "\n" for line in bare(lines[kind])))
        return tools.recall(tools.root / f"image.{path}", tools.root / f"text.{path}")

    def index(kind):
        def make(values, path):
            flat = kind(values.shape[1])
            flat.add(values)
            faiss.write_index(flat, path)
        return make
    same("np.save", recall, write("saved.npy", lambda v, path: np.save(path, v)))
    same("save_file", recall, write("saved.st", lambda v, path: safetensors.numpy.save_file({"embeddings": v}, path)))
    same("IndexFlatIP", recall, write("ip", index(faiss.IndexFlatIP)))
    same("IndexFlatL2", recall, write("l2", index(faiss.IndexFlatL2)))
    images, texts = numbers(lines["image"]), numbers(lines["text"])[:len(lines["image"])]
    keys = [line["key"] for line in lines["image"]]
    write_folder(tools.root / "theirs", images, keys, texts)
    hits = [json.loads(line) for line in tools.retrieve("--texts-per-image", "1", "--direction", "t2i", "--image-embeddings",
                                                        tools.root / "theirs", "--text-embeddings", tools.root / "theirs").splitlines()]
    same("keys of clip-retrieval's folder", keys, [hit["key"] for hit in hits])
    units = [rows.astype(np.float16).astype(np.float64) for rows in (images, texts)]
    units = [rows / np.linalg.norm(rows, axis=1, keepdims=True) for rows in units]
    best = (units[1] @ units[0].T).max(axis=1)
    report("retrieve reads files of all four libraries: scores",
           np.abs(best - [hit["top"][0]["score"] for hit in hits]), SCORE_LIMIT)


def main():
    with tempfile.TemporaryDirectory() as temporary:
        tools = Tools(pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve(), pathlib.Path(temporary))
        tools.make_model()
        truth = {kind: read_lines(tools.embed(kind, "jsonl")) for kind in ("image", "text")}
        check_file(tools, "npy", load_npy, truth)
        check_file(tools, "safetensors", load_safetensors, truth)
        check_file(tools, "faiss", read_index, truth, ("f32",))
        check_search(tools, truth)
        check_folder(tools, truth)
        recall = tools.recall(tools.root / "image.jsonl.", tools.root / "text.jsonl.")
        for form in ("npy", "safetensors", "faiss", "clip-retrieval"):
            same(form, recall, tools.recall(tools.root / f"image.{form}.--dtype.f32", tools.root / f"text.{form}.--dtype.f32"))
        print("retrieve: the same bytes from all five formats")
        check_reading(tools, truth, recall)
    sys.exit(failed)


if __name__ == "__main__":
    main()
