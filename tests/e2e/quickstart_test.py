"""The README's first command, as it is shipped, with the build at hand."""

import os
import socket
import subprocess
import unittest

from harness import BIN, ROOT


def free_address():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return "127.0.0.1:%d" % listener.getsockname()[1]


class Quickstart(unittest.TestCase):
    def test_finds_what_moved_and_stops_by_itself(self):
        run = subprocess.run(
            [ROOT / "deploy" / "quickstart.sh", "--once"], capture_output=True, text=True,
            stdin=subprocess.DEVNULL,
            env=os.environ | {"BUILD_DIR": str(BIN.parent), "GRPC_ADDRESS": free_address(),
                              "HTTP_ADDRESS": free_address(), "RATE": "10000"})
        self.assertEqual(run.returncode, 0, run.stdout + run.stderr)
        told = run.stdout.split("What on-call has been told")[1].split("The last window")[0]
        self.assertRegex(told, r"(?m)^.*drift.*Longitude")
        self.assertRegex(told, r"(?m)^.*drift.*Latitude")
        report = run.stdout.split("The last window")[1].split("The same on /metrics")[0]
        for words in ("Longitude", "psi", "mean"):
            self.assertIn(words, report)
        self.assertRegex(run.stdout, r"(?m)^plumbline_alert_active\{")


if __name__ == "__main__":
    unittest.main()
