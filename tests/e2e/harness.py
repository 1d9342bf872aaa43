"""Starts the real daemon on free ports in a folder of its own, and runs the real command against it."""

import csv
import gzip
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import time
import unittest
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
DATA = ROOT / "tests" / "data"
BIN = pathlib.Path(os.environ.get("PLUMBLINE_BIN", ROOT / "build" / "bin"))
TOOLS = pathlib.Path(os.environ.get("PLUMBLINE_TOOLS", ROOT / "build" / "tools"))
PATIENCE_SECONDS = 60  # for what must happen at some time; no test asserts how fast

HOUSING_COLUMNS = [
    "--timestamp", "timestamp", "--id", "id",
    "--role", "y_pred=prediction,y_pred_proba=prediction,clf_target=label",
    "--kind", "y_pred=categorical,clf_target=categorical",
]


def wait_for(what, condition):
    """The first true value of condition(), or a failure that says what did not happen."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"did not happen within {PATIENCE_SECONDS} s: {what}")
        time.sleep(0.1)


class Daemon:
    """One plumblined and its data folder, which outlives a kill."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.grpc_port = 0
        self.http_port = 0
        self.process = None

    def start(self, *flags):
        log = self.folder / "log"
        offset = log.stat().st_size if log.exists() else 0
        with open(log, "ab") as out:
            self.process = subprocess.Popen(
                [BIN / "plumblined", "--data_dir", self.folder / "data",
                 "--grpc_address", f"127.0.0.1:{self.grpc_port}",
                 "--http_address", f"127.0.0.1:{self.http_port}", *flags],
                stdout=out, stderr=out, stdin=subprocess.DEVNULL)

        def ready():
            text = log.read_bytes()[offset:].decode()
            if self.process.poll() is not None:
                raise AssertionError(f"plumblined ended with {self.process.returncode}:\n{text}")
            return re.search(r"msg=\"?ready\"?.*grpc=\S+:(\d+) .*http=\S+:(\d+)", text)

        match = wait_for("plumblined ready", ready)
        self.grpc_port, self.http_port = int(match[1]), int(match[2])
        return self

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self):
        """SIGTERM; the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=PATIENCE_SECONDS)

    def command(self, *words, check=True, **options):
        result = subprocess.run(
            [BIN / "plumbline", "--server", f"127.0.0.1:{self.grpc_port}", *words],
            capture_output=True, text=True, stdin=subprocess.DEVNULL, **options)
        if check and result.returncode != 0:
            raise AssertionError(f"plumbline {' '.join(map(str, words))} ended with "
                                 f"{result.returncode}:\n{result.stdout}{result.stderr}")
        return result

    def json(self, *words):
        """The JSON objects that a command prints, one a line."""
        out = self.command("--format", "json", *words).stdout
        return [json.loads(line) for line in out.splitlines() if line.strip()]

    def http(self, path):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.http_port}{path}", timeout=30) as got:
            return got.read().decode()

    def metric(self, name, **labels):
        """The values of the series of a metric that carry these labels."""
        values = []
        for line in self.http("/metrics").splitlines():
            match = re.fullmatch(rf"{name}(?:\{{(.*)\}})? (\S+)", line)
            if match is None:
                continue
            found = dict(re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', match[1] or ""))
            if all(found.get(key) == value for key, value in labels.items()):
                values.append(float(match[2]))
        return values

    def fires(self, **labels):
        return 1.0 in self.metric("plumbline_alert_active", **labels)


class DaemonTest(unittest.TestCase):
    """A test with a fresh folder and a running daemon."""

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="plumbline-e2e."))
        self.daemon = Daemon(self.folder).start()

    def tearDown(self):
        if self.daemon.process.poll() is None:
            self.daemon.kill()
        shutil.rmtree(self.folder)


def read_rows(name):
    """Header and rows of a CSV file in tests/data."""
    path = DATA / name
    with (gzip.open if path.suffix == ".gz" else open)(path, "rt", newline="") as text:
        rows = list(csv.reader(text))
    return rows[0], rows[1:]


def write_rows(path, header, rows):
    with open(path, "w", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(header)
        writer.writerows(rows)
    return path
