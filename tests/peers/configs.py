#!/usr/bin/env python3
"""Every configuration that open_clip ships: read by us, or refused in a sentence.

    configs.py BIN

Prints a line for each refusal and the two counts. A configuration counts as read if `checkpoint import` gets as far as
the weights, which are not there. Exits with 1 if a refusal is longer than a sentence or names no key, or fewer than 60
are read. Needs open_clip_torch.
"""
import json
import pathlib
import subprocess
import sys
import tempfile

import open_clip


def main():
    tool = pathlib.Path(sys.argv[1]).resolve() / "checkpoint"
    read, refused, good = 0, 0, True
    for config in sorted((pathlib.Path(open_clip.__file__).parent / "model_configs").glob("*.json")):
        with tempfile.TemporaryDirectory() as folder:
            whole = {"model_cfg": json.loads(config.read_text()), "preprocess_cfg": {}}
            (pathlib.Path(folder) / "open_clip_config.json").write_text(json.dumps(whole))
            done = subprocess.run([tool, "import", "-n", folder, "-o", "none"], capture_output=True, text=True, check=False)
        said = done.stderr.strip().replace(folder + "/open_clip_config.json", "")
        if "holds none of open_clip_model.safetensors" in said:
            read += 1
            continue
        refused += 1
        sentence = said.removeprefix("checkpoint: ")
        is_clear = done.returncode == 1 and "\n" not in said and "not supported" in said
        good &= is_clear
        print(f"{'ok' if is_clear else 'OVER'}  {config.stem:44} {sentence}")
    print(f"{read} configurations read, {refused} refused")
    return not good or read < 60


sys.exit(main())
