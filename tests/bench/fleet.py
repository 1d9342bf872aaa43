"""1,000 models x 100 variables with an hour of minute panes, all live: memory, restart, and bytes
written while each sends 100 rows a second."""

import time

import processes

SHAPE = "small"  # 100 variables, 100 rows
VARIABLES = 100


def write_rate(bench, daemon, models, report, case):
    """Rows have their arrival time, and none is late: two panes close meanwhile (not in a quick run)."""
    seconds = 20 if bench.quick else 150
    run = processes.load_client(
        bench, daemon, SHAPE, "send", "--server_pid", daemon.pid, "--streams", 16,
        "--streams_per_connection", 16, "--rate", models, "--warm_up_seconds", 5, "--seconds",
        seconds, models=models)
    full = models == 1000
    report.add(case, "written, 100 rows/s each",
               run["server_write_bytes"] / run["seconds"] / 1e6, "MB/s",
               goal=("<=", 50) if full else None)
    report.add(case, "received", run["measured"]["bytes"] / run["seconds"] / 1e6, "MB/s")
    report.add(case, "batches acknowledged", run["measured"]["batches"] / run["seconds"], "1/s")
    report.add(case, "ack p99", 1e3 * run["ack_p99_seconds"], "ms")
    report.add(case, "server CPU", run["server_cpu_seconds"] / run["seconds"], "cores")
    report.add(case, "resident, all sending", daemon.resident_bytes() / 1e6, "MB",
               goal=("<=", 1000) if full else None)


def run(bench, report):
    models = 100 if bench.quick else 1000
    full = models == 1000
    case = f"{models:,} models x {VARIABLES} variables"
    with processes.Folder(bench) as folder:
        with processes.Daemon(bench, folder) as daemon:
            empty = daemon.ready_seconds
            before = daemon.resident_bytes()
            processes.make_models(bench, daemon, SHAPE, models, 20_000)
            time.sleep(12)
            idle = daemon.resident_bytes()
            words = ("send", "--streams", 16, "--in_flight", 16, "--minutes_back", 60,
                     "--seconds", 3600)
            sent = processes.load_client(bench, daemon, SHAPE, *words, models=models)
            time.sleep(12)  # an evaluation, a commit, and freed memory is given back
            resident = daemon.resident_bytes()
            exit_seconds = daemon.stop()
        report.add(case, "resident, with baselines only", idle / 1e6, "MB")
        report.add(case, "resident, an hour live", resident / 1e6, "MB",
                   goal=("<=", 1000) if full else None)
        report.add(case, "memory of a variable", (resident - before) / models / VARIABLES / 1e3,
                   "KB")
        report.add(case, "SIGTERM, idle", exit_seconds, "s", goal=("<=", 3))
        with processes.Daemon(bench, folder) as daemon:
            report.add(case, "restart", daemon.ready_seconds, "s",
                       goal=("<=", 3) if full else None, empty_folder=empty)
            report.add(case, "CPU of the restart", daemon.ready_cpu_seconds, "s")
            rows = daemon.await_rows(sent["total"]["rows"])
            report.add(case, "rows after restart", rows, "rows", sent["total"]["rows"],
                       "acknowledged", goal=(">=", 1))
            report.add(case, "resident after restart", daemon.resident_bytes() / 1e6, "MB")
    with processes.Folder(bench) as folder, processes.Daemon(bench, folder) as daemon:
        processes.make_models(bench, daemon, SHAPE, models, 20_000, "--lateness_seconds", 0)
        write_rate(bench, daemon, models, report, case)
