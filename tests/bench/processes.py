"""The processes that the benchmarks measure: plumblined, the bare sink, the load client, a scraper."""

import json
import os
import pathlib
import re
import resource
import shutil
import signal
import subprocess
import tempfile
import threading
import time
import urllib.request

PATIENCE_SECONDS = 600
ROWS_PATIENCE_SECONDS = 20
MEMORY_LIMIT_BYTES = 8 << 30


def await_line(path, offset, pattern, process):
    """The match of `pattern` in what `process` wrote to `path` after `offset`."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        text = path.read_bytes()[offset:].decode()
        match = re.search(pattern, text)
        if match:
            return match
        if process.poll() is not None:
            raise RuntimeError(f"ended with {process.returncode}:\n{text}")
        time.sleep(0.002)
    raise RuntimeError(f"{path}: nothing like {pattern}")


def limit_memory():
    """A server that wants more must fail, not take the machine down."""
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY_LIMIT_BYTES, MEMORY_LIMIT_BYTES))


class Folder:
    """A folder on the disk of the build folder, removed at the end."""

    def __init__(self, bench):
        self.path = pathlib.Path(tempfile.mkdtemp(prefix="bench-", dir=bench.build_dir))

    def __enter__(self):
        return self.path

    def __exit__(self, *_):
        shutil.rmtree(self.path)


class Server:
    """A started process with a port. `with` ends it."""

    def __init__(self, command, log, pattern):
        offset = log.stat().st_size if log.exists() else 0
        started = time.monotonic()
        with open(log, "ab") as out:
            self.process = subprocess.Popen(command, stdout=out, stderr=out,
                                            stdin=subprocess.DEVNULL, preexec_fn=limit_memory)
        try:
            self.match = await_line(log, offset, pattern, self.process)
        except BaseException:
            self.process.kill()
            raise
        self.ready_seconds = time.monotonic() - started
        self.address = f"127.0.0.1:{self.match[1]}"
        self.pid = self.process.pid
        self.ready_cpu_seconds = self.cpu_seconds()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()

    def stop(self):
        """SIGTERM; seconds until it has exited."""
        started = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=PATIENCE_SECONDS)
        return time.monotonic() - started

    def resident_bytes(self):
        return self.memory("VmRSS")

    def peak_bytes(self):
        return self.memory("VmHWM")

    def memory(self, name):
        text = pathlib.Path(f"/proc/{self.pid}/status").read_text()
        return int(re.search(rf"{name}:\s+(\d+) kB", text)[1]) * 1024

    def cpu_seconds(self):
        fields = pathlib.Path(f"/proc/{self.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Daemon(Server):
    def __init__(self, bench, folder, *flags):
        super().__init__(
            [bench.daemon(), "--data_dir", folder / "data", "--grpc_address", "127.0.0.1:0",
             "--http_address", "127.0.0.1:0", *flags],
            folder / "log", r"msg=\"?ready\"?.*grpc=\S+:(\d+) .*http=\S+:(\d+)")
        self.http_address = f"127.0.0.1:{self.match[2]}"

    def scrape(self):
        """The text of /metrics."""
        with urllib.request.urlopen(f"http://{self.http_address}/metrics", timeout=60) as got:
            return got.read().decode()

    def metric(self, name):
        """The sum of the series of a metric."""
        pattern = rf"^{name}(?:\{{.*\}})? (\S+)$"
        return sum(float(value) for value in re.findall(pattern, self.scrape(), re.MULTILINE))

    def await_rows(self, rows):
        """Rows that the models show, once they show at least so many or have had time to."""
        deadline = time.monotonic() + ROWS_PATIENCE_SECONDS
        while True:
            shown = self.metric("plumbline_rows_total")
            if shown >= rows or time.monotonic() > deadline:
                return shown
            time.sleep(0.5)


class Sink(Server):
    def __init__(self, bench, folder):
        super().__init__([bench.tool("bare_sink")], folder / "sink.log", r"ready port=(\d+)")


class Scraper:
    """Scrapes a daemon every second, as Prometheus would. `with` ends it."""

    def __init__(self, daemon):
        self.daemon = daemon
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.loop)

    def loop(self):
        while not self.over.wait(1):
            self.daemon.scrape()

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()


def load_client(bench, server, shape, *words, models=1):
    """Runs the load client to its end; what it measured."""
    command = [bench.tool("load_client"), "--server", server.address, "--shape", shape,
               "--models", str(models), *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if done.returncode != 0:
        raise RuntimeError(f"{command}: {done.returncode}\n{done.stdout}{done.stderr}")
    return json.loads(done.stdout)


def make_models(bench, server, shape, models=1, rows=50_000, *words):
    """Models with the same baseline; how long making that took."""
    return load_client(bench, server, shape, "models", "--rows", rows, *words, models=models)
