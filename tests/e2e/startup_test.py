"""What can go wrong at start is one clear line and exit code 1; SIGTERM is exit code 0."""

import subprocess
import unittest

from harness import BIN, DATA, DaemonTest


class Startup(DaemonTest):
    def refused(self, *flags):
        result = subprocess.run([BIN / "plumblined", *flags], capture_output=True, text=True,
                                stdin=subprocess.DEVNULL, timeout=60)
        self.assertEqual(result.returncode, 1, result.stderr)
        return result.stderr

    def test_sigterm_is_a_clean_stop(self):
        self.assertEqual(self.daemon.stop(), 0)

    def test_a_locked_folder_is_named(self):
        error = self.refused("--data_dir", self.folder / "data", "--grpc_address", "127.0.0.1:0",
                             "--http_address", "127.0.0.1:0")
        self.assertIn("in use", error)

    def test_a_port_in_use_is_named(self):
        error = self.refused("--data_dir", self.folder / "other", "--grpc_address",
                             f"127.0.0.1:{self.daemon.grpc_port}", "--http_address", "127.0.0.1:0")
        self.assertIn(str(self.daemon.grpc_port), error)
        error = self.refused("--data_dir", self.folder / "third", "--grpc_address", "127.0.0.1:0",
                             "--http_address", f"127.0.0.1:{self.daemon.http_port}")
        self.assertIn(str(self.daemon.http_port), error)

    def test_an_open_address_without_tls_is_refused(self):
        error = self.refused("--data_dir", self.folder / "other", "--grpc_address", "0.0.0.0:0",
                             "--http_address", "127.0.0.1:0")
        self.assertIn("allow_insecure", error)

    def test_a_bad_setting_is_named(self):
        self.assertIn("workers", self.refused("--workers", "-3"))

    def test_health_is_answered(self):
        self.assertIn("ok", self.daemon.http("/healthz"))
        self.daemon.http("/readyz")

    def test_wrong_usage_and_errors_of_the_command(self):
        self.assertEqual(self.daemon.command("frobnicate", check=False).returncode, 2)
        result = self.daemon.command("report", "--model", "nobody", check=False)
        self.assertEqual(result.returncode, 1)
        self.assertIn("nobody", result.stderr)

    def test_csv_that_is_not_utf8_names_the_line(self):
        path = self.folder / "latin1.csv"
        path.write_bytes(b"x,city\n1,Ulm\n2,K\xf6ln\n")
        result = self.daemon.command("baseline", "create", "--model", "m", "--csv", path,
                                     check=False)
        self.assertEqual(result.returncode, 1)
        self.assertRegex(result.stderr, r"latin1\.csv.*3")

    def test_a_refused_baseline_leaves_no_model(self):
        self.daemon.command("baseline", "create", "--model", "m", "--csv",
                            DATA / "adult" / "adults.csv.gz", "--kind", "workclass=numeric",
                            check=False)
        self.assertEqual(self.daemon.json("model", "list")[0]["models"], [])


if __name__ == "__main__":
    unittest.main()
