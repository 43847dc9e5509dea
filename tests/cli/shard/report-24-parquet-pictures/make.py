"""Writes the Parquet files of this case again; the bytes depend on the version of pyarrow.

usage: python make.py
"""
import pyarrow as pa
import pyarrow.parquet as pq

a, b = open("a.jpg", "rb").read(), open("b.png", "rb").read()
image = pa.struct([("bytes", pa.binary()), ("path", pa.string())])


def write(name, pictures, **columns):
    pq.write_table(pa.table({"image": pictures, **columns}), name)


# As Hugging Face's libraries write a column of pictures: without paths, with them, with some.
write("nopath.parquet", pa.array([{"bytes": a, "path": None}, {"bytes": b, "path": None}, None], image),
      text=["A red sign.", "A blue sign.", "No picture."])
write("paths.parquet", pa.array([{"bytes": a, "path": "x/a.jpg"}, {"bytes": b, "path": "x/b.png"}], image),
      text=["A red sign.", "A blue sign."])
write("some.parquet", pa.array([{"bytes": a, "path": ""}, {"bytes": b, "path": "b.png"}], image),
      text=["A red sign.", "A blue sign."])
# Bytes alone, beside a column of other bytes.
write("bytes.parquet", pa.array([a, b], pa.large_binary()), text=["A red sign.", "A blue sign."],
      embedding=pa.array([b"\0\1", b"\2\3"]))
pq.write_table(pa.table({"text": ["no pictures"]}), "texts.parquet")
