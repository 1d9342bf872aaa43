"""A load client, on loopback, to plumblined (synced commits, evaluation, a scraper each second) and to
the bare sink. Short rounds of both take turns, because the machine may be shared; medians are shown."""

import dataclasses
import statistics

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
            quiet = send(bench, daemon, case, seconds, "--rate", half)
            report.add(case.name, "ack p99, half load", 1e3 * quiet["ack_p99_seconds"], "ms",
                       goal=("<=", 50), batches_per_second=batch_rate(quiet))


def run(bench, report):
    for case in CASES:
        run_case(bench, report, case)
