#!/usr/bin/env python3
"""Augmentations by torchvision on a small image; writes augment.json beside this file.

usage: .deps/peers-venv/bin/python tests/golden/augment_reference.py      (torchvision 0.29)

Values are hexadecimal, three bytes a pixel, row by row. `ops` are single operations, `rand_augment` those of RandAugment(2, 7)
as its transform applies them, with both signs.
"""
import json
import math
import pathlib

import torch
from torchvision.transforms import InterpolationMode, autoaugment
from torchvision.transforms import functional as F

WIDTH, HEIGHT = 24, 17


def image():
    """A few waves; every value follows from its index alone."""
    bytes_ = [int(120 + 60 * math.sin(0.37 * x + c) + 55 * math.cos(0.29 * y * (c + 1) + 0.11 * x)) for y in range(HEIGHT)
              for x in range(WIDTH) for c in range(3)]
    return torch.tensor(bytes_, dtype=torch.uint8).view(HEIGHT, WIDTH, 3).permute(2, 0, 1).contiguous()


def text(tensor):
    return bytes(tensor.permute(1, 2, 0).flatten().tolist()).hex()


def main():
    source = image()
    ops = {}
    for factor in (0.6, 1.3):
        ops[f"brightness {factor}"] = F.adjust_brightness(source, factor)
        ops[f"contrast {factor}"] = F.adjust_contrast(source, factor)
        ops[f"saturation {factor}"] = F.adjust_saturation(source, factor)
        ops[f"sharpness {factor}"] = F.adjust_sharpness(source, factor)
    for turn in (-0.1, 0.07):
        ops[f"hue {turn}"] = F.adjust_hue(source, turn)
    ops["grey 0"] = F.rgb_to_grayscale(source, num_output_channels=3)
    ops["flip 0"] = F.hflip(source)
    ops["posterize 3"] = F.posterize(source, 3)
    ops["solarize 120.5"] = F.solarize(source, 120.5)
    ops["autocontrast 0"] = F.autocontrast(source)
    ops["equalize 0"] = F.equalize(source)
    for sigma in (0.1, 0.8, 2.0):
        ops[f"blur {sigma}"] = F.gaussian_blur(source, [2 * math.ceil(3 * sigma) + 1] * 2, [sigma] * 2)

    augment = autoaugment.RandAugment(2, 7)
    rand_augment = {}
    for name, (magnitudes, signed) in augment._augmentation_space(31, (HEIGHT, WIDTH)).items():
        size = float(magnitudes[7]) if magnitudes.ndim > 0 else 0.0
        rand_augment[name] = [text(autoaugment._apply_op(source, name, sign * size, InterpolationMode.NEAREST, None))
                              for sign in ((1, -1) if signed else (1, 1))]
    data = {"width": WIDTH, "height": HEIGHT, "image": text(source), "ops": {name: text(out) for name, out in ops.items()},
            "rand_augment": rand_augment}
    path = pathlib.Path(__file__).with_name("augment.json")
    path.write_text(json.dumps(data, indent=0) + "\n")


main()
