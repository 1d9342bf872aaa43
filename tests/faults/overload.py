"""Clients that offer ten times what the daemon can take, while it is held to a fraction of a core: its memory stays within
its budget, it goes on doing its work, every refusal is one to retry, health answers, nothing acknowledged is lost.

  overload.py [--seconds S] [--clients C] [--times X] [--core F] [--small]

Three quarters of the clients use the client library, and drop the oldest batches when their own queues are full; the others
call IngestBatch. --small is short, and judges nothing that depends on the machine's speed."""

import argparse
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

from hold import hold
from load import MODEL, TOOLS
from harness import Daemon, wait_for

ROWS = 1000  # of a batch, 10 columns: 80 KB
CALLS = 8    # under way at a time, of a client of IngestBatch
FEW = 4      # clients that keep the daemon just busy
INFLIGHT_MIB = 64
RECEIVE_MIB = 128
STORE_AND_ALLOCATOR_MIB = 96  # write buffers and block cache; what malloc and the pool of blocks keep
GOODPUT, HEALTH_SECONDS, OFFERED = 0.8, 1.0, 0.95  # goals; the last one is the harness's own


def resident_mib(pid, name="VmRSS"):
    return int(re.search(rf"{name}:\s+(\d+) kB", pathlib.Path(f"/proc/{pid}/status").read_text())[1]) / 1024


class Client:
    """One overload_client with its books: time, batches offered and acknowledged."""

    def __init__(self, daemon, folder, mode, name, argument):
        self.books = folder / f"books-{name}"
        self.process = subprocess.Popen(
            [TOOLS / "overload_client", mode, f"127.0.0.1:{daemon.grpc_port}", MODEL, name, self.books, str(ROWS),
             str(argument)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

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


def unloaded(daemon, folder, seconds):
    """Batches a second of a few clients that wait for their acknowledgements, and their last words."""
    clients = Clients([Client(daemon, folder, "stream", f"few-{i}", 0) for i in range(FEW)])
    try:
        clients.wait_for_all()
        time.sleep(min(3.0, seconds / 2))
        start = time.monotonic()
        time.sleep(seconds)
        rate = clients.rates(start, time.monotonic())[1]
        return rate, clients.finish()
    finally:
        clients.kill()


def overloaded(daemon, folder, arguments, capacity):
    singles = arguments.clients // 4
    streams = arguments.clients - singles
    rate = arguments.times * capacity / streams
    clients = Clients([Client(daemon, folder, "stream", f"stream-{i}", rate) for i in range(streams)]
                      + [Client(daemon, folder, "single", f"single-{i}", CALLS) for i in range(singles)])
    watch = Watch(daemon)
    try:
        clients.wait_for_all()
        start = time.monotonic()
        time.sleep(arguments.seconds)
        rates = clients.rates(start, time.monotonic())
        health = watch.end()
        return rates, health, watch, clients.finish()
    finally:
        watch.kill()
        clients.kill()


def counted_rows(daemon):
    return int(daemon.json("report", "--model", MODEL)[0]["rows"])


def reasons(daemon, name):
    found = re.findall(rf'^{name}\{{reason="(\w+)"\}} (\S+)$', daemon.http("/metrics"), re.MULTILINE)
    return {reason: int(float(count)) for reason, count in found if float(count) > 0}


def check(failures, holds, words):
    print(("" if holds else "FAILED: ") + words)
    if not holds:
        failures.append(words)


def judge(daemon, arguments, base, capacity, result):
    (offered, goodput), health, watch, words = result
    failures = []
    budget = base + INFLIGHT_MIB + RECEIVE_MIB + STORE_AND_ALLOCATOR_MIB
    most = max(watch.most_mib, resident_mib(daemon.process.pid, "VmHWM"))
    check(failures, most <= budget,
          f"memory: at most {most:.0f} MiB resident; the budget is {budget:.0f}: {base:.0f} at rest, "
          f"max_inflight_mib {INFLIGHT_MIB}, max_receive_mib {RECEIVE_MIB}, store and allocator "
          f"{STORE_AND_ALLOCATOR_MIB}")
    slowest = max(watch.slowest, health["slowest_seconds"])
    speeds = [
        (offered >= OFFERED * arguments.times * capacity,
         f"offered: {offered * ROWS:,.0f} rows/s, {offered / capacity:.1f} times what the daemon can take"),
        (goodput >= GOODPUT * capacity,
         f"goodput: {goodput * ROWS:,.0f} rows/s, {100 * goodput / capacity:.0f}% of {capacity * ROWS:,.0f} unloaded"),
        (slowest < HEALTH_SECONDS,
         f"health: the slowest of {health['probes']} gRPC answers took {health['slowest_seconds']:.3f} s, of "
         f"{watch.probes} HTTP answers {watch.slowest:.3f} s")]
    for holds, sentence in speeds:
        check(failures, holds or arguments.small, sentence)
    check(failures, health["failed"] == 0 and watch.failed == 0,
          f"health: {health['failed']} gRPC and {watch.failed} HTTP probes were not answered")
    refused = reasons(daemon, "plumbline_refused_batches_total")
    check(failures, not refused and not any(word["refused"] for word in words),
          f"refusals: {refused or 'none'} for good; to retry {reasons(daemon, 'plumbline_retries_total')}; clients sent "
          f"{sum(word['retries'] for word in words)} batches again and dropped "
          f"{sum(word['dropped'] for word in words)} that they had not sent")
    return failures


def compare(daemon, rows, when):
    counted = counted_rows(daemon)
    print(f"{when}: {rows} rows acknowledged, {counted} counted, {max(0, rows - counted)} lost, "
          f"{max(0, counted - rows)} counted twice")
    return [] if counted == rows else [f"{when}: the counts are not the acknowledged ones"]


def run(arguments, folder):
    daemon = Daemon(folder)
    holder = None
    try:
        daemon.start("--max_inflight_mib", str(INFLIGHT_MIB), "--max_receive_mib", str(RECEIVE_MIB))
        subprocess.run([TOOLS / "overload_client", "setup", f"127.0.0.1:{daemon.grpc_port}", MODEL, "10"], check=True)
        policy = folder / "policy.json"
        policy.write_text('{"pane": "60s", "window_panes": 10000}')
        daemon.command("model", "policy", "set", "--model", MODEL, "--file", policy)
        base = resident_mib(daemon.process.pid)
        holder, how = hold(daemon.process.pid, arguments.core)
        print(f"the daemon is held to {arguments.core} of a core by {how}")
        capacity, few = unloaded(daemon, folder, 2 if arguments.small else 15)
        result = overloaded(daemon, folder, arguments, capacity)
        holder.lift()
        failures = judge(daemon, arguments, base, capacity, result)
        rows = sum(word["rows"] for word in few + result[3])
        failures += compare(daemon, rows, "at the end")
        daemon.kill()
        holder.remove()
        daemon.start()
        failures += compare(daemon, rows, "after kill -9 and a restart")
        if daemon.stop() != 0:
            failures.append("the daemon did not stop in order")
        if failures:
            raise AssertionError("\n".join(failures))
    finally:
        if daemon.process is not None and daemon.process.poll() is None:
            daemon.kill()
        if holder is not None:
            holder.remove()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--clients", type=int, default=32)
    parser.add_argument("--times", type=float, default=10)
    parser.add_argument("--core", type=float, default=0.1)
    parser.add_argument("--small", action="store_true")
    arguments = parser.parse_args()
    if arguments.small:
        arguments.seconds, arguments.clients = min(arguments.seconds, 5), min(arguments.clients, 8)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="plumbline-overload."))
    try:
        run(arguments, folder)
    except BaseException:
        print(f"what is left is in {folder}", file=sys.stderr)
        raise
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()
