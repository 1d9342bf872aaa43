"""What durable acknowledgements cost: synced commits beside the operating system's cache alone
(`--durability os`), under full load; bytes written, and how long a commit takes."""

import re
import statistics

import end_to_end
import processes


def latency_quantile(text, rank):
    """Upper bound of the bucket of the commit latency histogram that holds the rank, in seconds."""
    buckets = [(float(bound), int(float(count))) for bound, count in re.findall(
        r'^plumbline_commit_latency_seconds_bucket\{le="([^"]+)"\} (\S+)$', text, re.MULTILINE)]
    total = buckets[-1][1]
    return next(bound for bound, count in buckets if count >= rank * total)


def run(bench, report):
    rounds, seconds = (3, 1.5) if bench.quick else (7, 3)
    case = end_to_end.CASES[0]
    with processes.Folder(bench) as sync_folder, processes.Folder(bench) as os_folder, \
            processes.Daemon(bench, sync_folder) as sync, \
            processes.Daemon(bench, os_folder, "--durability", "os") as cached:
        runs = {sync: [], cached: []}
        for daemon in runs:
            processes.make_models(bench, daemon, case.shape)
        for _ in range(rounds):
            for daemon in runs:
                runs[daemon].append(end_to_end.send(bench, daemon, case, seconds))
        micros = {daemon: [end_to_end.cpu_micros(run) for run in runs[daemon]] for daemon in runs}
        ratios = [a / b for a, b in zip(micros[sync], micros[cached])]
        report.add(case.name, "server CPU, synced", statistics.median(micros[sync]), "us/batch",
                   statistics.median(micros[cached]), "durability os",
                   ratio=statistics.median(ratios), goal=("<=", 1.1), ratios=ratios)
        written = end_to_end.median(
            runs[sync], lambda run: run["server_write_bytes"] / run["measured"]["batches"])
        report.add(case.name, "written", written, "bytes/batch")
        report.add(case.name, "written", 100 * end_to_end.median(runs[sync], end_to_end.write_share),
                   "% of received", goal=("<=", 10))
        text = sync.scrape()
        for rank in (0.5, 0.99):
            report.add(case.name, f"commit p{rank * 100:g}, at most",
                       1e3 * latency_quantile(text, rank), "ms")
