"""What arrives rarely and stops is told of, counted on over a restart; what merely is rare is not."""

import datetime
import unittest

from harness import DaemonTest, read_rows, wait_for, write_rows

COLUMNS = ["--role", "class=label,hours-per-week=prediction"]
COUNTRY = "Germany"  # 0.4% of the rows


class Row6bArrivalClocks(DaemonTest):
    def setUp(self):
        super().setUp()
        self.header, rows = read_rows("adult/adults.csv.gz")
        self.country = self.header.index("native-country")
        path = write_rows(self.folder / "baseline.csv", self.header, rows[:30_000])
        self.daemon.command("baseline", "create", "--model", "m", "--csv", path, *COLUMNS)
        self.live = rows[30_000:]
        self.time = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(hours=10)
        self.sent = 0

    def send(self, rows):
        """The rows, one a second of event time."""
        timed = []
        for row in rows:
            self.time += datetime.timedelta(seconds=1)
            timed.append(row + [self.time.strftime("%Y-%m-%d %H:%M:%S")])
        path = write_rows(self.folder / "live.csv", self.header + ["time"], timed)
        self.daemon.command("send", "--model", "m", "--csv", path, "--ignore", "class",
                            "--timestamp", "time")
        self.sent += len(rows)
        wait_for("all rows", lambda: self.daemon.metric("plumbline_rows_total") == [self.sent])

    def silent(self):
        report = self.daemon.json("report", "--model", "m")[0]
        return {f["variable"]: f for f in report["findings"]
                if f["check"] == "silence" and f["status"] == "FIRING"}

    def test_untouched_rows_alert_nobody(self):
        self.send(self.live)
        self.assertEqual(self.silent(), {})
        self.assertFalse(self.daemon.fires(check="silence"))

    def test_a_country_that_stops_arriving(self):
        rest = [row for row in self.live[2_000:] if row[self.country] != COUNTRY]
        self.send(self.live[:2_000])
        self.send(rest[:3_000])
        self.assertEqual(self.silent(), {})
        self.daemon.kill()
        self.daemon.start()
        self.send(rest[3_000:])
        wait_for("the alert", lambda: self.daemon.fires(
            check="silence", variable="native-country", cause="category_silent",
            severity="warning"))
        finding = self.silent()["native-country"]
        self.assertIn(f"native-country: no `{COUNTRY}` in ", finding["reason"])
        # Since before the kill.
        self.assertGreater(float(finding["value"]), len(rest) - 2_500)
        self.assertNotIn(COUNTRY, self.daemon.http("/metrics"))
        # Its rows of training (of the sample) beside the live ones since.
        impacts = self.daemon.json("impact", "--model", "m",
                                   "--variable", "native-country")[0]["impacts"]
        impact, = [i for i in impacts if i["state"] == "silent"]
        self.assertEqual((impact["category"], impact["against_training"]), (COUNTRY, True))
        self.assertGreater(int(impact["rows_without"]), 3_000)  # of an hour's window
        self.assertIn(impact["reason"],
                      [i["reason"] for f in self.silent().values() for i in f["impacts"]])


if __name__ == "__main__":
    unittest.main()
