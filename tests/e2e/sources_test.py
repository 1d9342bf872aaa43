"""Several sources, or slices: the alert names the one at fault, and none that merely differs by nature."""

import json
import unittest

from harness import DaemonTest, read_rows, wait_for, write_rows

COLUMNS = ["--role", "class=label"]


class Row1dSources(DaemonTest):
    def setUp(self):
        super().setUp()
        self.header, rows = read_rows("adult/adults.csv.gz")
        self.sent = 0
        path = write_rows(self.folder / "baseline.csv", self.header, rows[:30_000])
        self.daemon.command("baseline", "create", "--model", "m", "--csv", path, *COLUMNS)
        self.live = rows[30_000:45_000]

    def send(self, source, rows):
        path = write_rows(self.folder / f"{source}.csv", self.header, rows)
        self.daemon.command("send", "--model", "m", "--csv", path, "--ignore", "class",
                            "--source", source)
        self.sent += len(rows)
        wait_for("an evaluation",
                 lambda: self.daemon.metric("plumbline_window_rows") == [float(self.sent)])

    def firing(self):
        report = self.daemon.json("report", "--model", "m")[0]
        return {(f["check"], f["variable"], f.get("source", "")): f
                for f in report["findings"] if f["status"] == "FIRING"}

    def test_sources_that_differ_by_nature_alert_nobody(self):
        sex = self.header.index("sex")
        self.send("first", self.live[:10])
        self.send("women", [row for row in self.live if row[sex] == "Female"])
        self.send("men", [row for row in self.live if row[sex] == "Male"])
        self.assertEqual(self.firing(), {})
        self.assertNotIn(1.0, self.daemon.metric("plumbline_alert_active"))

    def test_the_alert_names_the_source_and_survives_a_kill(self):
        age = self.header.index("age")
        self.send("eu-west", self.live[:6_000])
        self.send("us-east", self.live[6_000:12_000])
        self.send("ap-south", [row[:age] + ["" if i % 20 == 0 else row[age]] + row[age + 1:]
                               for i, row in enumerate(self.live[12_000:13_000])])
        # Over all rows 0.4% are null, which is nobody's page.
        alert = {"check": "null_rate", "variable": "age", "source": "ap-south"}
        wait_for("the alert", lambda: self.daemon.fires(**alert))
        self.assertEqual(list(self.firing()), [("null_rate", "age", "ap-south")])
        self.assertIn("source ap-south", self.firing()[("null_rate", "age", "ap-south")]["reason"])
        self.assertEqual(
            self.daemon.metric("plumbline_variable_null_ratio", variable="age", source="ap-south"),
            [0.05])
        self.daemon.kill()
        self.daemon.start()
        self.assertTrue(self.daemon.fires(**alert))
        report = self.daemon.json("report", "--model", "m", "--source", "ap-south")[0]
        self.assertEqual(int(report["rows"]), 1000)
        text = self.daemon.command("report", "--model", "m").stdout
        self.assertRegex(text, r"ap-south +1,000 +7\.7% +1")

    def test_a_backtest_names_the_source_that_live_does(self):
        age = self.header.index("age")
        null = [row[:age] + ["" if i % 20 == 0 else row[age]] + row[age + 1:]
                for i, row in enumerate(self.live[12_000:13_000])]
        sources = {"eu-west": self.live[:6_000], "us-east": self.live[6_000:12_000], "ap-south": null}
        for source, rows in sources.items():
            self.send(source, rows)
        wait_for("the alert", lambda: self.firing())
        path = write_rows(self.folder / "past.csv", [*self.header, "origin"],
                          [[*row, source] for source, rows in sources.items() for row in rows])
        words = ["backtest", "--model", "m", "--csv", path, "--ignore", "class"]
        chunk, = self.daemon.json(*words, "--source_column", "origin")
        past = {(f["check"], f["variable"], f.get("source", ""))
                for f in chunk["findings"] if f["status"] == "FIRING"}
        self.assertEqual(past, set(self.firing()))
        self.assertEqual(chunk["rows_of_other_sources"], "6000")  # before there was a second
        text = self.daemon.command(*words, "--source_column", "origin").stdout
        self.assertIn("null_rate: age of source ap-south", text)
        self.assertIn("nothing fires", self.daemon.command(*words, "--ignore", "origin").stdout)


class Row5aSlices(DaemonTest):
    """The rows with one value of a categorical variable, against training's with the same value."""

    def setUp(self):
        super().setUp()
        self.header, self.rows = read_rows("adult/adults.csv.gz")
        path = write_rows(self.folder / "baseline.csv", self.header, self.rows[:30_000])
        self.daemon.command("baseline", "create", "--model", "m", "--csv", path, *COLUMNS)

    def policy(self, *variables, check=True):
        path = self.folder / "policy.json"
        path.write_text(json.dumps({"slice_variables": variables}))
        return self.daemon.command("model", "policy", "set", "--model", "m", "--file", path, check=check)

    def send(self, rows):
        path = write_rows(self.folder / "live.csv", self.header, rows)
        self.daemon.command("send", "--model", "m", "--csv", path, "--ignore", "class")
        wait_for("an evaluation", lambda: self.daemon.metric("plumbline_window_rows")[0] >= len(rows))

    def test_the_alert_names_the_slice_and_survives_a_kill(self):
        refused = self.policy("age", check=False)
        self.assertIn('"age" is numeric', refused.stderr)
        self.assertIn('"nope" is not one of its variables', self.policy("nope", check=False).stderr)
        self.policy("occupation", "sex")
        # Slices differ from the whole by nature: nobody is alerted.
        self.send(self.rows[30_000:40_000])
        self.assertNotIn(1.0, self.daemon.metric("plumbline_alert_active"))
        report = self.daemon.json("report", "--model", "m")[0]
        slices = {one["slice"]: int(one["rows"]) for one in report["slices"]}
        occupation, hours = self.header.index("occupation"), self.header.index("hours-per-week")
        sales = sum(row[occupation] == "Sales" for row in self.rows[30_000:40_000])
        self.assertEqual(slices["occupation=Sales"], sales)
        self.assertGreater(report["slice_categories_left_out"], "0")  # such as Armed-Forces

        # One row in ten of one occupation loses its hours: less than a page of all rows.
        live = [list(row) for row in self.rows[40_000:]]
        lost = [row for row in live if row[occupation] == "Sales"][::10]
        for row in lost:
            row[hours] = ""
        self.send(live)
        alert = {"check": "null_rate", "variable": "hours-per-week", "slice": "occupation:5"}
        wait_for("the alert", lambda: self.daemon.metric("plumbline_alert_active", **alert) == [1.0])
        self.assertEqual(self.daemon.metric("plumbline_alert_active").count(1.0), 1)
        self.daemon.kill()
        self.daemon.start()
        wait_for("the alert", lambda: self.daemon.metric("plumbline_alert_active", **alert) == [1.0])
        finding, = [f for f in self.daemon.json("report", "--model", "m")[0]["findings"] if f["status"] == "FIRING"]
        self.assertEqual(finding["slice"], "occupation=Sales")
        self.assertRegex(finding["reason"], "^hours-per-week: 4.7[0-9]% null, .*, slice occupation=Sales$")
        text = self.daemon.command("report", "--model", "m", "--slice", "occupation=Sales").stdout
        self.assertIn("of slice occupation=Sales", text)
        self.assertNotIn("Sales", self.daemon.http("/metrics"))
        past = write_rows(self.folder / "past.csv", self.header, self.rows[30_000:40_000] + live)
        chunk, = self.daemon.json("backtest", "--model", "m", "--csv", past, "--ignore", "class")
        told, = [f for f in chunk["findings"] if f["status"] == "FIRING"]
        self.assertEqual(told["slice"], "occupation=Sales")
        self.assertEqual(told["reason"], finding["reason"])
        self.assertIn('no slice "occupation=Pirate"',
                      self.daemon.command("report", "--model", "m", "--slice", "occupation=Pirate", check=False).stderr)


if __name__ == "__main__":
    unittest.main()
