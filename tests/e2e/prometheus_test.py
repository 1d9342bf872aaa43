"""A real Prometheus scrapes the daemon; promtool has nothing to say about the metrics and the rules."""

import json
import pathlib
import socket
import subprocess
import unittest
import urllib.parse
import urllib.request

from harness import DATA, HOUSING_COLUMNS, ROOT, TOOLS, DaemonTest, wait_for

HOUSING = DATA / "california_housing"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Prometheus(DaemonTest):
    @classmethod
    def setUpClass(cls):
        subprocess.run([pathlib.Path(__file__).parent / "prometheus.sh", TOOLS], check=True)

    def seed(self):
        self.daemon.command("baseline", "create", "--model", "housing", "--csv",
                            HOUSING / "reference.csv.gz", *HOUSING_COLUMNS)
        policy = self.folder / "policy.json"
        policy.write_text('{"pane": "86400s", "window_panes": 30}')
        self.daemon.command("model", "policy", "set", "--model", "housing", "--file", policy)
        self.daemon.command("send", "--model", "housing", "--csv", HOUSING / "analysis.csv.gz",
                            "--timestamp", "timestamp", "--id", "id")
        wait_for("drift of Longitude",
                 lambda: self.daemon.fires(check="drift", variable="Longitude"))

    def test_promtool_finds_nothing(self):
        self.seed()
        checked = subprocess.run([TOOLS / "usr/bin/promtool", "check", "metrics"],
                                 input=self.daemon.http("/metrics"), capture_output=True, text=True)
        self.assertEqual((checked.returncode, checked.stdout + checked.stderr), (0, ""))

    def test_rules_are_sound(self):
        checked = subprocess.run([TOOLS / "usr/bin/promtool", "check", "rules",
                                  ROOT / "deploy/prometheus/plumbline.rules.yml"],
                                 capture_output=True, text=True)
        self.assertEqual(checked.returncode, 0, checked.stdout + checked.stderr)

    def test_an_alert_arrives_in_a_real_prometheus(self):
        self.seed()
        port = free_port()
        config = self.folder / "prometheus.yml"
        config.write_text(json.dumps({
            "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
            "rule_files": [str(ROOT / "deploy/prometheus/plumbline.rules.yml")],
            "scrape_configs": [{
                "job_name": "plumbline",
                "static_configs": [{"targets": [f"127.0.0.1:{self.daemon.http_port}"]}]}]}))
        with open(self.folder / "prometheus.log", "w") as log:
            server = subprocess.Popen(
                [TOOLS / "usr/bin/prometheus", f"--config.file={config}",
                 f"--storage.tsdb.path={self.folder / 'tsdb'}",
                 f"--web.listen-address=127.0.0.1:{port}"], stdout=log, stderr=log)
        try:
            def query(expression):
                url = (f"http://127.0.0.1:{port}/api/v1/query?"
                       + urllib.parse.urlencode({"query": expression}))
                try:
                    with urllib.request.urlopen(url, timeout=10) as got:
                        return json.load(got)["data"]["result"]
                except OSError:
                    return []

            wait_for("the alert's series in Prometheus", lambda: query(
                'plumbline_alert_active{model="housing",variable="Longitude",check="drift"} == 1'))
            wait_for("the rule firing", lambda: query(
                'ALERTS{alertname="PlumblineModelWarning",variable="Longitude",'
                'alertstate="firing"}'))
            self.assertEqual(query('up{job="plumbline"}')[0]["value"][1], "1")
        finally:
            server.terminate()
            server.wait()


if __name__ == "__main__":
    unittest.main()
