#!/usr/bin/env python3
"""Agreement of the tagger and the phrases of split-captions with NLTK's, on captions one a line.

    tagger.py PROBE SPLIT_CAPTIONS WEIGHTS [NLTK_PICKLE] < captions.txt

PROBE is the program built from tagger_probe.cpp, WEIGHTS the installed tagger-en.json, NLTK_PICKLE
NLTK's own English weights (averaged_perceptron_tagger.pickle). Needs nltk. Prints, a line each:
  same weights    our tags beside those of NLTK's program with WEIGHTS, of the same tokens: must be
                  equal but for sums that differ in the last bit
  tokens          our tokens beside those of NLTK's Treebank tokenizer
  tags            of the tokens that both have: our tags beside those of NLTK with its own weights
  chunks          precision and recall of our phrases (split-captions --phrases, before the limit)
                  beside the same grammar over NLTK's tokens and tags
"""
import json
import pathlib
import pickle
import re
import subprocess
import sys

from nltk.tag.perceptron import PerceptronTagger
from nltk.tokenize import TreebankWordTokenizer

SHARE = pathlib.Path(__file__).resolve().parents[2] / "share" / "words"
BRACKETS = {"(": "-LRB-", ")": "-RRB-"}


def words(name):
    lines = (line.split("#")[0].strip() for line in (SHARE / name).read_text().splitlines())
    return {line for line in lines if line}


def tagger(weights, tagdict, classes):
    made = PerceptronTagger(load=False)
    made.model.weights, made.tagdict, made.classes = weights, tagdict, set(classes)
    made.model.classes = made.classes
    return made


def chunks(tokens, tags, stop):
    kind = {"DT": "D", "JJ": "A", "JJR": "A", "JJS": "A", "NN": "N", "NNS": "N", "NNP": "N", "NNPS": "N"}
    found, i = [], 0
    while i < len(tokens):
        j = i + (kind.get(tags[i]) == "D")
        while j < len(tokens) and kind.get(tags[j]) == "A":
            j += 1
        end = j
        while end < len(tokens) and kind.get(tags[end]) == "N":
            end += 1
        if end == j:
            i += 1
            continue
        if not all(t in stop for t in tokens[i:end]):
            found.append(" ".join(tokens[i:end]))
        i = end
    return list(dict.fromkeys(found))


def spans(tokens):
    """Offsets into the text without white space, where both tokenizations can be lined up."""
    at, result = 0, {}
    for token in tokens:
        result[(at, at + len(token))] = token
        at += len(token)
    return result


def main():
    probe, split, weights_file = sys.argv[1:4]
    captions = [line.rstrip("\n") for line in sys.stdin if line.strip()]
    text = "\n".join(captions) + "\n"
    ours = [json.loads(line) for line in
            subprocess.run([probe, weights_file], input=text, text=True, capture_output=True, check=True).stdout.splitlines()]
    phrases = [json.loads(line)["captions"][0]["phrases"] for line in
               subprocess.run([split, "--phrases", "--max-phrases", "1000", "--input-format", "lines"], input=text,
                              text=True, capture_output=True, check=True).stdout.splitlines()]
    model = json.loads(pathlib.Path(weights_file).read_text())
    same = tagger(model["weights"], model["tagdict"], model["classes"])
    equal = total = 0
    for one in ours:
        theirs = [tag for _, tag in same.tag(one["tokens"])]
        equal += sum(a == b for a, b in zip(one["tags"], theirs))
        total += len(theirs)
    print(f"same weights   {equal} of {total} tags equal ({equal / total:.4%}), {len(captions)} captions")
    if len(sys.argv) < 5:
        return
    known = tagger(*pickle.loads(pathlib.Path(sys.argv[4]).read_bytes()))
    tokenizer, web, stop = TreebankWordTokenizer(), words("web.txt"), words("stop.txt")
    shared = tokens_ours = tokens_theirs = same_tags = hits = found = wanted = 0
    for caption, one, own in zip(captions, ours, phrases):
        # The Treebank tokenizer wants one sentence at a time.
        tokens = [t for part in re.split(r"(?<=[.!?]) +", caption.lower()) for t in tokenizer.tokenize(part)]
        tags = [tag for _, tag in known.tag(tokens)]
        a, b = spans(one["tokens"]), spans(tokens)
        both = set(a) & set(b)
        tag_a, tag_b = dict(zip(a, one["tags"])), dict(zip(b, tags))
        shared += len(both)
        tokens_ours += len(a)
        tokens_theirs += len(b)
        same_tags += sum(BRACKETS.get(tag_b[s], tag_b[s]) == tag_a[s] for s in both)
        kept = [t for t in tokens if t not in web]
        theirs = chunks(kept, [tag for _, tag in known.tag(kept)], stop)
        hits += len(set(own) & set(theirs))
        found += len(own)
        wanted += len(theirs)
    print(f"tokens         {shared} shared, {tokens_ours} ours, {tokens_theirs} NLTK's")
    print(f"tags           {same_tags / shared:.2%} equal")
    print(f"chunks         precision {hits / found:.2%}, recall {hits / wanted:.2%} ({found} ours, {wanted} NLTK's)")


if __name__ == "__main__":
    main()
