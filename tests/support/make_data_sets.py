#!/usr/bin/env python3
"""Data sets as they are downloaded, made of some pictures: the layouts that shard's page packs.

usage: make_data_sets.py FOLDER PICTURE...     writes into FOLDER
  Images/, captions.txt                                  Flickr8k: a row a caption, five an image
  val2017/, captions_val2017.json, instances_val2017.json   COCO
  downloads/                                             img2dataset: a tar with WebP pictures
  pictures.parquet                                       Hugging Face: the pictures in a column (where pyarrow is)
"""
import csv
import ctypes
import ctypes.util
import io
import json
import pathlib
import subprocess
import sys
import tarfile

VENV = pathlib.Path(__file__).resolve().parent.parent.parent / ".deps/venv/bin/python"
# A column of Hugging Face's type Image: a struct of bytes and a path that may be null.
PARQUET = """
import json, pathlib, sys, pyarrow, pyarrow.parquet
rows = [json.loads(line) for line in sys.stdin]
pyarrow.parquet.write_table(pyarrow.table({
    "image": pyarrow.array([{"bytes": pathlib.Path(r["path"]).read_bytes(), "path": None} for r in rows],
                           pyarrow.struct([("bytes", pyarrow.binary()), ("path", pyarrow.string())])),
    "text": [r["text"] for r in rows]}), sys.argv[1])
"""


def webp(seed):
    """A picture that the system's libwebp encodes."""
    name = ctypes.util.find_library("webp")
    if not name:
        sys.exit("make_data_sets: libwebp is not found")
    library = ctypes.CDLL(name)
    width, height = 40, 30
    pixels = bytes((x * 5 + seed * 17) % 256 if c == 0 else (y * 7) % 256 if c == 1 else seed * 20 % 256
                   for y in range(height) for x in range(width) for c in range(3))
    library.WebPEncodeRGB.argtypes = [ctypes.c_char_p, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_float,
                                      ctypes.POINTER(ctypes.c_void_p)]
    library.WebPEncodeRGB.restype = ctypes.c_size_t
    out = ctypes.c_void_p()
    size = library.WebPEncodeRGB(pixels, width, height, 3 * width, 75.0, ctypes.byref(out))
    return ctypes.string_at(out, size)


def flickr8k(folder, pictures):
    """Images/ and captions.txt: a row a caption, five an image."""
    images = folder / "Images"
    images.mkdir()
    with open(folder / "captions.txt", "w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(["image", "caption"])
        for number, picture in enumerate(pictures):
            (images / f"{number}_a1b2.jpg").write_bytes(picture.read_bytes())
            rows.writerows([f"{number}_a1b2.jpg", f"A thing , number {number} , is seen {i} times ."] for i in range(5))


def coco(folder, pictures):
    """val2017/, captions_val2017.json and instances_val2017.json."""
    (folder / "val2017").mkdir()
    images, captions, boxes = [], [], []
    for number, picture in enumerate(pictures, 1):
        name = f"{number:012}.jpg"
        (folder / "val2017" / name).write_bytes(picture.read_bytes())
        images.append({"license": 1, "file_name": name, "height": 100, "width": 100, "id": number})
        captions += [{"image_id": number, "id": 10 * number + i, "caption": f"Picture {number}, said {i} times."}
                     for i in range(5)]
        boxes.append({"segmentation": [[1, 2, 3, 4, 5, 6]], "area": 8, "iscrowd": 0, "image_id": number,
                      "bbox": [10.5, 20, 30, 40], "category_id": 3, "id": number})
    for name, annotations in (("captions", captions), ("instances", boxes)):
        (folder / f"{name}_val2017.json").write_text(json.dumps(
            {"info": {"year": 2017}, "licenses": [], "images": images, "annotations": annotations,
             "categories": [{"supercategory": "a", "id": 3, "name": "car"}]}))


def img2dataset(folder, pictures):
    """A folder of tars with WebP pictures, tables and counts beside them."""
    downloads = folder / "downloads"
    downloads.mkdir()
    with tarfile.open(downloads / "00000.tar", "w") as tar:
        for number in range(len(pictures)):
            key = f"{number:09}"
            url = f"http://a.example/{number}.webp"
            members = {"webp": webp(number), "txt": f"A picture of {number} things.".encode(),
                       "json": json.dumps({"key": key, "status": "success", "url": url, "width": 40, "height": 30,
                                           "caption": f"A picture of {number} things."}).encode()}
            for ext, content in members.items():
                info = tarfile.TarInfo(f"{key}.{ext}")
                info.size = len(content)
                tar.addfile(info, io.BytesIO(content))
    (downloads / "00000_stats.json").write_text(json.dumps({"count": len(pictures), "successes": len(pictures)}))


def parquet(folder, pictures):
    """A Parquet file with the pictures in it."""
    if not VENV.exists():
        return
    rows = [json.dumps({"path": str(picture), "text": f"Picture {number}."}) for number, picture in enumerate(pictures)]
    subprocess.run([VENV, "-c", PARQUET, folder / "pictures.parquet"], input="\n".join(rows), text=True, check=True)


def main():
    folder, pictures = pathlib.Path(sys.argv[1]), [pathlib.Path(name) for name in sys.argv[2:]]
    for make in (flickr8k, coco, img2dataset, parquet):
        make(folder, pictures)


main()
