"""Clients that do harm by doing nothing: frozen in the middle of a stream (SIGSTOP), connected and silent, stopped half-way
through a frame or a message, scrapers that read byte by byte. The daemon goes on serving the others, its memory stays
within its budget, and what the frozen ones sent is counted once when they go on.

  hostile.py [--seconds S] [--frozen N] [--connections N] [--scrapers N]"""

import argparse
import signal
import socket
import struct
import threading
import time

from crowd import COLUMNS, Client, Clients, Watch, compare, resident_mib
from scene import daemon_in, in_folder, make_model
from harness import wait_for

INFLIGHT_MIB = 32
RECEIVE_MIB = 128
# The store's buffers, malloc, and a few KB for each connection.
REST_MIB = 128
WIDE = "wide"     # a model whose metrics do not fit into a socket's buffer
WIDE_COLUMNS = 400
FROZEN_RATE = 200  # batches a second of each client that is to be frozen


def frame(kind, flags, stream, payload, size=None):
    """An HTTP/2 frame that says it has `size` bytes."""
    return struct.pack(">I", len(payload) if size is None else size)[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def header(name, value):
    """Spelled out, as HPACK (RFC 7541, 6.2.2)."""
    return b"\0" + bytes([len(name)]) + name + bytes([len(value)]) + value


PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(4, 0, 0, b"")


def call(path):
    headers = [(b":method", b"POST"), (b":scheme", b"http"), (b":path", path), (b":authority", b"localhost"),
               (b"te", b"trailers"), (b"content-type", b"application/grpc")]
    return PREFACE + frame(1, 4, 1, b"".join(header(*each) for each in headers))


def beginnings():
    """What a connection says before it falls silent."""
    stream = call(b"/plumbline.v1.IngestService/Ingest")
    single = call(b"/plumbline.v1.IngestService/IngestBatch")
    # A message of 30 MiB, of which 32 KiB come.
    message = frame(0, 0, 1, b"\0" + struct.pack(">I", 30 << 20) + b"x" * 16000) + frame(0, 0, 1, b"x" * 16000)
    return [b"", PREFACE[:10], PREFACE, stream, stream + message, single + message,
            stream + frame(0, 0, 1, b"x" * 100, size=16000), frame(1, 4, 1, b"")[:5]]


def connect(port, words):
    connection = socket.create_connection(("127.0.0.1", port), timeout=10)
    connection.sendall(words)
    return connection


class Scraper:
    """Asks for the metrics and reads them byte by byte, until told to stop; begins anew when it is hung up on."""

    def __init__(self, port):
        self.port = port
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.loop)
        self.thread.start()

    def loop(self):
        while not self.over.is_set():
            try:
                with socket.socket() as connection:
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
                    connection.settimeout(1)
                    connection.connect(("127.0.0.1", self.port))
                    connection.sendall(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n")
                    while not self.over.wait(0.02) and connection.recv(1):
                        pass
            except OSError:
                self.over.wait(0.1)

    def stop(self):
        self.over.set()
        self.thread.join()


class Hostility:
    """All of it at once. `with` ends it."""

    def __init__(self, daemon, arguments, frozen):
        self.frozen = frozen
        words = beginnings()
        self.connections = [connect(daemon.grpc_port, words[i % len(words)]) for i in range(arguments.connections)]
        self.connections += [connect(daemon.http_port, b"GET /met"[:i]) for i in range(8)]
        self.scrapers = [Scraper(daemon.http_port) for _ in range(arguments.scrapers)]

    def __enter__(self):
        for client in self.frozen:
            client.process.send_signal(signal.SIGSTOP)
        return self

    def __exit__(self, *_):
        for client in self.frozen:
            client.process.send_signal(signal.SIGCONT)
        for connection in self.connections:
            connection.close()
        for scraper in self.scrapers:
            scraper.stop()


def acknowledged(client):
    return client.at(float("inf"))[1]


def serve(daemon, arguments, healthy, frozen):
    """Rounds in each of which the healthy client gets on."""
    watch = Watch(daemon)
    try:
        with Hostility(daemon, arguments, frozen):
            end = time.monotonic() + arguments.seconds
            rounds = 0
            while rounds < 3 or time.monotonic() < end:
                before = acknowledged(healthy)
                wait_for("the healthy client to get on", lambda: acknowledged(healthy) > before)
                daemon.json("alerts")
                time.sleep(0.2)
                rounds += 1
        return watch, watch.end()
    finally:
        watch.kill()


def judge(daemon, arguments, base, rate, watch, health, words):
    most = max(watch.most_mib, resident_mib(daemon.process.pid, "VmHWM"))
    budget = base + INFLIGHT_MIB + RECEIVE_MIB + REST_MIB
    print(f"{arguments.frozen} frozen clients, {arguments.connections} silent connections, {arguments.scrapers} slow "
          f"scrapers: the healthy client got {rate:.0f} batches/s through; the slowest of {health['probes']} gRPC "
          f"health answers took {health['slowest_seconds']:.3f} s, of {watch.probes} HTTP ones {watch.slowest:.3f} s; "
          f"at most {most:.0f} MiB resident, of a budget of {budget:.0f} ({base:.0f} at rest)")
    failures = compare(daemon, sum(word["rows"] for word in words), "at the end")
    if any(word["refused"] for word in words):
        failures.append(f"batches were refused: {words}")
    if health["failed"] or watch.failed:
        failures.append(f"{health['failed']} gRPC and {watch.failed} HTTP health probes were not answered")
    if most > budget:
        failures.append("the memory is beyond its budget")
    return failures


def run(arguments, folder):
    clients = Clients([])
    with daemon_in(folder) as daemon:
        daemon.start("--max_inflight_mib", str(INFLIGHT_MIB), "--max_receive_mib", str(RECEIVE_MIB))
        make_model(daemon, "overload_client", str(COLUMNS))
        make_model(daemon, "overload_client", str(WIDE_COLUMNS), model=WIDE)
        base = resident_mib(daemon.process.pid)
        try:
            healthy = Client(daemon, folder, "stream", "healthy", 0)
            frozen = [Client(daemon, folder, "stream", f"frozen-{i}", FROZEN_RATE) for i in range(arguments.frozen)]
            clients.clients = [healthy, *frozen]
            clients.wait_for_all()
            before = time.monotonic()
            watch, health = serve(daemon, arguments, healthy, frozen)
            rate = (acknowledged(healthy) - healthy.at(before)[1]) / (time.monotonic() - before)
            failures = judge(daemon, arguments, base, rate, watch, health, clients.finish())
        finally:
            clients.kill()
        if daemon.stop() != 0:
            failures.append("the daemon did not stop in order")
        if failures:
            raise AssertionError("\n".join(failures))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--frozen", type=int, default=16)
    parser.add_argument("--connections", type=int, default=1000)
    parser.add_argument("--scrapers", type=int, default=16)
    arguments = parser.parse_args()
    in_folder("hostile", run, arguments)


if __name__ == "__main__":
    main()
