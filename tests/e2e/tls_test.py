"""TLS and mTLS from files: who shows no certificate, or speaks no TLS, gets nothing."""

import subprocess
import unittest

from harness import DaemonTest


class Tls(DaemonTest):
    def setUp(self):
        super().setUp()
        self.daemon.kill()
        self.make("ca", "-x509", "-days", "2", "-subj", "/CN=plumbline-test")
        for name in ("server", "client"):
            self.make(name, "-x509", "-days", "2", "-subj", f"/CN={name}", "-addext",
                      "subjectAltName=IP:127.0.0.1", "-CA", self.folder / "ca.pem", "-CAkey",
                      self.folder / "ca.key")
        self.server = ["--tls_cert", self.folder / "server.pem", "--tls_key",
                       self.folder / "server.key"]
        self.trust = ["--tls_ca", self.folder / "ca.pem"]
        self.client = ["--tls_cert", self.folder / "client.pem", "--tls_key",
                       self.folder / "client.key"]

    def make(self, name, *words):
        subprocess.run(["openssl", "req", "-newkey", "rsa:2048", "-nodes", "-keyout",
                        self.folder / f"{name}.key", "-out", self.folder / f"{name}.pem", *words],
                       check=True, capture_output=True)

    def outcome(self, *flags):
        return self.daemon.command(*flags, "model", "list", check=False, timeout=60).returncode

    def test_tls(self):
        self.daemon.start(*self.server)
        self.assertEqual(self.outcome(*self.trust), 0)
        self.assertEqual(self.outcome(), 1)

    def test_mtls(self):
        self.daemon.start(*self.server, "--tls_client_ca", self.folder / "ca.pem")
        self.assertEqual(self.outcome(*self.trust, *self.client), 0)
        self.assertEqual(self.outcome(*self.trust), 1)


if __name__ == "__main__":
    unittest.main()
