"""Many clients that keep books of what they offered and what was acknowledged, and what the daemon is like meanwhile."""

import json
import pathlib
import re
import subprocess
import threading
import time
import urllib.request

from scene import MODEL, TOOLS
from harness import wait_for

ROWS = 1000  # of a batch, 10 columns: 80 KB
COLUMNS = 10


def resident_mib(pid, name="VmRSS"):
    return int(re.search(rf"{name}:\s+(\d+) kB", pathlib.Path(f"/proc/{pid}/status").read_text())[1]) / 1024


class Client:
    """One overload_client with its books: time, batches offered and acknowledged."""

    def __init__(self, daemon, folder, mode, name, argument, nice=0):
        self.books = folder / f"books-{name}"
        self.process = subprocess.Popen(
            ["nice", "-n", str(nice), TOOLS / "overload_client", mode, f"127.0.0.1:{daemon.grpc_port}", MODEL, name,
             self.books, str(ROWS), str(argument)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def lines(self):
        if not self.books.exists():
            return []
        return [line.split() for line in self.books.read_text().rpartition("\n")[0].splitlines()]

    def at(self, moment):
        """Batches offered and acknowledged until then."""
        offered, acknowledged = 0, 0
        for written, one, other in self.lines():
            if float(written) > moment:
                break
            offered, acknowledged = int(one), int(other)
        return offered, acknowledged


def cpu_seconds(pid):
    """What a process has used so far."""
    return time.clock_gettime((~pid << 3) | 2)  # see clock_getcpuclockid


class Clients:
    def __init__(self, clients):
        self.clients = clients

    def wait_for_all(self):
        wait_for("an acknowledgement of every client",
                 lambda: all(client.lines() and int(client.lines()[-1][2]) > 0 for client in self.clients))

    def rates(self, start, end):
        """Batches offered and acknowledged a second."""
        totals = [0, 0]
        for client in self.clients:
            for i, (early, late) in enumerate(zip(client.at(start), client.at(end))):
                totals[i] += late - early
        return [total / (end - start) for total in totals]

    def finish(self):
        """The last words of each, when all that it sent is answered."""
        for client in self.clients:
            client.process.stdin.write("stop\n")
            client.process.stdin.flush()
        words = [client.process.communicate(timeout=300)[0] for client in self.clients]
        codes = [client.process.returncode for client in self.clients]
        if any(codes):
            raise AssertionError(f"clients ended with {codes}")
        return [json.loads(text) for text in words]

    def kill(self):
        for client in self.clients:
            if client.process.poll() is None:
                client.process.kill()
            client.process.wait()


class Watch:
    """Looks at memory and health for as long as it lasts."""

    def __init__(self, daemon):
        self.daemon = daemon
        self.most_mib, self.slowest, self.probes, self.failed = 0.0, 0.0, 0, 0
        self.health = subprocess.Popen([TOOLS / "overload_client", "health", f"127.0.0.1:{daemon.grpc_port}"],
                                       stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.over = threading.Event()
        self.threads = [threading.Thread(target=self.look), threading.Thread(target=self.probe)]
        for thread in self.threads:
            thread.start()

    def look(self):
        while not self.over.wait(0.05):
            self.most_mib = max(self.most_mib, resident_mib(self.daemon.process.pid))

    def probe(self):
        while not self.over.wait(0.05):
            start = time.monotonic()
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{self.daemon.http_port}/healthz", timeout=10).read()
            except OSError:
                self.failed += 1
            self.probes += 1
            self.slowest = max(self.slowest, time.monotonic() - start)

    def end(self):
        """What gRPC's health was like; afterwards the rest is final too."""
        self.over.set()
        for thread in self.threads:
            thread.join()
        if self.health.poll() is not None:
            raise AssertionError("the client that asks for health has ended")
        return json.loads(self.health.communicate("stop\n", timeout=60)[0])

    def kill(self):
        self.over.set()
        if self.health.poll() is None:
            self.health.kill()
        self.health.wait()


def counted_rows(daemon):
    return int(daemon.json("report", "--model", MODEL)[0]["rows"])


def compare(daemon, rows, when):
    """What is wrong with the counts, in words; nothing if they are those of the books."""
    counted = counted_rows(daemon)
    print(f"{when}: {rows} rows acknowledged, {counted} counted, {max(0, rows - counted)} lost, "
          f"{max(0, counted - rows)} counted twice")
    return [] if counted == rows else [f"{when}: the counts are not the acknowledged ones"]
