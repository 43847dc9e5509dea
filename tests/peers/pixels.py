#!/usr/bin/env python3
"""Compares the pixels of lib/image with Pillow's and torchvision's, with the largest difference of each op.

    pixels.py [--limit N] PROBE [IMAGE...]

PROBE is the program built from pixels_probe.cpp. Pictures made here (odd sizes, every kind of
PNG, grey and CMYK JPEG, WebP, EXIF orientations) are compared always, files in addition.
Needs numpy, torch, torchvision and Pillow 12.1 or older (lib/image/resize.h says what changed then).
Exits with 1 if a difference is over the limit [1], of 255.
"""

import argparse
import collections
import io
import pathlib
import struct
import subprocess
import sys
import tempfile
import zlib

import numpy as np
import PIL
from PIL import Image, ImageOps
from torchvision.transforms import v2

# Thin pictures become huge before they are cropped: those are not a bomb.
Image.MAX_IMAGE_PIXELS = None
FILTERS = {"bicubic": Image.Resampling.BICUBIC, "bilinear": Image.Resampling.BILINEAR}


def torchvision_eval(image, size, name):
    """Resize(size) and CenterCrop(size), as open_clip and most evaluations put them together."""
    interpolation = getattr(v2.InterpolationMode, name.upper())
    return v2.CenterCrop(size)(v2.Resize(size, interpolation=interpolation, antialias=True)(image))


def shortest(image, size, resample):
    """The same from Pillow alone."""
    w, h = image.size
    if w <= h:
        image = image.resize((size, size * h // w), resample)
    else:
        image = image.resize((size * w // h, size), resample)
    x, y = round((image.width - size) / 2), round((image.height - size) / 2)
    return image.crop((x, y, x + size, y + size))


def longest(image, size, resample):
    """The square of CLOC: long side to size, short side rounded half up, centred on black."""
    m = max(image.size)
    w, h = (max(1, (2 * side * size + m) // (2 * m)) for side in image.size)
    square = Image.new("RGB", (size, size))
    square.paste(image.resize((w, h), resample), ((size - w) // 2, (size - h) // 2))
    return square


def peer(image, op):
    """What Pillow makes of op, written as for the probe."""
    name, *args = op.split(":")
    if name == "scaled":
        w, h = image.size
        divisor = next(d for d in (8, 4, 2, 1) if d == 1 or -(-min(w, h) // d) >= int(args[0]))
        image.draft("RGB", (w // divisor, h // divisor))
        return image.convert("RGB")
    rgb = image.convert("RGB")
    if name == "oriented":
        return ImageOps.exif_transpose(image).convert("RGB")
    if name in ("decode", "png"):
        return rgb
    if name == "preprocess":
        size, mode, resample = int(args[0]), args[1], FILTERS[args[2]]
        if mode == "squash":
            return rgb.resize((size, size), resample)
        if args[3:] == ["torchvision"]:
            return torchvision_eval(rgb, size, args[2])
        return (shortest if mode == "shortest" else longest)(rgb, size, resample)
    size, resample = (int(args[0]), int(args[1])), FILTERS[args[2]]
    if len(args) == 3:
        return rgb.resize(size, resample)
    if name == "resize":
        return rgb.resize(size, resample, box=tuple(map(float, args[3:])))
    return rgb.crop(tuple(map(int, args[3:]))).resize(size, resample)


def probe(program, path, ops):
    """The arrays the probe prints, or its complaint as a string, for each op."""
    out = subprocess.run([program, path, *ops], check=True, stdout=subprocess.PIPE).stdout
    results = []
    while out:
        head, _, out = out.partition(b"\n")
        if head.startswith(b"bad "):
            results.append(head.decode())
            continue
        w, h = map(int, head.split())
        results.append(np.frombuffer(out[: 3 * w * h], np.uint8).reshape(h, w, 3))
        out = out[3 * w * h :]
    return results


def ops_for(image):
    """Ops that make sense for this image."""
    width, height = image.size
    ops = ["decode", "oriented", "png"]
    for name in FILTERS:
        for w, h in ((224, 224), (width, 37), (37, height), (1, 1), (width, height), (333, 17)):
            ops.append(f"resize:{w}:{h}:{name}")
        box = (width * 0.137, height * 0.21, width * 0.861, height * 0.93)
        ops.append(f"resize:160:224:{name}:" + ":".join(f"{v:.4f}" for v in box))
        left, top = width // 5, height // 7
        ops.append(f"resize_crop:224:224:{name}:{left}:{top}:{width}:{max(height - 3, top + 1)}")
        for mode in ("shortest", "squash", "longest"):
            for size in (224, 31):
                ops.append(f"preprocess:{size}:{mode}:{name}")
                if mode == "shortest":
                    ops.append(f"preprocess:{size}:{mode}:{name}:torchvision")
    if image.format == "JPEG" and image.mode == "RGB" and min(image.size) > 100:
        ops += ["scaled:200", "scaled:90", "scaled:20"]
    return ops


def png(width, height, bits, colour, rows, chunks=b""):
    """A PNG file with these unfiltered rows."""
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    head = struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0)
    body = zlib.compress(b"".join(b"\0" + row for row in rows))
    extra = b"".join(chunk(kind, data) for kind, data in chunks) if chunks else b""
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + extra + chunk(b"IDAT", body)
            + chunk(b"IEND", b""))


def png_kinds(random):
    """Every bit depth and colour type, with and without transparency."""
    channels = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
    for colour, depths in {0: (1, 2, 4, 8), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}.items():
        for bits in depths:
            width, height = 37, 11
            row = (width * bits * channels[colour] + 7) // 8
            rows = [random.bytes(row) for _ in range(height)]
            palette = [(b"PLTE", random.bytes(3 * 2**min(bits, 8)))] if colour == 3 else []
            yield f"png{colour}-{bits}", png(width, height, bits, colour, rows, palette)
            if colour in (0, 2, 3):
                key = random.bytes(2**bits) if colour == 3 else struct.pack(">3H", 1, 0, 1)
                trns = palette + [(b"tRNS", key[: 2 if colour == 0 else len(key)])]
                yield f"png{colour}-{bits}-trns", png(width, height, bits, colour, rows, trns)
    yield "palette-short", png(4, 1, 8, 3, [bytes([0, 1, 2, 200])], [(b"PLTE", bytes(range(6)))])


def made_images(random):
    """(name, bytes) of pictures that have been trouble somewhere."""
    def noise(width, height, channels=3):
        shape = (height, width, channels) if channels > 1 else (height, width)
        return random.integers(0, 256, shape, np.uint8)

    def saved(image, kind, **options):
        out = io.BytesIO()
        image.save(out, kind, **options)
        return out.getvalue()

    for w, h in ((1, 1), (1, 7), (7, 1), (3, 400), (400, 3), (2, 2), (17, 16), (501, 377), (1000, 9)):
        yield f"noise{w}x{h}.png", saved(Image.fromarray(noise(w, h)), "PNG")
        for quality in (30, 95):
            for subsampling in (0, 1, 2):
                data = saved(Image.fromarray(noise(w, h)), "JPEG", quality=quality,
                             subsampling=subsampling, progressive=quality == 30)
                yield f"noise{w}x{h}-{quality}-{subsampling}.jpg", data
        for channels in (3, 4):
            for options in ({"lossless": True}, {"lossless": True, "exact": True}, {"quality": 30}, {"quality": 90}):
                data = saved(Image.fromarray(noise(w, h, channels)), "WEBP", **options)
                yield f"noise{w}x{h}-{channels}-{'-'.join(map(str, options.values()))}.webp", data
    for w, h in ((1, 999), (999, 1), (2, 3001), (3, 4000), (4000, 3)):
        yield f"thin{w}x{h}.png", saved(Image.fromarray(noise(w, h)), "PNG")
        yield f"thin{w}x{h}.jpg", saved(Image.fromarray(noise(w, h)), "JPEG", quality=85)
    yield "grey.jpg", saved(Image.fromarray(noise(61, 43, 1)), "JPEG")
    yield "cmyk.jpg", saved(Image.fromarray(noise(61, 43, 4), "CMYK"), "JPEG")
    for orientation in range(1, 9):
        exif = Image.Exif()
        exif[0x0112] = orientation
        for kind in ("JPEG", "PNG", "WEBP"):
            yield f"exif{orientation}.{kind}", saved(Image.fromarray(noise(40, 23)), kind, exif=exif)
    for name, data in png_kinds(random):
        yield name, data


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--limit", type=int, default=1)
    parser.add_argument("probe")
    parser.add_argument("images", nargs="*")
    args = parser.parse_args()

    if tuple(map(int, PIL.__version__.split(".")[:2])) > (12, 1):
        sys.exit(f"pixels.py: Pillow {PIL.__version__} filters in another order; use 12.1 or older")

    largest, differing, total = (collections.Counter() for _ in range(3))
    failures = 0
    with tempfile.TemporaryDirectory() as folder:
        paths = [pathlib.Path(p) for p in args.images]
        for name, data in made_images(np.random.default_rng(7)):
            paths.append(pathlib.Path(folder) / name)
            paths[-1].write_bytes(data)
        for path in paths:
            with Image.open(path) as image:
                ops = ops_for(image)
            for op, ours in zip(ops, probe(args.probe, path, ops), strict=True):
                with Image.open(path) as image:
                    theirs = np.asarray(peer(image, op))
                key = " ".join(word for word in op.split(":") if word.isalpha() or "_" in word)
                key += " box" if op.startswith("resize:") and op.count(":") > 3 else ""
                if isinstance(ours, str) or ours.shape != theirs.shape:
                    print(f"{path} {op}: {ours if isinstance(ours, str) else ours.shape}")
                    failures += 1
                    continue
                gap = np.abs(ours.astype(int) - theirs)
                largest[key] = max(largest[key], int(gap.max()))
                differing[key] += int((gap > 0).sum())
                total[key] += gap.size
                if gap.max() > args.limit:
                    print(f"{path} {op}: differs by {gap.max()}")
                    failures += 1
    print(f"{len(paths)} images; op, largest difference of 255, bytes that differ, bytes")
    for key in sorted(total):
        print(f"{key:40} {largest[key]:3} {differing[key]:8} {total[key]:10}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
