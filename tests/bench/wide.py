"""A model of thousands of variables, offered by a thousand sources, some of which send NaN in some columns: the series stay
within their budget, a scrape is short, and what is worst is there."""

import csv
import random
import re
import statistics
import subprocess
import time

import processes
import scrape

MODEL = "bench-0"
VARIABLES = 5_000  # of the shape `widest`
BAD = 100  # columns
BAD_SOURCES = 10
BAD_ROWS = 300  # of each of those sources
MAX_SERIES = 5_000


def value(column, rng):
    """As shapes.cc makes them."""
    if column % 4 == 1:
        return rng.lognormvariate(0, 1)
    if column % 4 == 2 and rng.random() < 1 / 3:
        return 0.0
    return rng.gauss(column, 1)


def send_nan(bench, daemon, path, source):
    """Rows as the load client's, but for the first columns."""
    rng = random.Random(source)
    with open(path, "w", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(f"d{i}" for i in range(VARIABLES))
        for _ in range(BAD_ROWS):
            writer.writerow(["nan"] * BAD + [repr(value(i, rng)) for i in range(BAD, VARIABLES)])
    subprocess.run([bench.build_dir / "bin" / "plumbline", "--server", daemon.address, "send",
                    "--model", MODEL, "--source", source, "--csv", path],
                   check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)


def run(bench, report):
    sources = 50 if bench.quick else 1_000
    with processes.Folder(bench) as folder, \
            processes.Daemon(bench, folder, "--max_series_per_model", str(MAX_SERIES)) as daemon:
        processes.make_models(bench, daemon, "widest", rows=5_000)
        processes.load_client(bench, daemon, "widest", "send", "--sources", sources,
                              "--different_batches", sources, "--streams", 1,
                              "--batches_per_model", 2 * sources, "--seconds", 600)
        for source in range(BAD_SOURCES):
            send_nan(bench, daemon, folder / "nan.csv", f"source-{source}")
        time.sleep(3)  # the last evaluation
        seconds = []
        for _ in range(5 if bench.quick else 20):
            start = time.monotonic()
            text = daemon.scrape()
            seconds.append(time.monotonic() - start)
        resident = daemon.resident_bytes()
    told = {found[1] for found in re.finditer(
        r'^plumbline_alert_active\{.*variable="(d\d+)",check="nan_rate",.*source="",', text, re.M)}
    shown = {found[1] for found in re.finditer(
        rf'^plumbline_variable_nan_ratio\{{model="{MODEL}",version="[^"]*",variable="(d\d+)"', text, re.M)}
    bad = {f"d{i}" for i in range(BAD)}
    case = f"{VARIABLES:,} variables, {sources:,} sources"
    series = scrape.count_series(
        "\n".join(line for line in text.splitlines() if f'model="{MODEL}"' in line))
    report.add(case, "series of the model", series, "", goal=("<=", MAX_SERIES))
    report.add(case, "columns with NaN that are told", len(told & bad) / BAD, "", goal=(">=", 1))
    report.add(case, "columns with NaN whose statistics are shown", len(shown & bad) / BAD, "")
    report.add(case, "a scrape, over HTTP", statistics.median(seconds), "s", goal=("<=", 1))
    report.add(case, "the longest of them", max(seconds), "s")
    report.add(case, "resident", resident / 1e6, "MB")
