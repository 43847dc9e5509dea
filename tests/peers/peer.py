"""What the peers share: random texts, calls of our tools, the lines that say how a check went."""
import importlib.util
import json
import pathlib
import random
import subprocess
import sys
import tempfile
import traceback

TIMEOUT_S = 60
# Letters of one to four bytes, quotes, separators, line ends, and what a careless reader takes for more.
LETTERS = ["a", "b", " ", "e", "t", ",", "\t", '"', "'", "\\", "\n", "\r\n", "\r", ";", "é", "–", "山", "🙂", "\u2028", "\x00",
           "\x7f", "null", "\ufeff"]


class Failed(Exception):
    """Why a check failed."""


class Skipped(Exception):
    """Why a check could not be made."""


def words(rng, longest=40, without=()):
    letters = [letter for letter in LETTERS if letter not in without]
    return "".join(rng.choice(letters) for _ in range(rng.randrange(longest)))


def is_caption(text):
    """recaption-ingest takes no text and the words for it as no caption."""
    return text is not None and text.strip().lower() not in ("", "nan", "none", "null")


def call(build, tool, *arguments):
    return subprocess.run([build / "bin" / tool, *map(str, arguments)], capture_output=True, stdin=subprocess.DEVNULL,
                          timeout=TIMEOUT_S, env={"LC_ALL": "C"}, check=False)


def records(build, *arguments):
    """The records that recaption-ingest makes, with one thread and with two."""
    outputs = []
    for threads in ("1", "2"):
        done = call(build, "recaption-ingest", "-q", "-j", threads, *arguments)
        if done.returncode:
            raise Failed(f"exit status {done.returncode}: {done.stderr.decode()}")
        outputs.append(done.stdout)
    if outputs[0] != outputs[1]:
        raise Failed("one thread and two give different records")
    return [json.loads(line) for line in outputs[0].split(b"\n")[:-1]]


def same(what, expected, actual):
    if expected != actual:
        raise Failed(f"{what}: expected {expected!r:.300}, is {actual!r:.300}")


def run(checks, *, modules=(), tools=("recaption-ingest",)):
    """Runs `checks`, a dictionary of name to function(build, folder, rng); exits."""
    build = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "build").resolve()
    missing = [f"Python has no {name} (scripts/install-deps)" for name in modules if not importlib.util.find_spec(name)]
    missing += [f"{tool} is not built" for tool in tools if not (build / "bin" / tool).exists()]
    failed = False
    for name, check in checks.items():
        try:
            if missing:
                raise Skipped("; ".join(missing))
            with tempfile.TemporaryDirectory(prefix="lip-peer-") as folder:
                check(build, pathlib.Path(folder), random.Random(name))
            print(f"ok {name}")
        except Skipped as why:
            print(f"SKIPPED {name}: {why}")
        except Exception:  # pylint: disable=broad-except
            failed = True
            print(f"FAILED {name}")
            print("    " + "\n    ".join(traceback.format_exc().strip().splitlines()[-6:]))
    sys.exit(1 if failed else 0)
