"""Categories that training never had are told from those that training lets expect, and named in the report alone."""

import unittest

from harness import DaemonTest, read_rows, wait_for, write_rows

COLUMNS = ["--role", "class=label"]


class Row4bUnseenCategories(DaemonTest):
    def setUp(self):
        super().setUp()
        self.header, self.rows = read_rows("adult/adults.csv.gz")
        self.occupation = self.header.index("occupation")

    def watch(self, trained, live):
        """A baseline of the first rows, and the others sent."""
        path = write_rows(self.folder / "baseline.csv", self.header, trained)
        self.daemon.command("baseline", "create", "--model", "m", "--csv", path, *COLUMNS)
        path = write_rows(self.folder / "live.csv", self.header, live)
        self.daemon.command("send", "--model", "m", "--csv", path, "--ignore", "class")
        wait_for("an evaluation",
                 lambda: self.daemon.metric("plumbline_window_rows") == [float(len(live))])

    def findings(self):
        report = self.daemon.json("report", "--model", "m")[0]
        return {f["variable"]: f for f in report["findings"] if f["check"] == "unseen_category"}

    def test_a_few_rows_of_new_categories_alert_nobody(self):
        # The 22 rows of two rare countries are all in what is sent, and half a percent of it.
        country = self.header.index("native-country")
        self.rows.sort(key=lambda row: row[country] in ("Holand-Netherlands", "Scotland"))
        self.watch(self.rows[:44_000], self.rows[44_000:])
        self.assertNotIn(1.0, self.daemon.metric("plumbline_alert_active"))
        self.assertGreater(self.findings()["native-country"]["value"], 0)

    def test_an_occupation_that_training_never_had(self):
        trained = [row for row in self.rows[:30_000] if row[self.occupation] != "Craft-repair"]
        live = self.rows[40_000:]
        rows = sum(row[self.occupation] == "Craft-repair" for row in live)
        self.watch(trained, live)
        wait_for("the alert", lambda: self.daemon.fires(check="unseen_category",
                                                        variable="occupation"))
        finding = self.findings()["occupation"]
        self.assertIn(f"{rows:,} of ", finding["reason"])
        self.assertIn(f"(`Craft-repair` {rows:,})", finding["reason"])
        self.assertNotIn("Craft-repair", self.daemon.http("/metrics"))


if __name__ == "__main__":
    unittest.main()
