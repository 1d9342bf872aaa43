"""Making a baseline over gRPC, beside sorting every column in memory."""

import google_bench
import processes

COLUMNS = 20


def run(bench, report):
    rows = 1_000_000 if bench.quick else 10_000_000
    found = google_bench.run_binary(bench, "baseline_bench", f"/{rows}$")
    sort = found[f"sort/{rows}"]["items_per_second"] / COLUMNS
    with processes.Folder(bench) as folder, processes.Daemon(bench, folder) as daemon:
        cpu = daemon.cpu_seconds()
        made = processes.make_models(bench, daemon, "double", rows=rows)
        cpu = daemon.cpu_seconds() - cpu
        case = f"{rows // 1_000_000} M rows x {COLUMNS} double"
        report.add(case, "rate", rows / made["seconds"] / 1e6, "M rows/s", sort / 1e6, "sort")
        report.add(case, "rate per core", rows / cpu / 1e6, "M rows/CPU s", sort / 1e6, "sort")
        report.add(case, "peak memory", daemon.peak_bytes() / 1e6, "MB")
