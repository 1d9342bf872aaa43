"""kill -9 at random and at named points under load: 0 acknowledged rows lost, 0 counted twice.

The points are those of kill_points.cc. Lives that end at a random moment take the durability modes in turn: a killed
process loses nothing under any of them.
"""

import argparse
import collections
import os
import random
import signal
import socket
import struct
import subprocess
import time
import urllib.request

from load import Load, prepare
from scene import MODEL, TOOLS, daemon_in, in_folder, stop_in_order, verify

# Where to kill, and after how many passes at most; None: at a random moment.
POINTS = [(None, 0), ("before_write", 60), ("torn_write", 60), ("after_write", 60), ("before_sync", 40),
          ("after_sync", 40), ("before_ack", 40), ("after_ack", 40), (None, 0), ("before_pane_close", 3),
          ("torn_pane_close", 3), ("after_pane_close", 3), ("new_table", 1), ("new_manifest", 2),
          ("before_rename", 2), ("after_rename", 2)]
MODES = ["sync", "os", "interval:20"]
# For a point to be met, if the machine is busy.
POINT_SECONDS = 20


def window_key():
    """What the key of the model's window begins with; see server/storage/keys.h."""
    key = bytes([14])
    for part in (MODEL, "default"):
        key += struct.pack(">I", len(part)) + part.encode()
    return key.hex()


class Cycle:
    """One life of the daemon, ended by a kill."""

    def __init__(self, daemon, point, count, mode, slow):
        self.daemon, self.point, self.count, self.mode, self.slow = daemon, point, count, mode, slow

    def run(self, chance):
        """True if the daemon met its point."""
        environment = {}
        if self.point is not None:
            environment = {"LD_PRELOAD": str(TOOLS / "libkill_points.so"),
                           "PLUMBLINE_KILL_WINDOW_KEY": window_key(),
                           "PLUMBLINE_KILL_AT": f"{self.point}:{self.count}"}
        saved = {name: os.environ.get(name) for name in environment}
        os.environ.update(environment)
        try:
            self.daemon.start("--evaluation_interval_ms", "20", "--durability", self.mode)
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
        met = True
        try:
            self.daemon.process.wait(timeout=chance.uniform(0.1, 0.6) if self.point is None else POINT_SECONDS)
        except subprocess.TimeoutExpired:
            met = False
            self.daemon.kill()
        if self.daemon.process.returncode != -signal.SIGKILL:
            raise AssertionError(f"the daemon ended by itself: {self.daemon.process.returncode}\n"
                                 + (self.daemon.folder / "log").read_text()[-2000:])
        return met


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


def life(daemon, load, arguments, chance):
    """Kills, and at the end an undisturbed life for the last acknowledgements."""
    deadline = time.monotonic() + arguments.seconds
    kills, slow, frozen = 0, [], None
    tried, met = collections.Counter(), collections.Counter()
    while kills < arguments.kills and time.monotonic() < deadline:
        point, most = POINTS[kills % len(POINTS)]
        if frozen is not None:
            frozen.send_signal(signal.SIGCONT)
            frozen = None
        # Panes close when every source has moved on.
        if kills % 5 == 4 and not (point or "").endswith("pane_close"):
            frozen = chance.choice(load.clients)
            frozen.send_signal(signal.SIGSTOP)
        count = chance.randint(1, most) if most else 0
        mode = MODES[kills % len(MODES)] if point is None else "sync"
        tried[point] += 1
        met[point] += Cycle(daemon, point, count, mode, slow).run(chance)
        kills += 1
    if frozen is not None:
        frozen.send_signal(signal.SIGCONT)
    print("killed at: " + ", ".join(f"{point or 'random'} {met[point] if point else times}"
                                    for point, times in tried.items()))
    daemon.start("--evaluation_interval_ms", "20")
    load.finish_and_compare(f"{kills} kills")
    never = [point for point in tried if point is not None and met[point] == 0]
    if never:
        raise AssertionError(f"never met: {never}")


def run(arguments, folder):
    chance = random.Random(arguments.seed)
    with daemon_in(folder) as daemon:
        prepare(daemon)
        load = Load(daemon, folder, arguments.clients)
        try:
            daemon.kill()
            life(daemon, load, arguments, chance)
        finally:
            load.kill()
        stop_in_order(daemon)
    print(verify(folder / "data"))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=float("inf"))
    parser.add_argument("--clients", type=int, default=3)
    parser.add_argument("--seed", type=int, default=random.randrange(2**32))
    arguments = parser.parse_args()
    print(f"seed {arguments.seed}")
    in_folder("kills", run, arguments)


if __name__ == "__main__":
    main()
