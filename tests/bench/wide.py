"""One model with thousands of variables, offered by a thousand sources, a tenth of which send NaN in some columns: the series
stay within their budget, a scrape is short, and what is worst is there."""

import csv
import random
import re
import statistics
import subprocess
import time

import processes
import scrape

TRAINED = 2_000
ROWS = 30
BAD = 100  # columns, of the sources that send NaN
MAX_SERIES = 5_000


def write(path, names, rows, bad, rng):
    with open(path, "w", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(names)
        for _ in range(rows):
            writer.writerow(["nan"] * bad + [f"{rng.gauss(0, 1):.3f}" for _ in names[bad:]])


def run(bench, report):
    variables, sources = (500, 50) if bench.quick else (5_000, 1_000)
    names = [f"v{i:04d}" for i in range(variables)]
    rng = random.Random(1)
    with processes.Folder(bench) as folder, \
            processes.Daemon(bench, folder, "--max_series_per_model", str(MAX_SERIES)) as daemon:
        def command(*words):
            subprocess.run([bench.build_dir / "bin" / "plumbline", "--server", daemon.address,
                            *map(str, words)], check=True, capture_output=True,
                           stdin=subprocess.DEVNULL)

        for file, rows, bad in (("train", TRAINED, 0), ("good", ROWS, 0), ("bad", ROWS, BAD)):
            write(folder / file, names, rows, bad, rng)
        command("baseline", "create", "--model", "wide", "--csv", folder / "train")
        for source in range(sources):
            command("send", "--model", "wide", "--source", f"s{source:04d}",
                    "--csv", folder / ("bad" if source % 10 == 0 else "good"))
        time.sleep(3)  # the last evaluation
        seconds = []
        for _ in range(5 if bench.quick else 20):
            start = time.monotonic()
            text = daemon.scrape()
            seconds.append(time.monotonic() - start)
        resident = daemon.resident_bytes()
    told = {found[1] for found in re.finditer(
        r'^plumbline_alert_active\{.*variable="(v\d+)",check="nan_rate",.*source="",', text, re.M)}
    case = f"{variables:,} variables, {sources:,} sources"
    series = scrape.count_series(
        "\n".join(line for line in text.splitlines() if 'model="wide"' in line))
    report.add(case, "series of the model", series, "", goal=("<=", MAX_SERIES))
    report.add(case, "columns with NaN that are told", len(told & set(names[:BAD])) / BAD, "",
               goal=(">=", 1))
    report.add(case, "a scrape, over HTTP", statistics.median(seconds), "s", goal=("<=", 1))
    report.add(case, "the longest of them", max(seconds), "s")
    report.add(case, "resident", resident / 1e6, "MB")
