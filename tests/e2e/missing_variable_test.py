"""A variable that no longer comes is alerted on, and what could stand in for it is named."""

import unittest

from harness import DaemonTest, read_rows, wait_for, write_rows

KEPT = ["season", "hr", "temp", "atemp", "hum", "windspeed", "cnt"]


class Row6aMissingVariable(DaemonTest):
    def setUp(self):
        super().setUp()
        header, rows = read_rows("bike_sharing/hour.csv.gz")
        self.rows = [[row[header.index(name)] for name in KEPT] for row in rows]
        path = write_rows(self.folder / "baseline.csv", KEPT, self.rows)
        self.daemon.command("baseline", "create", "--model", "m", "--csv", path,
                            "--role", "cnt=prediction", "--kind", "season=categorical")

    def send(self, header, rows):
        path = write_rows(self.folder / "live.csv", header, rows)
        self.daemon.command("send", "--model", "m", "--csv", path)

    def absent(self):
        report = self.daemon.json("report", "--model", "m")[0]
        return [f for f in report["findings"]
                if f["check"] == "absent_variable" and f["status"] == "FIRING"]

    def test_untouched_rows_alert_nobody(self):
        self.send(KEPT, self.rows)
        wait_for("an evaluation",
                 lambda: self.daemon.metric("plumbline_window_rows") == [float(len(self.rows))])
        self.assertNotIn(1.0, self.daemon.metric("plumbline_alert_active"))
        self.assertEqual(self.absent(), [])

    def test_the_best_substitute_is_named(self):
        at = KEPT.index("atemp")
        self.send(KEPT[:at] + KEPT[at + 1:], [row[:at] + row[at + 1:] for row in self.rows])
        wait_for("the alert", lambda: self.daemon.fires(check="absent_variable", variable="atemp",
                                                        severity="critical"))
        finding, = self.absent()
        best = finding["similar"][0]
        self.assertEqual((best["variable"], best["association"]), ("temp", "spearman"))
        self.assertGreater(best["value"], 0.95)
        self.assertIn("; most similar: `temp` (spearman 0.9", finding["reason"])
        similar = self.daemon.json("similar", "--model", "m", "--variable", "atemp", "--limit", "2")
        self.assertEqual([v["variable"] for v in similar[0]["variables"]], ["temp", "season"])


if __name__ == "__main__":
    unittest.main()
