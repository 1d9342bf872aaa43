"""An acknowledged batch is counted once, whatever is killed."""

import subprocess
import unittest

from harness import BIN, DATA, HOUSING_COLUMNS, DaemonTest, wait_for

ANALYSIS = DATA / "california_housing" / "analysis.csv.gz"
ROWS = 8232
SEND = ["send", "--model", "housing", "--csv", ANALYSIS, "--timestamp", "timestamp", "--id", "id",
        "--producer", "p", "--batch_rows", "50"]


class Restart(DaemonTest):
    def setUp(self):
        super().setUp()
        self.daemon.command("baseline", "create", "--model", "housing", "--csv",
                            DATA / "california_housing" / "reference.csv.gz", *HOUSING_COLUMNS)
        policy = self.folder / "policy.json"
        policy.write_text('{"pane": "86400s", "window_panes": 1000}')
        self.daemon.command("model", "policy", "set", "--model", "housing", "--file", policy)

    def window_rows(self):
        return int(self.daemon.json("report", "--model", "housing")[0]["rows"])

    def test_killed_in_the_middle_of_a_send(self):
        sender = subprocess.Popen(
            [BIN / "plumbline", "--server", f"127.0.0.1:{self.daemon.grpc_port}", *SEND,
             "--epoch", "7", "--rate", "4000"],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        wait_for("rows to arrive", lambda: sum(self.daemon.metric("plumbline_rows_total")) > 500)
        self.daemon.kill()
        self.daemon.start()
        output, _ = sender.communicate()
        self.assertEqual(sender.returncode, 0, output)
        self.assertEqual(self.window_rows(), ROWS)

        again = self.daemon.json(*SEND, "--epoch", "7")[0]
        self.assertEqual(int(again["rows_counted"]), 0)
        self.assertEqual(self.window_rows(), ROWS)

    def test_another_epoch_counts_again_and_does_not_bring_back_an_older_one(self):
        self.daemon.command(*SEND, "--epoch", "1")
        late = int(self.daemon.json(*SEND, "--epoch", "2")[0]["rows_late"])
        counted = self.window_rows() + late
        self.assertEqual(counted, 2 * ROWS)
        again = self.daemon.json(*SEND, "--epoch", "1")[0]
        self.assertEqual(int(again["rows_counted"]) + int(again["rows_late"]), 0)

    def test_state_survives_a_clean_stop(self):
        self.daemon.command(*SEND, "--epoch", "1")
        wait_for("drift of Longitude",
                 lambda: self.daemon.fires(check="drift", variable="Longitude"))
        before = self.settled_alerts()
        self.assertEqual(self.daemon.stop(), 0)
        self.daemon.start()
        self.assertEqual(self.window_rows(), ROWS)
        wait_for("drift of Longitude after the restart",
                 lambda: self.daemon.fires(check="drift", variable="Longitude"))
        self.assertEqual(before, self.settled_alerts())

    def settled_alerts(self):
        """Check, variable and start of the alerts, once two evaluations have left them as they are."""
        seen = []

        def settled():
            alerts = self.daemon.json("alerts", "--model", "housing")[0]["alerts"]
            seen.append({(a["finding"]["check"], a["finding"]["variable"]): a.get("firing_since")
                         for a in alerts})
            return len(seen) > 25 and all(each == seen[-1] for each in seen[-25:])

        wait_for("alerts to settle", settled)
        return seen[-1]


if __name__ == "__main__":
    unittest.main()
