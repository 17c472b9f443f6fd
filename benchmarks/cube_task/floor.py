"""Physical limit: just read every column.

usage: floor.py INPUT polars|duckdb|pyarrow

A peer of the benchmark (../cube.py), from the project's own bench, under this repository's licence.
"""

import sys

src, how = sys.argv[1], sys.argv[2]
if how == "polars":
    import polars as pl

    lf = pl.scan_parquet(src) if src.endswith("parquet") else pl.scan_csv(src)
    lf.select(pl.all().sum()).collect(engine="streaming")
elif how == "duckdb":
    import duckdb

    c = duckdb.connect()
    c.execute("set threads=2")
    cols = [r[0] for r in c.execute(f"describe from '{src}'").fetchall()]
    c.execute("select " + ",".join(f"sum({x})" for x in cols) + f" from '{src}'").fetchall()
elif how == "pyarrow":
    import pyarrow as pa
    import pyarrow.parquet as pq

    pa.set_cpu_count(2)
    pq.read_table(src)
