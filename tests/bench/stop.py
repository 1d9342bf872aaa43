"""SIGTERM under full load, and with clients that are connected and read nothing: how long until the
process has exited, and whether it kept every row that it acknowledged, and no other."""

import socket
import threading
import time

import end_to_end
import processes


# gRPC's first words: HTTP/2's preface and empty settings.
HELLO = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0\0\0\4\0\0\0\0\0"


def connect(address, words):
    host, port = address.split(":")
    connection = socket.create_connection((host, int(port)), timeout=10)
    connection.sendall(words)
    return connection


def silent_clients(bench, report):
    """A client of gRPC's synchronous API reads its connection only while it calls."""
    with processes.Folder(bench) as folder:
        with processes.Daemon(bench, folder) as daemon:
            silent = [connect(daemon.address, HELLO), connect(daemon.address, b""),
                      connect(daemon.http_address, b"GET /metrics HTTP/1.1\r\n"),
                      connect(daemon.http_address, b"")]
            daemon.scrape()
            seconds = daemon.stop()
            for connection in silent:
                connection.close()
    report.add("silent clients", "SIGTERM", seconds, "s", goal=("<=", 3))


def run(bench, report):
    silent_clients(bench, report)
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
