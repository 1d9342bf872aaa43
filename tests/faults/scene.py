"""What every fault test stands on: the programs, a daemon in a folder of its own, a model whose window holds everything."""

import contextlib
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / os.environ.get("BUILD_DIR", "build")
sys.path.insert(0, str(ROOT / "tests" / "e2e"))
os.environ.setdefault("PLUMBLINE_BIN", str(BUILD / "bin"))
from harness import BIN, Daemon  # noqa: E402

TOOLS = pathlib.Path(os.environ.get("PLUMBLINE_FAULTS", BUILD / "faults"))
MODEL = "m"
POLICY = {"pane": "60s", "window_panes": 10_000}


def in_folder(name, run, *arguments):
    """run(*arguments, folder), in a folder of its own that is left behind if it fails."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix=f"plumbline-{name}."))
    try:
        run(*arguments, folder)
    except BaseException:
        print(f"what is left is in {folder}", file=sys.stderr)
        raise
    shutil.rmtree(folder)


@contextlib.contextmanager
def daemon_in(folder):
    """A daemon, not yet started; what a failure leaves running is killed."""
    daemon = Daemon(folder)
    try:
        yield daemon
    finally:
        if daemon.process is not None and daemon.process.poll() is None:
            daemon.kill()


def set_policy(daemon, model=MODEL, **more):
    path = daemon.folder / "policy.json"
    path.write_text(json.dumps({**POLICY, **more}))
    daemon.command("model", "policy", "set", "--model", model, "--file", path)


def make_model(daemon, client, *words, model=MODEL, **policy):
    """By the client that will send to it: it knows the columns."""
    subprocess.run([TOOLS / client, "setup", f"127.0.0.1:{daemon.grpc_port}", model, *words], check=True)
    set_policy(daemon, model, **policy)


def stop_in_order(daemon):
    code = daemon.stop()
    if code != 0:
        raise AssertionError(f"the daemon did not stop in order: {code}")


def plumblined(*words, folder, **environment):
    """The program itself on the folder of a daemon that does not run."""
    return subprocess.run([BIN / "plumblined", *words, "--data_dir", folder], capture_output=True, text=True,
                          env={**os.environ, **environment}, timeout=300)


def verify(folder):
    """What --verify says of a folder that must be sound."""
    verified = plumblined("--verify", folder=folder)
    if verified.returncode != 0:
        raise AssertionError(f"the folder is damaged:\n{verified.stdout}{verified.stderr}")
    return verified.stdout.strip()
