"""A scrape of 10,000 series, beside the bare serializer of prometheus-cpp over as many."""

import statistics
import time

import google_bench
import processes

SERIES = 10_000
MODELS = 30  # of 20 variables: more series than that


def count_series(text):
    return sum(1 for line in text.splitlines() if line and not line.startswith("#"))


def run(bench, report):
    scrapes = 20 if bench.quick else 100
    found = google_bench.run_binary(bench, "scrape_bench", f"/{SERIES}$")
    bare = found[f"prometheus/{SERIES}"]["real_time"]
    with processes.Folder(bench) as folder, \
            processes.Daemon(bench, folder, "--max_series", str(SERIES)) as daemon:
        processes.make_models(bench, daemon, "double", models=MODELS)
        processes.load_client(bench, daemon, "double", "send", "--batches_per_model", 10,
                              "--seconds", 60, models=MODELS)
        time.sleep(2)  # the last evaluation
        series = count_series(daemon.scrape())
        seconds, cpu = [], daemon.cpu_seconds()
        for _ in range(scrapes):
            start = time.monotonic()
            daemon.scrape()
            seconds.append(time.monotonic() - start)
        cpu = daemon.cpu_seconds() - cpu
    per = SERIES / series  # what is shown of a model as a whole is always there
    case = f"{series:,} series"
    report.add(case, "a scrape, over HTTP", 1e3 * per * statistics.median(seconds), "ms/10,000",
               bare, "serializer")
    report.add(case, "server CPU", 1e3 * per * cpu / scrapes, "ms/10,000", bare, "serializer")
