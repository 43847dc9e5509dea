#!/usr/bin/env python3
"""Writes tagger.json: a small tagger with random weights, and the tags it gives.

A second implementation of the averaged-perceptron tagger, made from its feature list alone and as
plain as can be: every feature is a string looked up in a dictionary; sums are of thousandths.
"""
import json
import pathlib
import random

START, END = ["-START-", "-START2-"], ["-END-", "-END2-"]
CLASSES = ["``", "CD", "DT", "IN", "JJ", "NN", "NNS", "VBZ"]
WORDS = ["the", "a", "dog", "dogs", "red", "runs", "on", "well-kept", "-3", "1984", "12", "3.5", "café", "Émile",
         "日本", "x", "``", "Dog", "ESCAPES", "state-of-the-art", "-", "4x4", "été", "bench", "18th", "so"]


def normal(word):
    if "-" in word and word[0] != "-":
        return "!HYPHEN"
    if word.isdigit() and len(word) == 4:
        return "!YEAR"
    if word[0].isdigit():
        return "!DIGITS"
    return word.lower()


def features(words, i, before, before2):
    context = START + [normal(w) for w in words] + END
    at = i + 2
    return [
        "bias",
        "i suffix " + words[i][-3:],
        "i pref1 " + words[i][0],
        "i-1 tag " + before,
        "i-2 tag " + before2,
        "i tag+i-2 tag " + before + " " + before2,
        "i word " + context[at],
        "i-1 tag+i word " + before + " " + context[at],
        "i-1 word " + context[at - 1],
        "i-1 suffix " + context[at - 1][-3:],
        "i-2 word " + context[at - 2],
        "i+1 word " + context[at + 1],
        "i+1 suffix " + context[at + 1][-3:],
        "i+2 word " + context[at + 2],
    ]


def tag(words, model):
    before, before2, tags = *START, []
    for i, word in enumerate(words):
        found = model["tagdict"].get(word)
        if found is None:
            scores = dict.fromkeys(CLASSES, 0)
            for feature in features(words, i, before, before2):
                for label, weight in model["weights"].get(feature, {}).items():
                    scores[label] += round(1000 * weight)
            found = max(CLASSES, key=lambda label: (scores[label], label))
        before, before2 = found, before
        tags.append(found)
    return tags


def main():
    rng = random.Random(7)
    texts = [[rng.choice(WORDS) for _ in range(rng.randint(1, 12))] for _ in range(60)] + [[]]
    model = {"classes": CLASSES, "tagdict": {"the": "DT", "Dog": "NN"}, "weights": {}}
    # Weights for most features of half of the texts; round ones, so that equal sums are met.
    for words in texts[::2]:
        tags = [rng.choice(CLASSES) for _ in words]
        before, before2 = START
        for i in range(len(words)):
            for feature in features(words, i, before, before2):
                if rng.random() < 0.8:
                    row = model["weights"].setdefault(feature, {})
                    row[rng.choice(CLASSES)] = rng.choice([round(rng.uniform(-2, 2), 3), rng.randint(-2, 2) / 2])
            before, before2 = tags[i], before
    cases = [{"tokens": words, "tags": tag(words, model)} for words in texts]
    path = pathlib.Path(__file__).with_name("tagger.json")
    path.write_text(json.dumps({**model, "cases": cases}, ensure_ascii=False, indent=1) + "\n")


if __name__ == "__main__":
    main()
