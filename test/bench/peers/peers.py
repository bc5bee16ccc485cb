"""Does what a road of the benchmark does, with the tools that a Python user would choose.

Usage: peers.py versions | dlt-extract URL FOLDER | dlt-load URL FOLDER | duckdb IN.parquet OUT.ndjson |
openpyxl IN.xlsx OUT.ndjson | jmespath RECORDS

Prints one JSON object: `records`, the `seconds` of the work without start-up, the peak `megabytes` of the process.
"""

import json
import resource
import sys
import time
from datetime import datetime


def dlt_source(url):
    from dlt.sources.rest_api import rest_api_source

    base, path = url.rsplit("/", 1)
    return rest_api_source(
        {
            "client": {
                "base_url": base,
                "paginator": {"type": "json_link", "next_url_path": "links.next"},
            },
            "resources": [
                {"name": "institutions", "endpoint": {"path": path, "data_selector": "results"}}
            ],
        }
    )


def dlt_pipeline(folder):
    import dlt

    return dlt.pipeline(
        pipeline_name="bench",
        pipelines_dir=f"{folder}/pipelines",
        destination=dlt.destinations.duckdb(f"{folder}/loaded.duckdb"),
        dataset_name="bench",
    )


def dlt_extract(url, folder):
    """Asks for the pages and writes the records to dlt's own files, without a destination."""
    pipeline = dlt_pipeline(folder)
    started = time.perf_counter()
    pipeline.extract(dlt_source(url))
    seconds = time.perf_counter() - started
    counts = pipeline.last_trace.last_extract_info.metrics
    records = sum(
        table.items_count
        for metrics in counts.values()
        for metric in metrics
        for name, table in metric["table_metrics"].items()
        if name == "institutions"
    )
    return records, seconds


def dlt_load(url, folder):
    """The whole pipeline into a DuckDB file."""
    import duckdb

    pipeline = dlt_pipeline(folder)
    started = time.perf_counter()
    pipeline.run(dlt_source(url), write_disposition="merge", primary_key="id")
    seconds = time.perf_counter() - started
    with duckdb.connect(f"{folder}/loaded.duckdb", read_only=True) as database:
        records = database.execute("SELECT count(*) FROM bench.institutions").fetchone()[0]
    return records, seconds


def duckdb_parquet(path, out):
    import duckdb

    started = time.perf_counter()
    database = duckdb.connect()
    made = database.execute(
        f"""COPY (SELECT id, {{'en': name}} AS title, acronym, country, works, latitude,
        strftime(modified, '%Y-%m-%dT%H:%M:%S') AS modified, aliases
        FROM read_parquet('{path}')) TO '{out}' (FORMAT json)"""
    ).fetchone()
    return made[0], time.perf_counter() - started


def openpyxl_xlsx(path, out):
    from openpyxl import load_workbook

    started = time.perf_counter()
    rows = load_workbook(path, read_only=True).active.iter_rows(values_only=True)
    names = next(rows)
    records = 0
    with open(out, "w", encoding="utf-8") as file:
        for row in rows:
            record = {
                name: value.isoformat() if isinstance(value, datetime) else value
                for name, value in zip(names, row)
                if value is not None
            }
            record["title"] = {"en": record.pop("name")}
            file.write(json.dumps(record, ensure_ascii=False, separators=(",", ":")) + "\n")
            records += 1
    return records, time.perf_counter() - started


def jmespath_loop(count):
    """The records and queries of map-loop.ts, which arrive on stdin."""
    import jmespath

    given = json.load(sys.stdin)
    queries = [
        (pointer[1:].split("/"), jmespath.compile(query))
        for pointer, query in given["queries"].items()
    ]
    samples = given["records"]
    characters = 0
    started = time.perf_counter()
    for n in range(int(count)):
        record = samples[n % len(samples)]
        made = {}
        for path, query in queries:
            place = made
            for name in path[:-1]:
                place = place.setdefault(name, {})
            place[path[-1]] = query.search(record)
        characters += len(json.dumps(made, ensure_ascii=False, separators=(",", ":")))
    return int(count), time.perf_counter() - started, characters


def versions():
    from importlib.metadata import version

    return {name: version(name) for name in ("dlt", "duckdb", "jmespath", "openpyxl")}


MODES = {
    "dlt-extract": dlt_extract,
    "dlt-load": dlt_load,
    "duckdb": duckdb_parquet,
    "openpyxl": openpyxl_xlsx,
    "jmespath": jmespath_loop,
}

mode, *arguments = sys.argv[1:]
if mode == "versions":
    print(json.dumps(versions()))
else:
    records, seconds, *more = MODES[mode](*arguments)
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"records": records, "seconds": seconds, "megabytes": megabytes, "characters": sum(more)}))
