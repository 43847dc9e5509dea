#!/usr/bin/env python3
"""Compares the detector OWLv2 with Hugging Face's, on random weights and pictures.

    owlv2.py BIN PROBE

BIN is the folder of the tools, PROBE the program built from owlv2_probe.cpp. Compared are the pixels with
Owlv2ImageProcessor (the one on tensors: the blur of the older one reaches a little further),
logits, boxes and objectness with Owlv2ForObjectDetection, at the size of the model and at another, and what ground
writes with post_process_object_detection. Exits with 1 if a difference is over 1e-4. Needs torch, torchvision,
transformers, safetensors, pillow.
"""
import json
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import torch
from PIL import Image
from safetensors.numpy import load_file
from transformers import (CLIPTokenizer, Owlv2Config, Owlv2ForObjectDetection, Owlv2ImageProcessor, Owlv2Processor)

LIMIT = 1e-4
SIDE, OTHER = 96, 64
worst_of_all = 0.0
SIZES = [(96, 96), (200, 130), (77, 240), (640, 480), (50, 31), (97, 96)]
TEXTS = ["a red dog", "the Sky", "a small ball on a table, near a window and a very long curtain", "x"]


def report(name, theirs, mine):
    global worst_of_all
    assert np.shape(theirs) == np.shape(mine), (name, np.shape(theirs), np.shape(mine))
    worst = float(np.abs(np.asarray(theirs, np.float64) - np.asarray(mine, np.float64)).max())
    worst_of_all = max(worst_of_all, worst)
    print(f"{name:44} {worst:.1e}", flush=True)


def picture(size, path, seed):
    """Soft colours with hard edges: both what a blur keeps and what it removes."""
    rng = np.random.default_rng(seed)
    soft = Image.fromarray(rng.integers(0, 256, (6, 6, 3), dtype=np.uint8)).resize(size, Image.Resampling.BICUBIC)
    pixels = np.asarray(soft).copy()
    pixels[size[1] // 4:size[1] // 2, ::3] = rng.integers(0, 256, 3)
    Image.fromarray(pixels).save(path)
    return Image.open(path).convert("RGB")


def new_model(words):
    tower = dict(num_hidden_layers=3, intermediate_size=100)
    config = Owlv2Config(
        text_config=dict(tower, hidden_size=48, num_attention_heads=4, vocab_size=len(words), pad_token_id=0,
                         bos_token_id=len(words) - 2, eos_token_id=len(words) - 1),
        vision_config=dict(tower, hidden_size=64, num_attention_heads=4, image_size=SIDE, patch_size=16), projection_dim=48)
    torch.manual_seed(3)
    model = Owlv2ForObjectDetection(config)
    with torch.no_grad():
        for parameter in model.parameters():  # as they begin, the heads' outputs are in the hundreds
            if parameter.dim() <= 1:
                parameter.add_(0.1 * torch.randn_like(parameter))
            else:
                parameter.copy_(torch.randn_like(parameter) / parameter[0].numel() ** 0.5)
    return model.eval()


def check_model(probe, folder, model, processor, image, path, side, name):
    ids = processor.tokenizer(TEXTS, padding="max_length", max_length=16, truncation=True, return_tensors="pt")
    plain = [[i for i, m in zip(row, mask) if m] for row, mask in
             zip(ids.input_ids.tolist(), ids.attention_mask.tolist())]
    (folder / "texts.json").write_text(json.dumps(plain))
    subprocess.run([probe, folder / "hf", path, folder / "texts.json", str(side), folder / "out.safetensors"], check=True)
    mine = load_file(folder / "out.safetensors")
    with torch.no_grad():
        theirs = model(pixel_values=torch.from_numpy(mine["pixels"]), input_ids=ids.input_ids,
                       attention_mask=ids.attention_mask, interpolate_pos_encoding=side != SIDE)
    report(f"{name}: logits", theirs.logits.numpy(), mine["logits"])
    report(f"{name}: boxes", theirs.pred_boxes.numpy(), mine["boxes"])
    report(f"{name}: objectness", theirs.objectness_logits.numpy(), mine["objectness"])
    return mine["pixels"]


def check_pixels(processor, image, pixels, side, name):
    theirs = processor(images=image, size={"height": side, "width": side}, return_tensors="pt")["pixel_values"].numpy()
    report(f"{name}: pixels", theirs, pixels)


def check_tool(tools, folder, model, processor, image, path):
    """The records that ground writes, beside the library's own way from picture to boxes."""
    inputs = processor(text=[TEXTS[:2] + TEXTS[3:]], images=image, return_tensors="pt")
    with torch.no_grad():
        outputs = model(**inputs)
    found = processor.image_processor.post_process_object_detection(
        outputs, threshold=0.0, target_sizes=[(image.height, image.width)])[0]
    boxes = found["boxes"].numpy() / np.array([image.width, image.height] * 2)
    boxes = boxes.clip(0, 1)
    inside = (boxes[:, 2] > boxes[:, 0]) & (boxes[:, 3] > boxes[:, 1])
    order = np.argsort(-found["scores"].numpy(), kind="stable")
    order = order[inside[order]]
    query = sum((["--query", text] for text in TEXTS[:2] + TEXTS[3:]), [])
    for checkpoint in ("hf", "imported"):
        done = subprocess.run([tools / "ground", "-q", "--precision", "fp32", "-m", folder / checkpoint, "--nms", "1", "--min-area", "0",
                               "--min-score", "0", *query, path], check=True, capture_output=True)
        regions = json.loads(done.stdout)["regions"]
        texts = TEXTS[:2] + TEXTS[3:]
        report(f"ground -m {checkpoint}: scores", found["scores"].numpy()[order], [r["score"] for r in regions])
        report(f"ground -m {checkpoint}: boxes", boxes[order], [r["box"] for r in regions])
        report(f"ground -m {checkpoint}: phrases", found["labels"].numpy()[order], [texts.index(r["text"]) for r in regions])


def main():
    tools, probe = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()
    support = pathlib.Path(__file__).resolve().parent.parent / "support"
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        subprocess.run([support / "make_owlv2.py", folder / "words"], check=True)
        words = json.loads((folder / "words" / "vocab.json").read_text(encoding="utf-8"))
        tokenizer = CLIPTokenizer(str(folder / "words" / "vocab.json"), str(folder / "words" / "merges.txt"), pad_token="!",
                                  model_max_length=16)
        processor = Owlv2Processor(Owlv2ImageProcessor(size={"height": SIDE, "width": SIDE}), tokenizer)
        model = new_model(words)
        model.save_pretrained(folder / "hf")
        for name in ("vocab.json", "merges.txt"):
            (folder / "hf" / name).write_bytes((folder / "words" / name).read_bytes())
        subprocess.run([tools / "checkpoint", "import", "-q", folder / "hf", "-o", folder / "imported"], check=True)
        for seed, size in enumerate(SIZES):
            path = folder / f"{seed}.png"
            image = picture(size, path, seed)
            for side in (SIDE, OTHER) if seed < 3 else (SIDE,):
                name = f"{size[0]} x {size[1]} at {side}"
                pixels = check_model(probe, folder, model, processor, image, path, side, name)
                check_pixels(processor.image_processor, image, pixels, side, name)
        path = folder / "1.png"
        check_tool(tools, folder, model, processor, Image.open(path).convert("RGB"), path)
    print(f"largest difference {worst_of_all:.1e}, limit {LIMIT:.0e}")
    sys.exit(worst_of_all > LIMIT)


if __name__ == "__main__":
    main()
