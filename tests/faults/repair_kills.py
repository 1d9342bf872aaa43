"""kill -9 in the middle of a repair: no daemon takes what lies half-way for a store, and a second repair ends it."""

import shutil
import signal

from load import Load, prepare
from scene import TOOLS, daemon_in, in_folder, plumblined, stop_in_order, verify

MOST_RENAMES = 200


def repair(folder, kill_at=None):
    """--repair, killed before its so many-th rename."""
    environment = {}
    if kill_at is not None:
        environment = {"LD_PRELOAD": str(TOOLS / "libkill_points.so"), "PLUMBLINE_KILL_AT": f"before_rename:{kill_at}"}
    return plumblined("--repair", folder=folder, **environment)


def damaged_folder(root):
    """A folder of a daemon that was stopped in order, with a flipped byte in its largest table."""
    with daemon_in(root) as daemon:
        prepare(daemon)
        load = Load(daemon, root, clients=1)
        try:
            load.finish_and_compare("a sound folder")
        finally:
            load.kill()
        stop_in_order(daemon)
    table = max((root / "data").glob("*.sst"), key=lambda path: path.stat().st_size)
    content = bytearray(table.read_bytes())
    content[len(content) // 3] ^= 0x10
    table.write_bytes(content)
    return root / "data"


def tables_read(folder):
    """The first line of a verification that must find nothing."""
    return verify(folder).partition(": ")[2].splitlines()[0]


def run(root):
    damaged = damaged_folder(root)
    copy = root / "copy"
    shutil.copytree(damaged, copy)
    undisturbed = repair(copy)
    expected = tables_read(copy)
    kills = refusals = 0
    for kill_at in range(1, MOST_RENAMES):
        shutil.rmtree(copy)
        shutil.copytree(damaged, copy)
        if repair(copy, kill_at).returncode != -signal.SIGKILL:
            break
        kills += 1
        # Half-way it is damaged or, before anything was moved, as it was; never a new, empty store.
        if not (copy / "CURRENT").exists():
            started = plumblined("--grpc_address", "127.0.0.1:0", "--http_address", "127.0.0.1:0", folder=copy)
            if started.returncode != 1 or "--repair" not in started.stderr:
                raise AssertionError(f"a daemon on a half-repaired folder: {started}")
            refusals += 1
        again = repair(copy)
        if again.returncode != 0 or again.stdout != undisturbed.stdout or tables_read(copy) != expected:
            raise AssertionError(f"killed at rename {kill_at}: {again.stdout}{again.stderr}\ninstead of\n"
                                 f"{undisturbed.stdout}")
    print(f"{kills} repairs killed, {refusals} of them where no daemon may start")
    if refusals == 0:
        raise AssertionError("no kill met the files being moved")


if __name__ == "__main__":
    in_folder("repair", run)
