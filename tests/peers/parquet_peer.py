"""Random Parquet files, written and read by pyarrow, against the records of recaption-ingest: the same values.

Mutated files must end in rows or in one message, never in a crash.
"""
import datetime
import math
import struct

from peer import Failed, Skipped, call, is_caption, records, run, same, words

FILES = 40
ROWS = 400
MUTATIONS = 120
MAPPING = ["--input-format", "parquet", "--map", "key=id", "--map", "url=url", "--caption", "a:long=text",
           "--caption", "b:short=several"]
USED = ("id", "url", "text", "several")


def need_parquet(build):
    if b"parquet: Arrow" not in call(build, "recaption-ingest", "--version").stdout:
        raise Skipped("recaption-ingest is built without Parquet (scripts/install-deps, then configure again)")


def column(rng, rows, make, nulls=0.2):
    return [None if rng.random() < nulls else make(i) for i in range(rows)]


def random_table(rng, rows):
    import pyarrow as pa  # pylint: disable=import-outside-toplevel
    def text(_):
        return words(rng)
    def number(bits):
        return lambda _: rng.randrange(-(1 << (bits - 1)), 1 << (bits - 1))
    def real(_):
        return rng.choice([0.0, -0.0, 1e-300, 1e300, math.inf, math.nan, rng.random(), rng.gauss(0, 1e6)])
    def small_real(_):
        return struct.unpack("f", struct.pack("f", rng.gauss(0, 1e3)))[0]
    few = [words(rng) for _ in range(5)]
    columns = {
        "id": [f"k{i}" for i in range(rows)],
        "url": column(rng, rows, lambda i: f"https://x.example.org/{i}"),
        "text": column(rng, rows, text),
        "several": column(rng, rows, lambda _: [rng.choice([None, words(rng)]) for _ in range(rng.randrange(4))]),
        "large": pa.array(column(rng, rows, text), pa.large_string()),
        "coded": pa.array(column(rng, rows, lambda _: rng.choice(few)), pa.string()).dictionary_encode(),
        "i8": pa.array(column(rng, rows, number(8)), pa.int8()),
        "i64": pa.array(column(rng, rows, number(64)), pa.int64()),
        "u32": pa.array(column(rng, rows, lambda _: rng.randrange(1 << 32)), pa.uint32()),
        "f32": pa.array(column(rng, rows, small_real), pa.float32()),
        "f64": pa.array(column(rng, rows, real), pa.float64()),
        "yes": column(rng, rows, lambda _: rng.random() < 0.5),
        "day": pa.array(column(rng, rows, lambda _: datetime.date(1900, 1, 1) + datetime.timedelta(rng.randrange(70000)))),
        "nested": column(rng, rows, lambda _: {"x": rng.randrange(9), "names": [words(rng, 5)], "more": {"t": words(rng, 9)}}),
        "numbers": column(rng, rows, lambda _: [rng.randrange(99) for _ in range(rng.randrange(5))]),
        "structs": column(rng, rows, lambda _: [{"from": "a", "value": words(rng, 9)} for _ in range(rng.randrange(3))]),
        "nothing": pa.nulls(rows),
    }
    names = list(columns)
    rng.shuffle(names)
    return pa.table({name: columns[name] for name in names})


def write(path, rng, table):
    import pyarrow.parquet as pq  # pylint: disable=import-outside-toplevel
    pq.write_table(table, path, row_group_size=rng.choice([7, 100, 10000]), version=rng.choice(["1.0", "2.4", "2.6"]),
                   compression=rng.choice(["none", "snappy", "gzip", "zstd", "brotli", "lz4"]),
                   use_dictionary=rng.random() < 0.5, data_page_size=rng.choice([256, 1 << 20]),
                   data_page_version=rng.choice(["1.0", "2.0"]), store_schema=rng.random() < 0.5,
                   write_page_checksum=rng.random() < 0.5)


def as_json(value):
    """A value of pyarrow's as it must stand in a record."""
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value.isoformat() if isinstance(value, datetime.date) else value


def compare(build, path):
    import pyarrow.parquet as pq  # pylint: disable=import-outside-toplevel
    rows = pq.read_table(path).to_pylist()
    ours = records(build, *MAPPING, path)
    same("number of rows", len(rows), len(ours))
    for row, record in zip(rows, ours):
        same("key", row["id"], record["key"])
        same("url", row["url"] or "", record.get("url", ""))
        sources = {"text": ("a", [row["text"]]), "several": ("b", row["several"] or [])}
        captions = [(sources[name][0], text) for name in row if name in sources for text in sources[name][1]
                    if is_caption(text)]
        same("captions", captions, [(caption["source"], caption["text"]) for caption in record["captions"]])
        others = [name for name in row if name not in USED]
        same("columns", others, [name for name in record if name not in ("key", "url", "captions")])
        for name in others:
            ours_is = record[name]
            if name == "f32" and ours_is is not None:  # printed as the shortest that reads back
                ours_is = struct.unpack("f", struct.pack("f", ours_is))[0]
            same(name, as_json(row[name]), ours_is)


def random_tables(build, folder, rng):
    need_parquet(build)
    for number in range(FILES):
        path = folder / f"{number}.parquet"
        write(path, rng, random_table(rng, rng.choice([1, 30, ROWS])))
        compare(build, path)


def mutated(build, folder, rng):
    need_parquet(build)
    path = folder / "mutated.parquet"
    for number in range(MUTATIONS):
        if number % 10 == 0:
            write(path, rng, random_table(rng, 30))
            whole = path.read_bytes()
        data = bytearray(whole)
        for _ in range(rng.randrange(1, 4)):
            data[rng.randrange(4, len(data) - 4)] = rng.randrange(256)
        path.write_bytes(data if number % 5 else whole[:rng.randrange(4, len(whole))])
        done = call(build, "recaption-ingest", "-q", "--on-error", "skip", *MAPPING, path)
        if done.returncode not in (0, 1, 3):
            path.rename(build / "mutated.parquet")
            raise Failed(f"exit status {done.returncode} of {build / 'mutated.parquet'}: {done.stderr.decode()}")
        if done.returncode == 1 and b"mutated.parquet" not in done.stderr:
            raise Failed(f"the message does not name the file: {done.stderr.decode()}")


run({"random Parquet, as pyarrow reads it": random_tables, "mutated Parquet does not crash": mutated},
    modules=["pyarrow"])
