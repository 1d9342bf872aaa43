"""Golden rows of California housing: expected predictions, replayed by hand and found among live rows."""

import json
import struct
import unittest

from harness import DATA, HOUSING_COLUMNS, DaemonTest, read_rows, wait_for, write_rows

KINDS = ["--kind", "y_pred=categorical,clf_target=categorical", "--timestamp", "timestamp"]


def as_float32(text):
    return repr(struct.unpack("f", struct.pack("f", float(text)))[0])


class Row4dGoldenRows(DaemonTest):
    def setUp(self):
        super().setUp()
        self.header, self.rows = read_rows("california_housing/reference.csv.gz")
        self.at = {name: i for i, name in enumerate(self.header)}
        self.daemon.command("baseline", "create", "--model", "housing", "--csv",
                            DATA / "california_housing/reference.csv.gz", *HOUSING_COLUMNS)
        self.golden = self.rows[100:150]
        self.daemon.command("golden", "record", "--model", "housing", "--id", "id", "--csv",
                            self.write("golden.csv", self.golden), *KINDS)

    def write(self, name, rows):
        return write_rows(self.folder / name, self.header, rows)

    def changed(self, rows, count, change):
        """The first `count` rows with y_pred_proba a little off, and `change` applied."""
        changed = [list(row) for row in rows]
        for row in changed[:count]:
            proba = float(row[self.at["y_pred_proba"]])
            row[self.at["y_pred_proba"]] = repr(proba - 0.015 if proba > 0.5 else proba + 0.015)
            change(row)
        return changed

    def round_income(self, row):
        row[self.at["MedInc"]] = as_float32(row[self.at["MedInc"]])

    def check(self, rows, *flags):
        result = self.daemon.command(
            "--format", "json", "golden", "check", "--model", "housing", "--id", "id", "--csv",
            self.write("replay.csv", rows), *KINDS, *flags, check=False)
        return result.returncode, json.loads(result.stdout) if result.stdout else result.stderr

    def test_replayed_by_hand(self):
        code, found = self.check(self.golden)
        self.assertEqual((code, found["verdict"], found["exact"]), (0, "exact", "50"))
        # As the model would answer in float32: within tolerance.
        rounded = [list(row) for row in self.golden]
        for row in rounded:
            row[self.at["y_pred_proba"]] = as_float32(row[self.at["y_pred_proba"]])
        code, found = self.check(rounded)
        self.assertEqual((code, found["verdict"], found["different"]), (0, "within_tolerance", "0"))

        code, found = self.check(self.changed(self.golden, 12, self.round_income))
        self.assertEqual((code, found["verdict"], found["exact"], found["different"]),
                         (3, "different", "38", "12"))
        self.assertEqual(found["cause"], "features_rounded_to_float32")
        self.assertIn("feature `MedInc` rounded to float32", found["reason"])
        proba, = [p for p in found["predictions"] if p["variable"] == "y_pred_proba"]
        self.assertEqual(proba["different"], "12")
        self.assertAlmostEqual(proba["largest_difference"], 0.015)
        self.assertEqual([d["row"] for d in found["differences"]],
                         [row[self.at["id"]] for row in self.golden[:12]])

        def move(row):
            row[self.at["AveRooms"]] = str(float(row[self.at["AveRooms"]]) + 1)

        self.assertEqual(self.check(self.changed(self.golden, 5, move))[1]["cause"],
                         "features_differ")
        wrong = self.changed(self.golden, 5, lambda row: None)
        self.assertEqual(self.check(wrong)[1]["cause"], "predictions_differ")
        code, found = self.check(self.golden[:20])
        self.assertEqual((code, found["verdict"], found["missing"]), (3, "incomplete", "30"))
        self.assertEqual(self.check(self.golden[:20], "--partial")[0], 0)
        # What was not compared is not as expected.
        text = [list(row) for row in self.golden]
        for row in text:
            row[self.at["y_pred_proba"]] = "p" + row[self.at["y_pred_proba"]]
        code, found = self.check(text)
        self.assertEqual((code, found["verdict"], found["different"]), (3, "different", "50"))
        self.assertIn("(another type)", found["differences"][0]["actual"])
        failed = self.daemon.command("golden", "check", "--model", "housing", "--id", "id", "--csv",
                                     self.write("others.csv", self.rows[:50]), *KINDS, "--partial",
                                     check=False)
        self.assertNotIn(failed.returncode, (0, 3))
        self.assertIn("nothing was compared: none of 50 rows", failed.stderr)

    def test_the_environment_is_a_likely_cause(self):
        for name, numpy in (("a.json", "1.26.4"), ("b.json", "2.0.1")):
            (self.folder / name).write_text(json.dumps({"packages": {"numpy": numpy}}))
        self.daemon.command("baseline", "create", "--model", "housing", "--environment",
                            self.folder / "a.json", "--csv",
                            DATA / "california_housing/reference.csv.gz", *HOUSING_COLUMNS)
        # Golden rows belong to their baseline.
        self.assertIn("baseline 2 has no golden rows", self.check(self.golden)[1])
        self.daemon.command("golden", "record", "--model", "housing", "--id", "id", "--csv",
                            self.folder / "golden.csv", *KINDS)
        _, found = self.check(self.changed(self.golden, 5, lambda row: None), "--environment",
                              self.folder / "b.json")
        self.assertEqual(found["cause"], "environment_differs")
        self.assertIn("package numpy 1.26.4 -> 2.0.1 (major version)", found["reason"])

    def send(self, rows, *flags):
        self.daemon.command("send", "--model", "housing", "--csv", self.write("live.csv", rows),
                            "--ignore", "timestamp", *flags)

    def golden_rows(self):
        return {result: self.daemon.metric("plumbline_golden_rows", result=result)
                for result in ("exact", "within", "different", "not_seen")}

    def test_found_among_live_rows(self):
        # By content, as these rows come without their ids; and nothing alerts.
        self.send(self.rows[:2000], "--ignore", "id")
        wait_for("the golden rows", lambda: self.golden_rows() == {
            "exact": [50], "within": [0], "different": [0], "not_seen": [0]})
        self.assertEqual(self.daemon.metric("plumbline_alert_active", check="golden_rows"), [])
        # By id; a small batch and a large one.
        wrong = self.changed(self.golden, 7, self.round_income)
        self.send(self.rows[:100] + wrong + self.rows[150:2000], "--id", "id")
        labels = {"check": "golden_rows", "cause": "features_rounded_to_float32",
                  "severity": "critical"}
        wait_for("the alert", lambda: self.daemon.fires(**labels))
        self.daemon.kill()
        self.daemon.start()
        wait_for("the alert after a kill", lambda: self.daemon.fires(**labels))
        self.assertEqual(self.golden_rows()["different"], [7])
        alert, = [a["finding"] for a in self.daemon.json("alerts")[0]["alerts"]
                  if a["finding"]["check"] == "golden_rows"]
        self.assertIn("7 of 50 golden rows are predicted otherwise than expected: `y_pred_proba` "
                      "by up to 0.015", alert["reason"])
        self.assertIn("feature `MedInc` rounded to float32", alert["reason"])
        self.send(self.golden, "--id", "id", "--batch_rows", "10")
        wait_for("its end", lambda: not self.daemon.fires(check="golden_rows"))
        # Deleted, they are looked for no more.
        self.daemon.command("golden", "delete", "--model", "housing")
        wait_for("no golden rows", lambda: self.golden_rows()["exact"] == [])


if __name__ == "__main__":
    unittest.main()
