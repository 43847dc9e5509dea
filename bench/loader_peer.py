"""The usual ways from photographs to training input, on one thread; bench/loader runs them.

usage: loader_peer.py FOLDER pillow|torchvision      JSON: images per second of processor time
"""
import io
import json
import pathlib
import sys
import time

import PIL.Image
import torch
import torchvision
from torchvision import transforms
from torchvision.transforms import v2

MEAN, STD = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)
CROP = {"size": 224, "scale": (0.9, 1.0), "interpolation": transforms.InterpolationMode.BICUBIC}

torch.set_num_threads(1)
torch.manual_seed(0)


def pillow():
    transform = transforms.Compose([transforms.RandomResizedCrop(**CROP), transforms.ToTensor(),
                                    transforms.Normalize(MEAN, STD)])
    return lambda data: transform(PIL.Image.open(io.BytesIO(data)).convert("RGB"))


def tensors():
    transform = v2.Compose([v2.RandomResizedCrop(**CROP, antialias=True), v2.ToDtype(torch.float32, scale=True),
                            v2.Normalize(MEAN, STD)])
    return lambda data: transform(torchvision.io.decode_image(torch.frombuffer(bytearray(data), dtype=torch.uint8), "RGB"))


def main():
    files = [path.read_bytes() for path in sorted(pathlib.Path(sys.argv[1]).iterdir()) if path.is_file()]
    load = {"pillow": pillow, "torchvision": tensors}[sys.argv[2]]()
    for data in files[:20]:
        load(data)
    start = time.process_time()
    for data in files:
        load(data)
    seconds = time.process_time() - start
    print(json.dumps({"images_per_s": len(files) / seconds, "images": len(files)}))


main()
