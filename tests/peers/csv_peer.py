"""Random CSV and TSV, written by Python's csv module, read by pyarrow.csv and by recaption-ingest: the same rows."""
import csv

from peer import is_caption, records, run, same, words

FILES = 40
ROWS = 60
HEADER = ["id", "Image Path", "text", "extra, with a comma", "last"]


def write(path, rng, rows, delimiter):
    with open(path, "w", encoding="utf-8-sig" if rng.random() < 0.3 else "utf-8", newline="") as file:
        # With "\n" at the end of lines Python leaves a lone CR without quotes, which may mean anything.
        end, quoting = rng.choice([("\r\n", csv.QUOTE_MINIMAL), ("\r\n", csv.QUOTE_ALL), ("\n", csv.QUOTE_ALL)])
        writer = csv.writer(file, delimiter=delimiter, lineterminator=end, quoting=quoting)
        writer.writerow(HEADER)
        writer.writerows(rows)


def read_by_arrow(path, delimiter):
    from pyarrow import csv as arrow_csv  # pylint: disable=import-outside-toplevel
    import pyarrow as pa  # pylint: disable=import-outside-toplevel
    return arrow_csv.read_csv(
        path, read_options=arrow_csv.ReadOptions(block_size=1 << 24),
        parse_options=arrow_csv.ParseOptions(delimiter=delimiter, newlines_in_values=True),
        convert_options=arrow_csv.ConvertOptions(column_types={name: pa.string() for name in HEADER},
                                                 strings_can_be_null=False)).to_pylist()


def compare(build, path, rows, delimiter):
    by_arrow = read_by_arrow(path, delimiter)
    same("rows of pyarrow", rows, [[row[name] for name in HEADER] for row in by_arrow])
    ours = records(build, "--input-format", "csv" if delimiter == "," else "tsv", "--map", "key=id", "--map",
                   "image=Image Path", "--caption", "web:long=text", path)
    same("number of rows", len(by_arrow), len(ours))
    for theirs, record in zip(by_arrow, ours):
        same("key", theirs["id"], record["key"])
        same("image", theirs["Image Path"], record.get("image", ""))
        captions = [theirs["text"]] if is_caption(theirs["text"]) else []
        same("captions", captions, [caption["text"] for caption in record["captions"]])
        for name in HEADER[3:]:
            same(name, theirs[name], record[name])


def random_tables(delimiter):
    def check(build, folder, rng):
        for number in range(FILES):
            rows = [[f"k{i}", f"{i}.jpg" if rng.random() < 0.9 else "", words(rng), words(rng), words(rng, 6)]
                    for i in range(rng.randrange(1, ROWS))]
            path = folder / f"{number}.csv"
            write(path, rng, rows, delimiter)
            compare(build, path, rows, delimiter)
    return check


def large_fields(build, folder, rng):
    rows = [[f"k{i}", "a.jpg", words(rng, 200) * rng.randrange(3000), words(rng) * rng.randrange(20000), ""]
            for i in range(12)]
    if not any(len(row[2].encode()) > 200_000 for row in rows):
        raise ValueError("the fields are not large")
    write(folder / "large.csv", rng, rows, ",")
    compare(build, folder / "large.csv", rows, ",")


run({"random CSV, as pyarrow.csv reads it": random_tables(","),
     "random TSV, as pyarrow.csv reads it": random_tables("\t"),
     "CSV with fields of hundreds of kilobytes": large_fields}, modules=["pyarrow"])
