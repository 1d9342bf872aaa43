"""What serving runs in, against what training ran in: captured, compared in CI, declared by producers, alerted on."""

import json
import sys
import unittest

from harness import DATA, HOUSING_COLUMNS, DaemonTest, wait_for

STATUS = """Package: libc6
Status: install ok installed
Architecture: amd64
Version: 2.36-9+deb12u10

Package: removed
Status: deinstall ok config-files
Architecture: all
Version: 1.0

Package: openssl
Status: install ok installed
Architecture: amd64
Version: {openssl}
"""


class Row2bEnvironment(DaemonTest):
    def capture(self, name, *flags, **options):
        path = self.folder / name
        self.daemon.command("env", "capture", *flags, "--out", path, **options)
        return path

    def container(self, name, openssl):
        root = self.folder / name
        (root / "var/lib/dpkg").mkdir(parents=True)
        (root / "var/lib/dpkg/status").write_text(STATUS.format(openssl=openssl))
        (root / "etc").mkdir()
        (root / "etc/os-release").write_text('ID=debian\nVERSION_ID="12"\n')
        return root

    def python_with(self, numpy):
        """Environment variables under which Python finds a package `numpy` of that version, with settings."""
        folder = self.folder / f"site-{numpy}"
        (folder / f"numpy-{numpy}.dist-info").mkdir(parents=True, exist_ok=True)
        (folder / f"numpy-{numpy}.dist-info/METADATA").write_text(
            f"Metadata-Version: 2.1\nName: NumPy\nVersion: {numpy}\n")
        over = "warn" if numpy.startswith("1.") else "ignore"
        (folder / "numpy.py").write_text(
            f"print('noise')\ndef geterr(): return {{'over': '{over}'}}\n")
        return {"PYTHONPATH": str(folder), "PATH": "/usr/bin:/bin", "PYTHONHASHSEED": "0"}

    def diff(self, *words):
        result = self.daemon.command("--format", "json", "env", "diff", *words, check=False)
        found = json.loads(result.stdout) if result.stdout else None
        return result.returncode, found, result.stderr

    def test_captured_compared_and_declared(self):
        flags = ["--python", sys.executable, "--seed", "split=42", "--key", "git=abc"]
        trained = self.capture("train.json", *flags, "--container-root",
                               self.container("a", "3.0.11-1~deb12u2"), env=self.python_with("1.26.4"))
        same = self.capture("same.json", *flags, "--container-root", self.folder / "a",
                            env=self.python_with("1.26.4"))
        served = self.capture("serve.json", "--python", sys.executable, "--seed", "split=7",
                              "--key", "git=abc", "--container-root",
                              self.container("b", "3.0.14-1~deb12u2"), env=self.python_with("2.0.1"))
        written = json.loads(trained.read_text())
        self.assertEqual(written["packages"]["numpy"], "1.26.4")
        self.assertEqual(written["interpreter"]["version"], sys.version.split()[0])
        self.assertEqual(written["seeds"], {"PYTHONHASHSEED": "0", "split": "42"})
        self.assertEqual(written["settings"]["numpy.errstate.over"], "warn")
        self.assertEqual(written["system_packages"],
                         {"libc6": "2.36-9+deb12u10", "openssl": "3.0.11-1~deb12u2"})
        self.assertEqual(written["keys"]["os"], "debian 12")

        code, found, _ = self.diff(trained, same)
        self.assertEqual((code, found["differences"]), (0, []))
        other_host = json.loads(trained.read_text())
        other_host["keys"]["cpu_count"] = "1,000"
        (self.folder / "host.json").write_text(json.dumps(other_host))
        self.assertEqual(self.diff(trained, self.folder / "host.json")[0], 3)
        code, found, _ = self.diff(trained, self.folder / "host.json", "--level", "warning")
        self.assertEqual((code, [d["name"] for d in found["differences"]]), (0, ["cpu_count"]))
        code, found, _ = self.diff(trained, served)
        self.assertEqual(code, 3)
        self.assertEqual([(d["severity"], d["cause"], d["name"], d["expected"], d["actual"])
                          for d in found["differences"]],
                         [("critical", "package_major", "numpy", "1.26.4", "2.0.1"),
                          ("warning", "seed_changed", "split", "42", "7"),
                          ("warning", "setting_changed", "numpy.errstate.over", "warn", "ignore"),
                          ("info", "package_patch", "openssl", "3.0.11-1~deb12u2",
                           "3.0.14-1~deb12u2")])

        housing = DATA / "california_housing"
        self.daemon.command("baseline", "create", "--model", "housing", "--environment", trained,
                            "--csv", housing / "reference.csv.gz", *HOUSING_COLUMNS)
        self.assertEqual(self.diff(served, "--model", "housing")[0], 3)
        self.assertEqual(self.diff(same, "--model", "housing")[0], 0)

        send = ["send", "--model", "housing", "--csv", housing / "reference.csv.gz",
                "--ignore", "timestamp,id", "--producer", "web-1"]
        self.daemon.command(*send, "--environment", same, "--epoch", "1")
        wait_for("rows", lambda: self.daemon.metric("plumbline_environments") == [1.0])
        self.assertEqual(self.daemon.metric("plumbline_alert_active", check="environment"), [])
        self.daemon.command(*send, "--environment", served, "--epoch", "2")
        labels = {"check": "environment", "cause": "package_major", "severity": "critical"}
        wait_for("the alert", lambda: self.daemon.fires(**labels))
        self.daemon.kill()
        self.daemon.start()
        wait_for("the alert after a kill", lambda: self.daemon.fires(**labels))
        report = self.daemon.json("report", "--model", "housing")[0]
        reason, = [f["reason"] for f in report["findings"]
                   if f["check"] == "environment" and f["status"] == "FIRING"]
        self.assertIn("package numpy 1.26.4 -> 2.0.1 (major version), seed split 42 -> 7", reason)
        self.assertEqual(report["environments"][0]["producer"], "web-1")
        self.assertIn("package numpy", self.daemon.command("report", "--model", "housing").stdout)
        self.assertEqual(self.daemon.metric("plumbline_environments_differing"), [1.0])
        # The environment travels with the baseline.
        exported = self.folder / "exported"
        self.daemon.command("baseline", "export", "--model", "housing", "--out", exported)
        self.daemon.command("baseline", "import", "--model", "copy", "--in", exported)
        self.assertEqual(self.diff(same, "--model", "copy")[0], 0)

    def test_mistakes_are_explained(self):
        result = self.daemon.command("env", "capture", "--python", "/no/such/python", "--out", "-",
                                     check=False)
        self.assertEqual(result.returncode, 1)
        self.assertIn("/no/such/python", result.stderr)
        result = self.daemon.command("env", "capture", "--out", "-", check=False)
        self.assertIn("nothing to capture", result.stderr)
        result = self.daemon.command("env", "capture", "--python", "/bin/true", "--out", "-",
                                     check=False)
        self.assertEqual(result.returncode, 1)
        self.assertIn("/bin/true", result.stderr)
        broken = self.folder / "broken.json"
        broken.write_text('{"packages": {"numpy": 1}, "pakages": {}}')
        code, _, error = self.diff(broken, broken)
        self.assertEqual(code, 1)
        self.assertIn("broken.json: no environment", error)
        broken.write_text(json.dumps({"keys": {f"k{i}": "x" * 4000 for i in range(100)}}))
        self.assertIn("at most 262144", self.diff(broken, broken)[2])


if __name__ == "__main__":
    unittest.main()
