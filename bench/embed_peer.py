#!/usr/bin/env python3
"""Vectors with open_clip, Pillow and NumPy, as people's scripts make them: the peer of bench/embed.

    embed_peer.py make NAME FOLDER                     a model of random weights, as open_clip keeps it
    embed_peer.py embed FOLDER PHOTOS PRECISION OUT    all photographs of a folder, batches of 64, 2 workers
    embed_peer.py retrieve IMAGES TEXTS                ranks of .npy vectors, 5 texts an image, both ways

Prints one JSON line; the import of the libraries is not counted.
"""
import json
import pathlib
import resource
import sys
import time

import numpy
import open_clip
import torch
from PIL import Image
from safetensors.torch import save_file

BATCH, WORKERS, TEXTS_AN_IMAGE = 64, 2, 5


class Photographs(torch.utils.data.Dataset):
    def __init__(self, folder, transform):
        self.files, self.transform = sorted(pathlib.Path(folder).iterdir()), transform

    def __len__(self):
        return len(self.files)

    def __getitem__(self, index):
        return self.transform(Image.open(self.files[index]).convert("RGB"))


def make(name, folder):
    torch.manual_seed(1)
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True)
    model = open_clip.create_model(name)
    pixels = {"mean": open_clip.OPENAI_DATASET_MEAN, "std": open_clip.OPENAI_DATASET_STD, "interpolation": "bicubic",
              "resize_mode": "shortest"}
    (folder / "open_clip_config.json").write_text(
        json.dumps({"model_cfg": open_clip.get_model_config(name), "preprocess_cfg": pixels}))
    save_file({key: value.contiguous() for key, value in model.state_dict().items()},
              str(folder / "open_clip_model.safetensors"))


def embed(folder, photos, precision, out):
    start = time.perf_counter()
    model, _, transform = open_clip.create_model_and_transforms(f"local-dir:{folder}")
    model.eval()
    loader = torch.utils.data.DataLoader(Photographs(photos, transform), BATCH, num_workers=WORKERS)
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16, enabled=precision == "bf16"):
        vectors = [model.encode_image(batch, normalize=True).float().numpy() for batch in loader]
    numpy.save(out, numpy.concatenate(vectors))
    seconds = time.perf_counter() - start
    return {"seconds": seconds, "mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}


def retrieve(images, texts):
    images, texts = (torch.from_numpy(numpy.load(name)) for name in (images, texts))
    start = time.perf_counter()
    scores = images @ texts.T
    right = torch.arange(len(texts)) // TEXTS_AN_IMAGE
    of_images = (right[scores.topk(10).indices] == torch.arange(len(images))[:, None]).any(1).float().mean()
    of_texts = (scores.T.topk(10).indices == right[:, None]).any(1).float().mean()
    return {"seconds": time.perf_counter() - start, "i2t": float(of_images), "t2i": float(of_texts)}


print(json.dumps({"make": make, "embed": embed, "retrieve": retrieve}[sys.argv[1]](*sys.argv[2:])))
