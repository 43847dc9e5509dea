#!/usr/bin/env python3
"""Writes a small OWLv2 with random weights as Hugging Face has it: config.json, model.safetensors,
vocab.json, merges.txt. Needs nothing but Python.

    make_owlv2.py FOLDER [--without NAME]...      --without: this tensor is left out
"""
import argparse
import json
import pathlib
import random
import struct

WIDTH, JOINT, HIDDEN, LAYERS, PATCH, SIDE, CONTEXT = 32, 24, 64, 2, 8, 64, 16


def letters():
    """The signs that byte pairs are written with: a printable one for each byte."""
    plain = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    others = [b for b in range(256) if b not in plain]
    return [chr(b) for b in plain] + [chr(256 + i) for i in range(len(others))]


def vocabulary():
    signs = letters()
    tokens = signs + [sign + "</w>" for sign in signs] + ["<|startoftext|>", "<|endoftext|>"]
    return {token: i for i, token in enumerate(tokens)}


def shapes(vocabulary_size):
    owl, out = "owlv2.", {}
    vision, text = owl + "vision_model.", owl + "text_model."
    out[vision + "embeddings.class_embedding"] = [WIDTH]
    out[vision + "embeddings.patch_embedding.weight"] = [WIDTH, 3, PATCH, PATCH]
    out[vision + "embeddings.position_embedding.weight"] = [1 + (SIDE // PATCH) ** 2, WIDTH]
    out[text + "embeddings.token_embedding.weight"] = [vocabulary_size, JOINT]
    out[text + "embeddings.position_embedding.weight"] = [CONTEXT, JOINT]
    out[owl + "text_projection.weight"] = [JOINT, JOINT]
    norms = {vision + "pre_layernorm": WIDTH, vision + "post_layernorm": WIDTH, text + "final_layer_norm": JOINT,
             "layer_norm": WIDTH}
    linear = {"class_head.dense0": [JOINT, WIDTH], "class_head.logit_shift": [1, WIDTH],
              "class_head.logit_scale": [1, WIDTH]}
    for head, size in ("box_head", 4), ("objectness_head", 1):
        linear |= {f"{head}.dense0": [WIDTH, WIDTH], f"{head}.dense1": [WIDTH, WIDTH], f"{head}.dense2": [size, WIDTH]}
    for tower, width in (vision, WIDTH), (text, JOINT):
        for layer in range(LAYERS):
            block = f"{tower}encoder.layers.{layer}."
            norms |= {block + "layer_norm1": width, block + "layer_norm2": width}
            linear |= {block + f"self_attn.{part}_proj": [width, width] for part in ("q", "k", "v", "out")}
            linear |= {block + "mlp.fc1": [HIDDEN, width], block + "mlp.fc2": [width, HIDDEN]}
    for name, shape in linear.items():
        out[name + ".weight"], out[name + ".bias"] = shape, shape[:1]
    for name, width in norms.items():
        out[name + ".weight"] = out[name + ".bias"] = [width]
    return out


def values(name, shape, rng):
    count = 1
    for side in shape:
        count *= side
    is_norm = "norm" in name and name.endswith("weight")
    return [(1 if is_norm else 0) + rng.gauss(0, 0.25) for _ in range(count)]


def write_safetensors(path, tensors):
    header, body = {}, b""
    for name, (shape, numbers) in sorted(tensors.items()):
        data = struct.pack(f"<{len(numbers)}f", *numbers)
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [len(body), len(body) + len(data)]}
        body += data
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + body)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--without", action="append", default=[])
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    words = vocabulary()
    tower = {"num_hidden_layers": LAYERS, "intermediate_size": HIDDEN}
    config = {"model_type": "owlv2", "architectures": ["Owlv2ForObjectDetection"], "projection_dim": JOINT,
              "text_config": tower | {"hidden_size": JOINT, "num_attention_heads": 2, "vocab_size": len(words),
                                      "max_position_embeddings": CONTEXT, "bos_token_id": len(words) - 2,
                                      "eos_token_id": len(words) - 1},
              "vision_config": tower | {"hidden_size": WIDTH, "num_attention_heads": 4, "image_size": SIDE,
                                        "patch_size": PATCH}}
    (given.folder / "config.json").write_text(json.dumps(config, indent=2) + "\n")
    (given.folder / "vocab.json").write_text(json.dumps(words, ensure_ascii=False), encoding="utf-8")
    (given.folder / "merges.txt").write_text("#version: 0.2\n")
    rng = random.Random(1)
    tensors = {name: (shape, values(name, shape, rng)) for name, shape in shapes(len(words)).items()}
    write_safetensors(given.folder / "model.safetensors",
                      {name: tensor for name, tensor in tensors.items() if name not in given.without})


if __name__ == "__main__":
    main()
