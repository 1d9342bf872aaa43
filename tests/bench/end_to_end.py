"""A load client, on loopback, to plumblined (synced commits, evaluation, a scraper each second) and to
the bare sink. Short rounds of both take turns, because the machine may be shared; medians are shown.
Beside the acknowledgements at half load stands how long the disk alone takes to sync."""

import dataclasses
import os
import statistics
import time

import processes


@dataclasses.dataclass
class Case:
    name: str
    shape: str
    throughput_goal: float = None
    cpu_goal: float = None
    streams: int = 4
    in_flight: int = 64  # per stream
    different_batches: int = 128
    rate_unit: str = "rows"


CASES = [
    Case("20 x 1,024 double", "double", throughput_goal=0.6, cpu_goal=2.2),
    Case("20 x 1,024 float32", "float", throughput_goal=0.5),
    Case("10 double 5 int64 5 dict", "mixed", throughput_goal=0.5),
    Case("200 x 1,024 double", "wide", throughput_goal=0.5, in_flight=8, different_batches=32),
    Case("1 row, 64 streams", "one_row", throughput_goal=0.7, streams=64, in_flight=32,
         different_batches=4096),
    Case("20 x 1,024 double, 64 streams", "double", streams=64, in_flight=8),
]


def send(bench, server, case, seconds, *words):
    return processes.load_client(
        bench, server, case.shape, "send", "--server_pid", server.pid, "--streams", case.streams,
        "--streams_per_connection", min(case.streams, 16), "--in_flight", case.in_flight,
        "--different_batches", case.different_batches, "--seconds", seconds, *words)


def median(runs, value):
    return statistics.median(value(run) for run in runs)


def batch_rate(run):
    return run["measured"]["batches"] / run["seconds"]


def row_rate(run):
    return run["measured"]["rows"] / run["seconds"]


def cpu_micros(run):
    return 1e6 * run["server_cpu_seconds"] / max(1, run["measured"]["batches"])


def client_cpu_micros(run):
    return 1e6 * run["client_cpu_seconds"] / max(1, run["measured"]["batches"])


def write_share(run):
    return run["server_write_bytes"] / max(1, run["measured"]["bytes"])


def sync_p99(folder, seconds):
    """How long a fdatasync of 4 KB takes on the disk of the folder, in seconds."""
    path = folder / "sync"
    with open(path, "wb", buffering=0) as file:
        took = []
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            file.write(b"x" * 4096)
            begin = time.monotonic()
            os.fdatasync(file.fileno())
            took.append(time.monotonic() - begin)
            time.sleep(0.01)
    path.unlink()
    return sorted(took)[len(took) * 99 // 100]


def add_half_load(bench, report, case, folder, daemon, rate, rounds, seconds):
    quiet, disk = [], []
    for _ in range(rounds):
        disk.append(sync_p99(folder, seconds))
        quiet.append(send(bench, daemon, case, seconds, "--rate", rate))
    p99 = [1e3 * run["ack_p99_seconds"] for run in quiet]
    report.add(case.name, "ack p99, half load", statistics.median(p99), "ms", goal=("<=", 50),
               batches_per_second=median(quiet, batch_rate), runs=p99)
    report.add(case.name, "a sync of the disk alone, p99", 1e3 * statistics.median(disk), "ms",
               runs=[1e3 * seconds for seconds in disk])


def add(report, case, sink, server):
    """Medians; a ratio is the median of the rounds' own, each beside the round of the sink before it."""
    def beside(what, unit, value, goal=None):
        report.add(case.name, what, median(server, value), unit, median(sink, value), "sink",
                   ratio=statistics.median(value(b) / value(a) for a, b in zip(sink, server)),
                   goal=goal, runs=[value(run) for run in server],
                   yardstick_runs=[value(run) for run in sink])

    beside("throughput", "batches/s", batch_rate,
           case.throughput_goal and (">=", case.throughput_goal))
    beside("rows", "M rows/s", lambda run: row_rate(run) / 1e6)
    beside("server CPU", "us/batch", cpu_micros, case.cpu_goal and ("<=", case.cpu_goal))
    beside("client CPU", "us/batch", client_cpu_micros)
    report.add(case.name, "written to disk", 100 * median(server, write_share), "% of received",
               goal=("<=", 10) if case.shape == "double" else None)
    for rank in ("p50", "p99"):
        beside(f"ack {rank}, full load", "ms", lambda run: 1e3 * run[f"ack_{rank}_seconds"])


def run_case(bench, report, case):
    rounds, seconds = (3, 1.5) if bench.quick else (5, 3)
    with processes.Folder(bench) as folder, processes.Sink(bench, folder) as sink, \
            processes.Daemon(bench, folder) as daemon:
        processes.make_models(bench, daemon, case.shape)
        runs = {sink: [], daemon: []}
        with processes.Scraper(daemon):
            for _ in range(rounds):
                for server in (sink, daemon):
                    runs[server].append(send(bench, server, case, seconds))
            add(report, case, runs[sink], runs[daemon])
            half = batch_rate(sorted(runs[daemon], key=batch_rate)[rounds // 2]) / 2
            add_half_load(bench, report, case, folder, daemon, half, rounds, seconds)


def run(bench, report):
    for case in CASES:
        run_case(bench, report, case)
