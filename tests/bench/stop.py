"""SIGTERM under full load: how long until the process has exited, and whether it kept every row that
it acknowledged, and no other."""

import threading
import time

import end_to_end
import processes


def run(bench, report):
    case = end_to_end.CASES[0]
    with processes.Folder(bench) as folder:
        with processes.Daemon(bench, folder) as daemon:
            processes.make_models(bench, daemon, case.shape)
            sent = {}
            client = threading.Thread(
                target=lambda: sent.update(end_to_end.send(bench, daemon, case, 60)))
            client.start()
            time.sleep(2 if bench.quick else 5)
            seconds = daemon.stop()
            client.join()
        with processes.Daemon(bench, folder) as daemon:
            acknowledged = sent["total"]["rows"]
            rows = daemon.await_rows(acknowledged)
    report.add(case.name, "SIGTERM under full load", seconds, "s", goal=("<=", 3))
    report.add(case.name, "rows acknowledged, then lost", max(0, acknowledged - rows), "rows",
               goal=("<=", 0), acknowledged=acknowledged, kept=rows)
    report.add(case.name, "rows kept without an answer", max(0, rows - acknowledged), "rows")
