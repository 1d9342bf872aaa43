"""A real Prometheus and a real Alertmanager with what deploy/ ships, only quicker, and somebody to be told."""

import http.server
import json
import os
import re
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request

try:
    import yaml
except ImportError:  # another Python than Debian's: the package is good for it all the same
    sys.path.append("/usr/lib/python3/dist-packages")
    import yaml

from harness import ROOT, TOOLS, wait_for

DEPLOY = ROOT / "deploy"
RULES = DEPLOY / "prometheus" / "plumbline.rules.yml"
SPEED = 60  # a minute of the rules' `for` and Alertmanager's intervals is a second here


def fetch_tools():
    subprocess.run([ROOT / "tests/e2e/prometheus.sh", TOOLS], check=True)


def run_tool(name, *words):
    """Standard output and error of one of the tools, and its exit code."""
    done = subprocess.run([TOOLS / "usr/bin" / name, *words], capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def seconds(duration):
    units = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400}
    return sum(float(n) * units[unit] for n, unit in re.findall(r"(\d+)(ms|s|m|h|d)", duration))


def quicker(duration):
    return f"{max(1, round(seconds(duration) / SPEED))}s"


def quick_rules():
    """The rules as shipped; only what they wait for is shorter."""
    rules = yaml.safe_load(RULES.read_text())
    for group in rules["groups"]:
        for rule in group["rules"]:
            for key in ("for", "keep_firing_for"):
                if key in rule:
                    rule[key] = quicker(rule[key])
    return rules


def quick_prometheus(rules_path, target, alertmanager):
    config = yaml.safe_load((DEPLOY / "prometheus" / "prometheus.yml").read_text())
    config["global"] = {"scrape_interval": "1s", "evaluation_interval": "1s"}
    config["rule_files"] = [str(rules_path)]
    config["alerting"]["alertmanagers"][0]["static_configs"][0]["targets"] = [alertmanager]
    config["scrape_configs"][0]["static_configs"][0]["targets"] = [target]
    return config


def quick_alertmanager(webhook):
    """The configuration as shipped with shorter intervals, and a webhook in each of its receivers."""
    config = yaml.safe_load((DEPLOY / "alertmanager" / "alertmanager.yml").read_text())
    for route in [config["route"], *config["route"]["routes"]]:
        for key in ("group_interval", "repeat_interval"):
            if key in route:
                route[key] = quicker(route[key])
        # Five scrapes of a second: what begins together comes with one or the other.
        if route.get("group_wait", "0s") != "0s":
            route["group_wait"] = "5s"
    for receiver in config["receivers"]:
        receiver["webhook_configs"] = [{"url": f"{webhook}/{receiver['name']}"}]
    return config


class Receiver:
    """Somebody on call: keeps every notification, by the receiver it was for."""

    def __init__(self):
        self.notifications = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(handler):
                body = handler.rfile.read(int(handler.headers["Content-Length"]))
                notification = {**json.loads(body), "arrived": time.time()}
                self.notifications.append((handler.path.strip("/"), notification))
                handler.send_response(200)
                handler.end_headers()

            def log_message(handler, *arguments):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def got(self, receiver, status="firing", **labels):
        """Notifications of this state that have an alert with these labels."""
        return [body for name, body in list(self.notifications)
                if name == receiver and body["status"] == status and any(
                    labels.items() <= alert["labels"].items() for alert in body["alerts"])]

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


class Stack:
    """Prometheus, which scrapes `target`, and Alertmanager, in a folder, until close()."""

    def __init__(self, folder, target):
        self.folder = folder
        self.processes = []
        self.receiver = Receiver()
        ports = [free_port(), free_port()]
        self.prometheus, self.alertmanager = (f"http://127.0.0.1:{port}" for port in ports)
        try:
            self.start_all(target, ports)
        except BaseException:
            self.close()
            raise

    def start_all(self, target, ports):
        self.write("rules.yml", quick_rules())
        config = self.write("alertmanager.yml", quick_alertmanager(self.receiver.url))
        self.start("prometheus-alertmanager", f"--config.file={config}",
                   f"--storage.path={self.folder / 'alertmanager'}", "--cluster.listen-address=",
                   f"--web.listen-address=127.0.0.1:{ports[1]}")
        config = self.write("prometheus.yml", quick_prometheus(
            self.folder / "rules.yml", target, f"127.0.0.1:{ports[1]}"))
        self.start("prometheus", f"--config.file={config}",
                   f"--storage.tsdb.path={self.folder / 'tsdb'}", "--log.level=warn",
                   "--rules.alert.resend-delay=1s",  # the first may be too early for Alertmanager
                   f"--web.listen-address=127.0.0.1:{ports[0]}")
        for url in (self.prometheus, self.alertmanager):
            wait_for(f"{url} ready", lambda: self.is_ready(url))

    def write(self, name, config):
        path = self.folder / name
        path.write_text(yaml.safe_dump(config))
        return path

    def start(self, program, *flags):
        with open(self.folder / f"{program}.log", "w") as log:
            self.processes.append(subprocess.Popen(
                [TOOLS / "usr/bin" / program, *flags], stdout=log, stderr=log,
                env={**os.environ, "GOMAXPROCS": "2"}))

    @staticmethod
    def is_ready(url):
        try:
            with urllib.request.urlopen(f"{url}/-/ready", timeout=10):
                return True
        except OSError:
            return False

    def api(self, path, **parameters):
        """What Prometheus answers, or its error."""
        url = f"{self.prometheus}/api/v1/{path}?" + urllib.parse.urlencode(parameters, doseq=True)
        try:
            with urllib.request.urlopen(url, timeout=30) as got:
                return json.load(got)["data"]
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{path} {parameters}: {error.read().decode()}") from error

    def query(self, expression):
        return self.api("query", query=expression)["result"]

    def alerts(self):
        """What Alertmanager has, with what inhibits it."""
        with urllib.request.urlopen(f"{self.alertmanager}/api/v2/alerts", timeout=30) as got:
            return json.load(got)

    def post(self, *alerts):
        """Tells Alertmanager of alerts with these labels."""
        request = urllib.request.Request(
            f"{self.alertmanager}/api/v2/alerts", method="POST",
            data=json.dumps([{"labels": labels} for labels in alerts]).encode(),
            headers={"Content-Type": "application/json"})
        urllib.request.urlopen(request, timeout=30).close()

    def close(self):
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            process.wait()
        self.receiver.close()
