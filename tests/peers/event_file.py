#!/usr/bin/env python3
"""Reads what train --tensorboard writes with TensorBoard, beside metrics.jsonl of the same run.

    event_file.py BIN DATA

BIN is the folder of the tools, DATA a folder of make-scenes. A short run, then the same run resumed
from its second checkpoint with a torn event at the end, as after kill -9: every figure of every
line must be there once, as the nearest 32-bit number. Needs tensorboard, and spm_train.
"""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator  # noqa: E402

LIMIT = 5.1e-6  # metrics.jsonl has six digits, an event a 32-bit number
NOT_FIGURES = {"type", "step", "time"}


def scalars(folder, purge):
    """{tag: [(step, value)]}; without purging, what comes twice is seen."""
    reader = EventAccumulator(str(folder), size_guidance={"scalars": 0}, purge_orphaned_data=purge)
    reader.Reload()
    return {tag: [(e.step, e.value) for e in reader.Scalars(tag)] for tag in reader.Tags()["scalars"]}


def logged(run):
    """The same of metrics.jsonl, the last line of each step."""
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    by_step = {line["step"]: line for line in lines if line["type"] == "train"}
    found = {}
    for step in sorted(by_step):
        for name, value in by_step[step].items():
            if name not in NOT_FIGURES:
                found.setdefault(f"train/{name}", []).append((step, value))
    return found


def largest_difference(events, lines):
    if events.keys() != lines.keys():
        raise SystemExit(f"tags {sorted(events)} where metrics.jsonl has {sorted(lines)}")
    worst = 0.0
    for tag, expected in lines.items():
        steps = [step for step, _ in expected]
        if [step for step, _ in events[tag]] != steps:
            raise SystemExit(f"{tag}: steps {[step for step, _ in events[tag]]} where metrics.jsonl has {steps}")
        for (_, ours), (_, theirs) in zip(events[tag], expected, strict=True):
            worst = max(worst, abs(ours - theirs) / max(abs(theirs), 1e-30) if ours != theirs else 0.0)
    return worst


def prepare(tools, data, folder):
    def tool(name, *arguments, **options):
        return subprocess.run([tools / name, *map(str, arguments)], check=True, capture_output=True, **options).stdout
    records = tool("split-captions", input=tool("recaption-ingest", "-q", data / "train.csv"))
    tool("shard", "--image-root", data, "-o", folder / "shards/t", input=records)
    (folder / "sentences").write_bytes(tool("split-captions", "--format", "lines", input=records))
    subprocess.run(["spm_train", f"--input={folder}/sentences", f"--model_prefix={folder}/tok", "--model_type=bpe",
                    "--vocab_size=300", "--pad_id=0", "--bos_id=1", "--eos_id=2", "--unk_id=3",
                    "--hard_vocab_limit=false"], check=True, capture_output=True)


def main():
    tools, data = map(pathlib.Path, sys.argv[1:3])
    worst = 0.0
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        prepare(tools, data, folder)
        run = folder / "run"
        train = [tools / "train", "-q", "--method", "siglip", "--arch", "demo", "--tokenizer", folder / "tok.model",
                 "--data", folder / "shards", "--batch-size", "8", "--steps", "8", "--warmup", "2", "--log-every", "2",
                 "--checkpoint-every", "2", "--keep", "0", "--tensorboard", "-o", run]
        subprocess.run(train, check=True, capture_output=True)
        first = scalars(run / "tensorboard", purge=False)
        worst = max(worst, largest_difference(first, logged(run)))

        for step in (6, 8):
            shutil.rmtree(run / f"checkpoints/step-{step:08}")
        with open(run / "tensorboard/events.out.tfevents.00000000.train", "ab") as out:
            out.write(b"\x50\x00\x00\x00\x00\x00\x00\x00torn")
        subprocess.run([*train, "--resume"], check=True, capture_output=True)
        for purge in (False, True):
            worst = max(worst, largest_difference(scalars(run / "tensorboard", purge), logged(run)))
        files = sorted(path.name for path in (run / "tensorboard").iterdir())
    print(f"TensorBoard reads {len(first)} figures of 4 lines in {len(files)} files, resumed: "
          f"largest relative difference {worst:.1e}, limit {LIMIT:.0e}")
    return worst > LIMIT or len(files) != 2


if __name__ == "__main__":
    sys.exit(main())
