"""Holds a process to a fraction of a core: by cgroup v2 or v1 where that may be written, else by stopping it and letting
it go on, many times a second. A cgroup's fraction is its own: it goes before others that want the machine."""

import os
import pathlib
import signal
import threading
import time

PERIOD_SECONDS = 0.05
CGROUPS = pathlib.Path("/sys/fs/cgroup")


class Group:
    """A cgroup of its own below `parent`; `limits` are the files that hold it, and what lifts that again."""

    def __init__(self, parent, pid, limits, lifted):
        self.path = parent / f"plumbline-hold-{pid}"
        self.lifted = lifted
        self.path.mkdir()
        try:
            for name, text in limits:
                (self.path / name).write_text(text)
            (self.path / "cgroup.procs").write_text(str(pid))
        except OSError:
            self.path.rmdir()
            raise

    def lift(self):
        for name, text in self.lifted:
            (self.path / name).write_text(text)

    def remove(self):
        """Once the process has ended."""
        for _ in range(100):
            try:
                self.path.rmdir()
                return
            except OSError:
                time.sleep(0.05)


def hold_v2(pid, core):
    if "cpu" not in (CGROUPS / "cgroup.controllers").read_text().split():
        raise OSError("no cpu controller")
    (CGROUPS / "cgroup.subtree_control").write_text("+cpu")
    period = int(PERIOD_SECONDS * 1e6)
    return Group(CGROUPS, pid, [("cpu.max", f"{int(core * period)} {period}"), ("cpu.weight", "10000")],
                 [("cpu.max", "max")])


def hold_v1(pid, core):
    period = int(PERIOD_SECONDS * 1e6)
    return Group(CGROUPS / "cpu", pid,
                 [("cpu.cfs_period_us", str(period)), ("cpu.cfs_quota_us", str(int(core * period))),
                  ("cpu.shares", "100000")],
                 [("cpu.cfs_quota_us", "-1")])


class DutyCycle:
    """Lets the process run in every period until it has used its part, and stops it for the rest."""

    def __init__(self, pid, core):
        self.pid, self.core = pid, core
        self.clock = (~pid << 3) | 2  # the process's CPU time; see clock_getcpuclockid
        time.clock_gettime(self.clock)
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.loop, daemon=True)
        self.thread.start()

    def loop(self):
        try:
            used = time.clock_gettime(self.clock)
            while not self.over.is_set():
                end = time.monotonic() + PERIOD_SECONDS
                # What it took too much of comes off the next part.
                used = max(used + self.core * PERIOD_SECONDS, time.clock_gettime(self.clock) - PERIOD_SECONDS)
                os.kill(self.pid, signal.SIGCONT)
                while time.clock_gettime(self.clock) < used and time.monotonic() < end:
                    time.sleep(0.001)
                os.kill(self.pid, signal.SIGSTOP)
                time.sleep(max(0.0, end - time.monotonic()))
            os.kill(self.pid, signal.SIGCONT)
        except OSError:
            pass  # it has ended

    def lift(self):
        self.over.set()
        self.thread.join()

    def remove(self):
        self.over.set()
        self.thread.join()


def hold(pid, core):
    """What holds the process, and how, in words. lift() ends it; remove() tidies up after the end of the process."""
    for way, words in ((hold_v2, "cgroup v2"), (hold_v1, "cgroup v1"), (DutyCycle, "SIGSTOP and SIGCONT")):
        try:
            return way(pid, core), words
        except OSError:
            continue
    raise AssertionError("nothing here can hold a process")
