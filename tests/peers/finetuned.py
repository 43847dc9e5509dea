#!/usr/bin/env python3
"""Models of other libraries, fine-tuned with `train --init` and given back: what we compute and what they compute of it.

    finetuned.py BIN SHARDS

Small random models as open_clip and transformers save them take a few steps, whole, with LoRA or beside themselves, are
exported to where they came from and opened there. Prints the smallest cosine of vectors of pictures and texts. Exits with
1 if it is under 0.999999. Needs what folders.py needs.
"""
import itertools
import pathlib
import shutil
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import folders  # noqa: E402
import open_clip  # noqa: E402
import torch  # noqa: E402
import transformers  # noqa: E402
from PIL import Image  # noqa: E402


def of_open_clip(folder, names):
    model, _, transform = open_clip.create_model_and_transforms(f"local-dir:{folder}")
    words = open_clip.get_tokenizer(f"local-dir:{folder}")
    model.eval()
    return (model.encode_image(torch.stack([transform(Image.open(name).convert("RGB")) for name in names])),
            model.encode_text(words(folders.TEXTS)))


WEIGHTS = "open_clip_pytorch_model.bin"


def of_weights(file, names):
    """A file of weights in the folder that it came from."""
    folder = file.with_suffix(".opened")
    shutil.copytree(file.with_suffix(".folder"), folder)
    shutil.copy(file, folder / WEIGHTS)
    return of_open_clip(folder, names)


def of_transformers(folder, names):
    model = transformers.CLIPModel.from_pretrained(folder).eval()
    words, pixels = transformers.CLIPTokenizer.from_pretrained(folder), transformers.CLIPImageProcessor.from_pretrained(folder)
    given = pixels([Image.open(name).convert("RGB") for name in names], return_tensors="pt")
    return (model.get_image_features(**given),
            model.get_text_features(**words(folders.TEXTS, padding=True, return_tensors="pt")))


def main():
    transformers.logging.set_verbosity_error()
    tools, shards, failed = pathlib.Path(sys.argv[1]).resolve(), sys.argv[2], 0
    with tempfile.TemporaryDirectory() as temporary:
        work = pathlib.Path(temporary)
        names = folders.pictures(work / "pictures")
        of_library = ((folders.hub_folder, "open_clip", of_open_clip), (folders.plain, "hf", of_transformers),
                      (folders.hub_folder, "pt", of_weights))
        for (make, form, theirs), how in itertools.product(of_library, ([], ["--lora", "4"], ["--distill", "START"])):
            name = form + "".join(how[:1])
            row, run, out = folders.Row(work, name), work / f"{name}-run", work / f"{name}-out"
            make(row)
            if form == "pt":  # nothing is named but the file: the rest lies beside it
                shutil.copytree(row.source, out.with_suffix(".folder"))
                row.source = pathlib.Path(row.source) / WEIGHTS
            how = [str(row.source) if word == "START" else word for word in how]
            folders.tool(tools, "train", "-q", "--init", row.source, "--data", shards, "--batch-size", "16", "--steps", "3",
                         "--warmup", "1", "--precision", "fp32", "--lr", "1e-3", *how, "-o", run)
            folders.tool(tools, "checkpoint", "export", "-q", "--format", form, run, "-o", out)
            ours = folders.vectors(tools, run, names, folders.TEXTS)
            with torch.no_grad():
                least = min(float((a * folders.unit(b)).sum(-1).min()) for a, b in zip(ours, theirs(out, names)))
            failed += least < folders.LEAST
            print(f"{'ok' if least >= folders.LEAST else 'OVER'}  {name:20} fine-tuned, exported, opened: cosine {least:.6f}")
    return failed > 0


sys.exit(main())
