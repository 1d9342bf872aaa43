"""A small disk that fills under load and is freed again: nothing acknowledged is lost, and the daemon recovers by itself.

  disk_full.py [--fills N]      needs the right to mount a tmpfs; exits 77 without it
"""

import argparse
import pathlib
import shutil
import subprocess
import sys
import tempfile

from kills import MODEL, Load, prepare
from harness import Daemon, wait_for

DISK_BYTES = 96 << 20


def run(fills, folder):
    daemon = Daemon(folder)
    (folder / "data").mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "none", folder / "data"],
                             capture_output=True, text=True)
    if mounted.returncode != 0:
        print(f"skipped: no tmpfs can be mounted here: {mounted.stderr.strip()}")
        return 77
    load = None
    try:
        prepare(daemon, folder)
        load = Load(daemon, folder, clients=2)
        for _ in range(fills):
            before = load.acknowledged()
            wait_for("new acknowledgements", lambda: load.acknowledged() > before)
            with open(folder / "data" / "ballast", "wb", buffering=0) as ballast:
                try:
                    while True:
                        ballast.write(b"\0" * 4096)
                except OSError:
                    pass
            wait_for("a failed write", lambda: not ready(daemon))
            daemon.json("report", "--model", MODEL)
            daemon.http("/metrics")
            (folder / "data" / "ballast").unlink()
            wait_for("recovery", lambda: ready(daemon))
        load.finish_and_compare(f"{fills} full disks")
        if daemon.stop() != 0:
            raise AssertionError("the daemon did not stop in order")
    finally:
        if load is not None:
            load.kill()
        if daemon.process is not None and daemon.process.poll() is None:
            daemon.kill()
        subprocess.run(["umount", "-l", folder / "data"], check=True)
    return 0


def ready(daemon):
    try:
        daemon.http("/readyz")
        return True
    except OSError:
        return False


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fills", type=int, default=3)
    fills = parser.parse_args().fills
    folder = pathlib.Path(tempfile.mkdtemp(prefix="plumbline-full."))
    try:
        code = run(fills, folder)
    except BaseException:
        print((folder / "log").read_text()[-2000:], file=sys.stderr)
        raise
    finally:
        shutil.rmtree(folder)
    sys.exit(code)


if __name__ == "__main__":
    main()
