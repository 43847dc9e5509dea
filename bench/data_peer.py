#!/usr/bin/env python3
"""data_peer.py WHAT INPUT OUTPUT: what the text tools do, with Python packages.

  sentences   pySBD on the captions of records; prints the bytes of text and the seconds of the splitting
  csv         pyarrow's CSV reader and JSON lines; prints the seconds of reading and writing
"""
import json
import sys
import time

SOURCES = {"raw": ("raw", "raw"), "shortIB": ("instructblip", "short"), "longIB": ("instructblip", "long"),
           "shortSV": ("sharegpt4v", "short"), "longSV": ("sharegpt4v", "long"), "shortLLA": ("llava15", "short"),
           "longLLA": ("llava15", "long")}


def sentences(records, output):
    import pysbd
    segmenter = pysbd.Segmenter(language="en", clean=False, char_span=True)
    with open(records, encoding="utf-8") as lines:
        texts = [caption["text"] for line in lines for caption in json.loads(line)["captions"]]
    start = time.process_time()
    spans = [[[span.start, span.end] for span in segmenter.segment(text)] for text in texts]
    seconds = time.process_time() - start
    with open(output, "w", encoding="utf-8") as out:
        json.dump(spans, out)
    return sum(len(text.encode()) for text in texts), seconds


def csv(table, output):
    import pyarrow as pa
    from pyarrow import csv as reader
    pa.set_cpu_count(1)
    start = time.process_time()
    with open(output, "w", encoding="utf-8") as out:
        options = reader.ParseOptions(newlines_in_values=True)
        batches = reader.open_csv(table, parse_options=options, read_options=reader.ReadOptions(use_threads=False))
        for batch in batches:
            for row in batch.to_pylist():
                captions = [{"text": text, "source": SOURCES[name.split("_")[0]][0], "form": SOURCES[name.split("_")[0]][1]}
                            for name, text in row.items() if name.split("_")[0] in SOURCES and text]
                key = row["Image Path"]
                out.write(json.dumps({"key": key, "image": key, "captions": captions}, ensure_ascii=False) + "\n")
    return 0, time.process_time() - start


work = {"sentences": sentences, "csv": csv}[sys.argv[1]]
size, took = work(sys.argv[2], sys.argv[3])
print(json.dumps({"bytes": size, "seconds": took}))
