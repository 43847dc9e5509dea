"""Writes the Parquet files of this case again; the bytes depend on the version of pyarrow.

usage: python make.py
"""
import datetime
import decimal

import pyarrow as pa
import pyarrow.parquet as pq

# A release as it comes: Recap-DataComp, with a list and scores, in two row groups.
pq.write_table(pa.table({
    "url": ["https://x.example.org/1.jpg", "https://x.example.org/2.jpg", None],
    "re_caption": ["A boat lies on\nthe shore of a \"lake\".", "Ein Bär – ruhend.", "Nothing to key it by."],
    "org_caption": ["boat", None, "x"],
    "key": ["000000001", "000000002", None],
    "re_clip_score": pa.array([0.25, None, 0.5], pa.float32()),
    "re_caption_condition_diverse_topk": [["a boat", "a lake"], [], None],
}), "recap.parquet", row_group_size=2, compression="zstd")

# Every type that has a place in a record, with --map and --caption.
moment = datetime.datetime(1969, 12, 31, 23, 59, 58, 250000)
pq.write_table(pa.table({
    "id": pa.array([7, 8], pa.int64()),
    "link": pa.array(["http://a/7", None], pa.large_string()),
    "class": pa.array(["cat", None]).dictionary_encode(),
    "re": [["A cat.", "A small cat."], None],
    "small": pa.array([-128, None], pa.int8()),
    "large": pa.array([2**64 - 1, None], pa.uint64()),
    "share": pa.array([0.1, float("nan")], pa.float32()),
    "score": pa.array([1e300, float("-inf")]),
    "is_ok": [True, None],
    "price": pa.array([decimal.Decimal("-1.50"), None], pa.decimal128(9, 2)),
    "day": [datetime.date(2024, 2, 29), None],
    "at": pa.array([moment, None], pa.timestamp("us")),
    "at_utc": pa.array([moment, None], pa.timestamp("ms", "UTC")),
    "clock": pa.array([datetime.time(8, 5, 9), None], pa.time32("s")),
    "box": [{"x": 1, "more": {"tags": ["a", None]}}, None],
    "counts": pa.array([[("a", 1), ("b", 2)], None], pa.map_(pa.string(), pa.int32())),
    "picture": pa.array([b"\xff\xd8\xff", None]),
    "photo": [{"bytes": b"\xff\xd8", "path": "7.jpg"}, {"bytes": b"", "path": None}],
    "words": pa.array(["caf\u00e9".encode("latin-1"), b"plain"]),
    "none": pa.nulls(2),
}), "types.parquet", compression="gzip")

# Conversations: a list of structs, and an image with its bytes.
pq.write_table(pa.table({
    "id": ["k1", "k2"],
    "image": [{"bytes": b"\xff\xd8", "path": "sa/1.jpg"}, None],
    "conversations": [[{"from": "human", "value": "<image>\nSay."}, {"from": "gpt", "value": "A tram."}],
                      [{"from": "gpt", "value": "Text only."}]],
}), "chats.parquet", compression="snappy")

pq.write_table(pa.table({"url": ["u"], "wait": pa.array([5], pa.duration("s"))}), "duration.parquet")
