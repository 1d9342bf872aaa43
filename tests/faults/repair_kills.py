"""kill -9 in the middle of a repair: no daemon takes what lies half-way for a store, and a second repair ends it."""

import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile

from load import BUILD, TOOLS, Load, prepare
from harness import Daemon

MOST_RENAMES = 200


def plumblined(*words, folder, kill_at=None):
    environment = dict(os.environ)
    if kill_at is not None:
        environment.update(LD_PRELOAD=str(TOOLS / "libkill_points.so"), PLUMBLINE_KILL_AT=f"before_rename:{kill_at}")
    return subprocess.run([BUILD / "bin" / "plumblined", *words, "--data_dir", folder], capture_output=True, text=True,
                          env=environment, timeout=60)


def damaged_folder(root):
    """A folder of a daemon that was stopped in order, with a flipped byte in its largest table."""
    daemon = Daemon(root)
    prepare(daemon, root)
    load = Load(daemon, root, clients=1)
    try:
        load.finish_and_compare("a sound folder")
    finally:
        load.kill()
    if daemon.stop() != 0:
        raise AssertionError("the daemon did not stop in order")
    table = max((root / "data").glob("*.sst"), key=lambda path: path.stat().st_size)
    content = bytearray(table.read_bytes())
    content[len(content) // 3] ^= 0x10
    table.write_bytes(content)
    return root / "data"


def tables_read(folder):
    """The first line of a verification that must find nothing."""
    verified = plumblined("--verify", folder=folder)
    if verified.returncode != 0:
        raise AssertionError(f"still damaged:\n{verified.stdout}{verified.stderr}")
    return verified.stdout.partition(": ")[2].splitlines()[0]


def run(root):
    damaged = damaged_folder(root)
    copy = root / "copy"
    shutil.copytree(damaged, copy)
    undisturbed = plumblined("--repair", folder=copy)
    expected = tables_read(copy)
    kills = refusals = 0
    for kill_at in range(1, MOST_RENAMES):
        shutil.rmtree(copy)
        shutil.copytree(damaged, copy)
        repair = plumblined("--repair", folder=copy, kill_at=kill_at)
        if repair.returncode != -signal.SIGKILL:
            break
        kills += 1
        # Half-way it is damaged or, before anything was moved, as it was; never a new, empty store.
        if not (copy / "CURRENT").exists():
            started = plumblined("--grpc_address", "127.0.0.1:0", "--http_address", "127.0.0.1:0", folder=copy)
            if started.returncode != 1 or "--repair" not in started.stderr:
                raise AssertionError(f"a daemon on a half-repaired folder: {started}")
            refusals += 1
        again = plumblined("--repair", folder=copy)
        if again.returncode != 0 or again.stdout != undisturbed.stdout or tables_read(copy) != expected:
            raise AssertionError(f"killed at rename {kill_at}: {again.stdout}{again.stderr}\ninstead of\n"
                                 f"{undisturbed.stdout}")
    print(f"{kills} repairs killed, {refusals} of them where no daemon may start")
    if refusals == 0:
        raise AssertionError("no kill met the files being moved")


def main():
    root = pathlib.Path(tempfile.mkdtemp(prefix="plumbline-repair."))
    try:
        run(root)
    except BaseException:
        print(f"what is left is in {root}", file=sys.stderr)
        raise
    shutil.rmtree(root)


if __name__ == "__main__":
    main()
