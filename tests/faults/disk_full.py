"""A small disk that fills under load and is freed again: nothing acknowledged is lost, and the daemon recovers by itself.

  disk_full.py [--fills N] [--disk tmpfs|ext4] [--within SECONDS]

--within fails if a recovery took longer. Needs the right to mount, if only in a namespace of its own; exits 77 without it.
"""

import argparse
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

from load import Load, prepare
from scene import MODEL, daemon_in, stop_in_order
from harness import wait_for

DISK_BYTES = 96 << 20
SKIPPED = 77
IN_NAMESPACE = "PLUMBLINE_IN_NAMESPACE"


def mount(kind, folder):
    """Why nothing could be mounted on the folder's data; empty if it is."""
    data = folder / "data"
    data.mkdir()
    if kind == "tmpfs":
        command = ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "none", data]
    else:
        image = folder / "image"
        image.write_bytes(b"")
        os.truncate(image, DISK_BYTES)
        subprocess.run(["mkfs.ext4", "-q", image], check=True)
        command = ["mount", "-o", "loop", image, data]
    mounted = subprocess.run(command, capture_output=True, text=True)
    return mounted.stderr.strip() if mounted.returncode != 0 else ""


def try_in_namespace():
    """Begins anew as the root of a namespace, which may mount a tmpfs; returns if there can be none."""
    inside = ["unshare", "--user", "--map-root-user", "--mount"]
    if IN_NAMESPACE in os.environ or subprocess.run([*inside, "true"], capture_output=True).returncode != 0:
        return
    os.environ[IN_NAMESPACE] = "1"
    os.execvp(inside[0], [*inside, sys.executable, "-B", *sys.argv])


def fill(path):
    """Takes every byte that is free, beside what it took before."""
    with open(path, "ab", buffering=0) as ballast:
        for block in (1 << 20, 4096, 1):
            try:
                while ballast.write(b"\0" * block):
                    pass
            except OSError:
                pass


def ready(daemon):
    try:
        daemon.http("/readyz")
        return True
    except OSError:
        return False


def total(daemon, name):
    return sum(daemon.metric(name))


class Disk:
    """The daemon on its small disk, under load."""

    def __init__(self, daemon, folder):
        self.daemon, self.ballast = daemon, folder / "data" / "ballast"
        self.load = Load(daemon, folder, clients=8)

    def commits(self):
        """Recoveries and commits so far."""
        return total(self.daemon, "plumbline_recoveries_total"), total(self.daemon, "plumbline_commits_total")

    def fill_and_free(self):
        """Returns how long the recovery took, in seconds."""
        before = self.load.progress()
        wait_for("new acknowledgements", lambda: self.load.progress() > before)
        # It takes what RocksDB has allocated to its log before, and frees some itself when it is done with a file.
        while ready(self.daemon):
            fill(self.ballast)
            time.sleep(0.1)
        recoveries, commits = self.commits()
        self.daemon.json("report", "--model", MODEL)
        retries = total(self.daemon, "plumbline_retries_total")
        wait_for("clients told to retry", lambda: total(self.daemon, "plumbline_retries_total") > retries)
        now = self.commits()
        if now[0] == recoveries and now[1] != commits:
            raise AssertionError("something was committed after a failed write")
        self.ballast.unlink()
        freed = time.monotonic()
        wait_for("recovery", lambda: ready(self.daemon))
        before = self.load.progress()
        wait_for("new acknowledgements", lambda: self.load.progress() > before)
        return time.monotonic() - freed


def run(arguments, folder):
    why_not = mount(arguments.disk, folder)
    if why_not:
        try_in_namespace()
        print(f"skipped: nothing can be mounted here: {why_not}")
        return SKIPPED
    try:
        with daemon_in(folder) as daemon:
            prepare(daemon)
            disk = Disk(daemon, folder)
            try:
                took = [disk.fill_and_free() for _ in range(arguments.fills)]
                disk.load.finish_and_compare(f"{arguments.fills} full disks")
            finally:
                disk.load.kill()
            print(f"from freeing the disk to new acknowledgements: at most {max(took):.1f} s")
            if max(took) > arguments.within:
                raise AssertionError(f"a recovery took more than {arguments.within} s")
            stop_in_order(daemon)
    finally:
        subprocess.run(["umount", "-l", folder / "data"], check=True)
    return 0


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fills", type=int, default=3)
    parser.add_argument("--disk", choices=["tmpfs", "ext4"], default="tmpfs")
    parser.add_argument("--within", type=float, default=float("inf"))
    arguments = parser.parse_args()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="plumbline-full."))
    try:
        code = run(arguments, folder)
    except BaseException:
        print((folder / "log").read_text()[-2000:], file=sys.stderr)
        raise
    finally:
        shutil.rmtree(folder)
    sys.exit(code)


if __name__ == "__main__":
    main()
