"""kill -9 at random and at named points under load: 0 acknowledged rows lost, 0 counted twice."""

import argparse
import os
import pathlib
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
BUILD = ROOT / os.environ.get("BUILD_DIR", "build")
sys.path.insert(0, str(ROOT / "tests" / "e2e"))
os.environ.setdefault("PLUMBLINE_BIN", str(BUILD / "bin"))
from harness import Daemon, wait_for  # noqa: E402

TOOLS = pathlib.Path(os.environ.get("PLUMBLINE_FAULTS", BUILD / "faults"))
MODEL = "m"
# Where to kill, and after how many passes at most; None: at a random moment.
POINTS = [(None, 0), ("before_write", 60), ("after_write", 60), ("before_sync", 40), ("after_sync", 40),
          ("before_ack", 40), ("after_ack", 40), ("new_table", 1)]


class Cycle:
    """One life of the daemon, ended by a kill."""

    def __init__(self, daemon, point, count, slow):
        self.daemon, self.point, self.count, self.slow = daemon, point, count, slow

    def run(self, chance):
        environment = {}
        if self.point is not None:
            environment = {"LD_PRELOAD": str(TOOLS / "libkill_points.so"),
                           "PLUMBLINE_KILL_AT": f"{self.point}:{self.count}"}
        saved = {name: os.environ.get(name) for name in environment}
        os.environ.update(environment)
        try:
            self.daemon.start("--evaluation_interval_ms", "20")
        except AssertionError:
            # It may meet its point before it is ready.
            if self.daemon.process.poll() != -signal.SIGKILL:
                raise
        finally:
            for name, value in saved.items():
                if value is None:
                    del os.environ[name]
                else:
                    os.environ[name] = value
        # Slow scrapers and connections that say nothing, kept open over the kill.
        self.slow += [scrape_slowly(self.daemon.http_port), connect_and_wait(self.daemon.grpc_port)]
        try:
            self.daemon.process.wait(timeout=chance.uniform(0.1, 0.6) if self.point is None else 1.5)
        except subprocess.TimeoutExpired:
            self.daemon.kill()
        if self.daemon.process.returncode != -signal.SIGKILL:
            raise AssertionError(f"the daemon ended by itself: {self.daemon.process.returncode}\n"
                                 + (self.daemon.folder / "log").read_text()[-2000:])


def scrape_slowly(port):
    """A scraper that asks and reads one byte only; the socket is left open."""
    try:
        answer = urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=1)
        answer.read(1)
        return answer
    except OSError:
        return None


def connect_and_wait(port):
    """A connection that never says a word."""
    try:
        return socket.create_connection(("127.0.0.1", port), timeout=1)
    except OSError:
        return None


def window_rows(daemon):
    return int(daemon.json("report", "--model", MODEL)[0]["rows"])


def books(path):
    """Acknowledged rows; fails if a number was written twice. A line may be half-written yet."""
    rows, seen = 0, set()
    for line in path.read_text().rpartition("\n")[0].splitlines():
        producer, sequence, count = line.split()
        if (producer, sequence) in seen:
            raise AssertionError(f"acknowledged twice: {line}")
        seen.add((producer, sequence))
        rows += int(count)
    return rows


def prepare(daemon, folder):
    """Starts the daemon with a model whose panes close all the time and whose window holds all."""
    daemon.start()
    server = f"127.0.0.1:{daemon.grpc_port}"
    subprocess.run([TOOLS / "oracle_client", "--setup", server, MODEL], check=True)
    policy = folder / "policy.json"
    policy.write_text('{"pane": "60s", "window_panes": 10000}')
    daemon.command("model", "policy", "set", "--model", MODEL, "--file", policy)


class Load:
    """Clients that send until told to stop, and their books."""

    def __init__(self, daemon, folder, clients):
        self.daemon = daemon
        self.oracles = [folder / f"acknowledged-{i}" for i in range(clients)]
        server = f"127.0.0.1:{daemon.grpc_port}"
        self.clients = [
            subprocess.Popen([TOOLS / "oracle_client", server, MODEL, f"p{i}", oracle],
                             stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            for i, oracle in enumerate(self.oracles)]
        # Each is then a source that the others' event time waits for: none is ever late.
        wait_for("the first acknowledgement of every client",
                 lambda: all(path.exists() and books(path) > 0 for path in self.oracles))

    def kill(self):
        """What a failure must not leave behind; nothing after the end of every client."""
        for client in self.clients:
            if client.poll() is None:
                client.kill()
            client.wait()

    def acknowledged(self):
        return sum(books(path) for path in self.oracles if path.exists())

    def finish_and_compare(self, what):
        """Every client gets its last acknowledgements; then the counts must be the books'."""
        outputs = [client.communicate("stop\n", timeout=300)[0] for client in self.clients]
        codes = [client.returncode for client in self.clients]
        if any(codes):
            raise AssertionError(f"clients ended with {codes}: {outputs}")
        for output in outputs:
            print(output.strip())
        if any(int(output.split()[-2]) for output in outputs):
            raise AssertionError("rows were late: the window does not hold all of them")
        acknowledged, counted = self.acknowledged(), window_rows(self.daemon)
        print(f"{what}: {acknowledged} rows acknowledged, {counted} counted, "
              f"{max(0, acknowledged - counted)} lost, {max(0, counted - acknowledged)} counted twice")
        if acknowledged != counted or acknowledged == 0:
            raise AssertionError("the counts are not the acknowledged ones")


def life(daemon, load, arguments, chance):
    """Kills, and at the end an undisturbed life for the last acknowledgements."""
    deadline = time.monotonic() + arguments.seconds
    kills, slow, frozen = 0, [], None
    while kills < arguments.kills and time.monotonic() < deadline:
        point, most = POINTS[kills % len(POINTS)]
        if frozen is not None:
            frozen.send_signal(signal.SIGCONT)
            frozen = None
        if kills % 5 == 4:
            frozen = chance.choice(load.clients)
            frozen.send_signal(signal.SIGSTOP)
        Cycle(daemon, point, chance.randint(1, most) if most else 0, slow).run(chance)
        kills += 1
    if frozen is not None:
        frozen.send_signal(signal.SIGCONT)
    daemon.start("--evaluation_interval_ms", "20")
    load.finish_and_compare(f"{kills} kills")


def run(arguments, folder):
    chance = random.Random(arguments.seed)
    daemon = Daemon(folder)
    prepare(daemon, folder)
    load = Load(daemon, folder, arguments.clients)
    daemon.kill()
    try:
        life(daemon, load, arguments, chance)
    except BaseException:
        if daemon.process.poll() is None:
            daemon.kill()
        raise
    finally:
        load.kill()
    if daemon.stop() != 0:
        raise AssertionError("the daemon did not stop in order")
    verified = subprocess.run([BUILD / "bin" / "plumblined", "--verify", "--data_dir",
                               folder / "data"], capture_output=True, text=True)
    print(verified.stdout.strip())
    if verified.returncode != 0:
        raise AssertionError("the folder is damaged")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=float("inf"))
    parser.add_argument("--clients", type=int, default=3)
    parser.add_argument("--seed", type=int, default=random.randrange(2**32))
    arguments = parser.parse_args()
    print(f"seed {arguments.seed}")
    folder = pathlib.Path(tempfile.mkdtemp(prefix="plumbline-faults."))
    try:
        run(arguments, folder)
    except BaseException:
        print(f"what is left is in {folder}", file=sys.stderr)
        raise
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()
