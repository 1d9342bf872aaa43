"""A variable that no longer comes is alerted on, and what could stand in for it is named."""

import json
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
        self.assertIn("no input is missing or wrong",
                      self.daemon.command("impact", "--model", "m").stdout)

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

    def impact(self, variable):
        impact = self.daemon.json("impact", "--model", "m", "--variable", variable)[0]
        return impact.get("impacts", [])

    def test_row6c_the_impact_of_what_is_missing_is_told_with_its_evidence(self):
        hum, wind, cnt = (KEPT.index(name) for name in ("hum", "windspeed", "cnt"))
        rows = [list(row) for row in self.rows]
        for i, row in enumerate(rows):
            if float(row[cnt]) > 300 and i % 2 == 0:
                row[hum] = ""    # the sensor fails when it is busy
            if i % 10 == 0:
                row[wind] = ""   # this one whenever it likes
        self.send(KEPT, rows)
        wait_for("an evaluation of all rows",
                 lambda: self.daemon.metric("plumbline_window_rows") == [float(len(rows))])
        wait_for("the alert", lambda: self.daemon.fires(check="null_rate", variable="hum"))
        impact, = self.impact("hum")
        busy = [float(row[cnt]) for row in rows if not row[hum]]
        rest = [float(row[cnt]) for row in rows if row[hum]]
        self.assertEqual((impact["verdict"], impact["state"], impact["prediction"]),
                         ("IMPACT_VERDICT_DIFFERENT", "null", "cnt"))
        self.assertEqual(int(impact["rows_without"]), len(busy))
        self.assertAlmostEqual(impact["mean_without"], sum(busy) / len(busy), places=6)
        self.assertAlmostEqual(impact["mean_with"], sum(rest) / len(rest), places=6)
        self.assertLess(0, impact["lower"])
        effect, = self.daemon.metric("plumbline_alert_impact", variable="hum")
        self.assertAlmostEqual(effect, impact["effect"], places=6)
        self.assertEqual(self.daemon.metric("plumbline_alert_impact", variable="windspeed"), [])
        alerts = self.daemon.command("alerts").stdout
        self.assertIn("; predictions in these rows: mean of `cnt` ", alerts)
        self.assertIn(" in rows with it (association, not cause)", alerts)
        by_chance, = self.impact("windspeed")
        self.assertEqual(by_chance["verdict"], "IMPACT_VERDICT_NOT_SHOWN")
        self.daemon.kill()
        self.daemon.start()
        again, = self.impact("hum")
        self.assertEqual(again["reason"], impact["reason"])
        self.assertAlmostEqual(again["effect"], impact["effect"], places=9)
        text = self.daemon.command("impact", "--model", "m").stdout
        self.assertIn("association, not cause", text)
        self.assertIn("no difference shown", text)
        self.assertIn("cnt (mean)", self.daemon.command("report", "--model", "m").stdout)
        unknown = self.daemon.command("impact", "--model", "m", "--variable", "x", check=False)
        self.assertIn('has no variable "x"', unknown.stderr)

    def test_a_renamed_variable_is_guessed_and_an_alias_lets_it_stand_in(self):
        at = KEPT.index("hum")
        # Half the humidity of training, under another name.
        header = KEPT[:at] + ["humidity"] + KEPT[at + 1:]
        rows = [row[:at] + [str(float(row[at]) / 2)] + row[at + 1:] for row in self.rows]
        self.send(header, rows)
        wait_for("the alert", lambda: self.daemon.fires(check="absent_variable", variable="hum"))
        finding, = self.absent()
        self.assertEqual(finding["rename"]["variable"], "humidity")
        self.assertIn("; may be `humidity` now: the name is alike, the values are not (ks 0.",
                      finding["reason"])
        policy = {"variables": [{"variable": "hum", "aliases": ["humidity"]}],
                  "pane": "2s", "window_panes": 30}
        path = self.folder / "policy.json"
        for aliases, why in ((["temp"], '"temp" is a variable of'), ([""], "is no other name")):
            policy["variables"][0]["aliases"] = aliases
            path.write_text(json.dumps(policy))
            refused = self.daemon.command("model", "policy", "set", "--model", "m", "--file", path, check=False)
            self.assertNotEqual(refused.returncode, 0)
            self.assertIn(why, refused.stderr)
        policy["variables"][0]["aliases"] = ["humidity"]
        path.write_text(json.dumps(policy))
        self.daemon.command("model", "policy", "set", "--model", "m", "--file", path)
        self.send(header, rows)
        # Judged against the old baseline: it is there, and it has moved.
        wait_for("the drift",
                 lambda: self.daemon.metric("plumbline_variable_psi", variable="hum") and
                 self.daemon.metric("plumbline_variable_psi", variable="hum")[0] > 1)
        self.assertEqual(self.absent(), [])
        report = self.daemon.json("report", "--model", "m", "--variable", "hum")[0]
        self.assertAlmostEqual(float(report["variables"][0]["live"]["mean"]),
                               float(report["variables"][0]["baseline"]["mean"]) / 2, places=6)
        # Somebody says that this is the new normal.
        self.daemon.command("baseline", "create", "--model", "m", "--from_window")
        self.send(header, rows)
        wait_for("the new window",
                 lambda: self.daemon.metric("plumbline_window_rows") == [float(len(rows))])
        psi, = self.daemon.metric("plumbline_variable_psi", variable="hum")
        self.assertLess(psi, 0.01)
        self.assertNotIn(1.0, self.daemon.metric("plumbline_alert_active"))


if __name__ == "__main__":
    unittest.main()
