#!/usr/bin/env python3
"""Our tokenizers beside those of open_clip, transformers, tokenizers and sentencepiece.

    tokenizer.py PROBE [LINES [SEED]]            default: 10000 lines, seed 20
    tokenizer.py --golden FOLDER                 writes the small vocabulary and its ids for the unit tests

PROBE is the program built from tokenizer_probe.cpp. Needs open_clip_torch (for its tokenizer and its
vocabulary; torch itself is not needed), ftfy, regex, transformers, tokenizers, sentencepiece.
Prints for each peer how many captions of tokenizer_corpus.py have the same ids, the first that do
not, and the time of one pass over all captions on one core. Where SentencePiece's scores of two ways to cut a text
tie, versions of the library differ: such captions are counted apart. Exit status 1 if any others differ.
"""
import gzip
import importlib.util
import json
import math
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import types

os.environ["TOKENIZERS_PARALLELISM"] = "false"
os.environ["TRANSFORMERS_VERBOSITY"] = "error"
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from tokenizer_corpus import WORDS, captions  # noqa: E402

CONTEXT = 77
UNCUT = 1 << 20


def open_clip_module():
    """open_clip/tokenizer.py alone: the package imports torch, which the tokenizer needs only for its result."""
    spec = importlib.util.find_spec("open_clip")
    folder = pathlib.Path(spec.submodule_search_locations[0])
    if importlib.util.find_spec("torch") is None:
        torch = types.ModuleType("torch")
        torch.LongTensor = torch.Tensor = object
        sys.modules["torch"] = torch
    spec = importlib.util.spec_from_file_location("open_clip_tokenizer", folder / "tokenizer.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def write_pair(folder, vocabulary):
    """vocab.json and merges.txt of an open_clip vocabulary, as Hugging Face has them."""
    folder.mkdir(exist_ok=True)
    lines = gzip.open(vocabulary).read().decode().split("\n")[1:49152 - 256 - 2 + 1]
    order = [*range(33, 127), *range(161, 173), *range(174, 256)]
    letters = [chr(c) for c in order] + [chr(256 + i) for i in range(256 - len(order))]
    tokens = letters + [c + "</w>" for c in letters] + ["".join(line.split()) for line in lines]
    tokens += ["<|startoftext|>", "<|endoftext|>"]
    (folder / "vocab.json").write_text(json.dumps({token: i for i, token in enumerate(tokens)}))
    (folder / "merges.txt").write_text("#version: 0.2\n" + "\n".join(lines) + "\n")


def train_sentencepiece(folder):
    """A model with SigLIP's special pieces: <pad> 0, </s> 1, <unk> 2, no begin piece."""
    import sentencepiece
    sentences = [text for text in captions(4000, seed=3) if 0 < len(text) < 400] + [" ".join(WORDS)] * 20
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(sentences), model_prefix=str(folder / "siglip"), vocab_size=2000, pad_id=0, eos_id=1, unk_id=2,
        bos_id=-1, character_coverage=0.98, minloglevel=2, num_threads=1)
    return folder / "siglip.model"


def cut(begin, ids, end, context=CONTEXT):
    return begin + ids[:context - len(begin) - 1] + [end]


def ours(probe, *arguments, texts):
    lines = "".join(json.dumps(text) + "\n" for text in texts)
    return subprocess.run([probe, *map(str, arguments)], input=lines, text=True, capture_output=True, check=True).stdout.splitlines()


class Ties:
    """Two ways to cut a text whose scores have exactly the same sum: which of them comes out hangs on the rounding of
    32-bit sums, which versions of the library and the text before it change."""

    def __init__(self, processor):
        self.pieces = [processor.id_to_piece(i) for i in range(processor.get_piece_size())]
        self.scores = [processor.get_score(i) for i in range(processor.get_piece_size())]
        self.unknown = processor.unk_id()

    def __contains__(self, pair):
        text = ["".join("\0" if i == self.unknown else self.pieces[i] for i in ids) for ids in pair]
        sums = [math.fsum(self.scores[i] for i in ids) for ids in pair]
        return text[0] == text[1] and sums[0] == sums[1]


def compare(name, texts, mine, reference, ties=()):
    """Ids that are equal; ties are counted apart. All others count as wrong, and the first is shown."""
    start = time.process_time()
    theirs = [reference(text) for text in texts]
    seconds = time.process_time() - start
    equal = tied = wrong = 0
    for text, a, b in zip(texts, mine, theirs, strict=True):
        ids = list(map(int, a.split()))
        if ids == list(b):
            equal += 1
        elif (ids, list(b)) in ties:
            tied += 1
        else:
            wrong += 1
            if wrong == 1:
                print(f"  {name}: {text[:200]!a}\n    ours   {a[:300]}\n    theirs {' '.join(map(str, b))[:300]}")
    note = f", {tied} ties of scores" if ties != () else ""
    print(f"{name:58} {equal:6} of {len(texts)} equal{note}, {wrong} wrong   peer {seconds:6.2f} s")
    return wrong == 0


def golden(folder):
    """A vocabulary of 600 merges of our own, and what open_clip and transformers make of it."""
    from transformers import CLIPTokenizer
    module = open_clip_module()
    words = [w.lower() for text in captions(400, seed=9) for w in text.split() if len(w) < 20]
    order = module.bytes_to_unicode()
    split = {}
    for word in words:
        symbols = [order[b] for b in word.encode()]
        key = tuple(symbols[:-1]) + (symbols[-1] + "</w>",)
        split[key] = split.get(key, 0) + 1
    merges = []
    for _ in range(600):
        pairs = {}
        for word, count in split.items():
            for pair in zip(word, word[1:]):
                pairs[pair] = pairs.get(pair, 0) + count
        best = max(pairs, key=lambda p: (pairs[p], p))
        merges.append(best)
        joined = {}
        for word, count in split.items():
            out, i = [], 0
            while i < len(word):
                both = word[i:i + 2] == best
                out.append("".join(best) if both else word[i])
                i += 1 + both
            joined[tuple(out)] = joined.get(tuple(out), 0) + count
        split = joined
    text = "#version: 0.2\n" + "\n".join(" ".join(m) for m in merges)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "bpe_small.txt").write_text(text)
    with tempfile.TemporaryDirectory() as work:
        work = pathlib.Path(work)
        with gzip.open(work / "v.txt.gz", "wb") as packed:
            packed.write(text.encode())
        clip = module.SimpleTokenizer(str(work / "v.txt.gz"))
        write_pair(work, work / "v.txt.gz")
        fast = CLIPTokenizer(str(work / "vocab.json"), str(work / "merges.txt"))
        with open(folder / "ids.jsonl", "w") as out:
            for text in captions(160, seed=7):
                if len(text) > 400:
                    continue
                out.write(json.dumps({"text": text, "open_clip": [clip.sot_token_id, *clip.encode(text), clip.eot_token_id],
                                      "huggingface": fast(text)["input_ids"], "cleaned": module._clean_lower(text)}) + "\n")


def main():
    if sys.argv[1] == "--golden":
        return golden(pathlib.Path(sys.argv[2]))
    import ftfy
    import sentencepiece
    import tokenizers
    import transformers
    from transformers import CLIPTokenizer, SiglipTokenizer
    module = open_clip_module()
    vocabulary = pathlib.Path(module.__file__).parent / "bpe_simple_vocab_16e6.txt.gz"
    probe = sys.argv[1]
    texts = list(captions(*map(int, sys.argv[2:4] or ["10000"])))
    print(f"open_clip's tokenizer.py with ftfy {ftfy.__version__}, transformers {transformers.__version__}, tokenizers {tokenizers.__version__}, "
          f"sentencepiece {sentencepiece.__version__}, Python {sys.version.split()[0]}; {len(texts)} captions")
    good = True
    with tempfile.TemporaryDirectory() as folder:
        work = pathlib.Path(folder)
        clip = module.SimpleTokenizer(str(vocabulary))
        canonical = module.SimpleTokenizer(str(vocabulary), clean="canonicalize")

        def simple(tokenizer, context):
            return lambda text: cut([tokenizer.sot_token_id], tokenizer.encode(text), tokenizer.eot_token_id, context)

        good &= compare("open_clip SimpleTokenizer", texts, ours(probe, vocabulary, UNCUT, texts=texts), simple(clip, UNCUT))
        good &= compare("open_clip SimpleTokenizer, 77", texts, ours(probe, vocabulary, CONTEXT, texts=texts), simple(clip, CONTEXT))
        good &= compare("open_clip SimpleTokenizer clean=canonicalize", texts, ours(probe, vocabulary, UNCUT, "canonicalize", texts=texts),
                        simple(canonical, UNCUT))
        write_pair(work / "pair", vocabulary)
        fast = CLIPTokenizer(str(work / "pair" / "vocab.json"), str(work / "pair" / "merges.txt"))
        fast.save_pretrained(work / "json")
        good &= compare("transformers CLIPTokenizer, vocab.json + merges.txt", texts, ours(probe, work / "pair", UNCUT, texts=texts),
                        lambda text: fast(text)["input_ids"])
        good &= compare("transformers CLIPTokenizer, tokenizer.json, 77", texts, ours(probe, work / "json", CONTEXT, texts=texts),
                        lambda text: fast(text, truncation=True, max_length=CONTEXT)["input_ids"])
        rust = tokenizers.Tokenizer.from_file(str(work / "json" / "tokenizer.json"))
        good &= compare("tokenizers (Rust), tokenizer.json", texts, ours(probe, work / "json", UNCUT, texts=texts),
                        lambda text: rust.encode(text).ids)
        # As Hugging Face's older files: names of special tokens looked for after cleaning, merges as "a b".
        old = json.loads((work / "json" / "tokenizer.json").read_text())
        for token in old["added_tokens"]:
            token["normalized"] = True
        split = old["pre_tokenizer"]["pretokenizers"][0]["pattern"]
        split["Regex"] = split["Regex"].split("endoftext\\|>|")[1]
        old["model"]["merges"] = [" ".join(merge) for merge in old["model"]["merges"]]
        (work / "old").mkdir()
        (work / "old" / "tokenizer.json").write_text(json.dumps(old))
        older = tokenizers.Tokenizer.from_file(str(work / "old" / "tokenizer.json"))
        good &= compare("tokenizers (Rust), tokenizer.json in the older way", texts, ours(probe, work / "old", UNCUT, texts=texts),
                        lambda text: older.encode(text).ids)
        (work / "saved").mkdir()
        ours(probe, "--save", work / "pair", work / "saved", texts=[])
        saved = tokenizers.Tokenizer.from_file(str(work / "saved" / "tokenizer.json"))
        good &= compare("tokenizers (Rust) with the tokenizer.json that we save", texts, ours(probe, work / "pair", UNCUT, texts=texts),
                        lambda text: saved.encode(text).ids)
        (work / "kept").mkdir()
        ours(probe, "--save", vocabulary, work / "kept", texts=[])
        good &= compare("open_clip SimpleTokenizer, ours saved and loaded", texts, ours(probe, work / "kept", UNCUT, texts=texts),
                        simple(clip, UNCUT))
        model = train_sentencepiece(work)
        siglip = SiglipTokenizer(str(model))
        # SiglipTokenizer finds the names of special pieces in a text before it removes punctuation, and takes
        # U+2581 for a space; to us both are text.
        no_pieces = [text for text in texts if not any(name in text for name in ("<unk>", "</s>", "\u2581"))]
        plain = sentencepiece.SentencePieceProcessor(model_file=str(model))
        ties = Ties(plain)
        good &= compare("transformers SiglipTokenizer", no_pieces, ours(probe, model, UNCUT, "siglip", texts=no_pieces),
                        lambda text: siglip(text)["input_ids"], ties)
        good &= compare("sentencepiece after open_clip's canonicalize", texts, ours(probe, model, UNCUT, "canonicalize", texts=texts),
                        lambda text: plain.encode(module._clean_canonicalize(text)) + [1], ties)
        print("captions  ", *ours(probe, "--time", vocabulary, UNCUT, texts=texts))
        print("captions  ", *ours(probe, "--time", work / "json", UNCUT, texts=texts))
        ordinary = texts[::4] * 4
        print("ordinary  ", *ours(probe, "--time", work / "json", UNCUT, texts=ordinary))
        start = time.process_time()
        for text in ordinary:
            rust.encode(text)
        print(f"ordinary   tokenizers (Rust) one by one {time.process_time() - start:.3f} s", end="; ")
        start = time.process_time()
        rust.encode_batch(ordinary)
        print(f"as a batch {time.process_time() - start:.3f} s")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
