"""Each way of breaking a column has its own alert, with the variable and the cause, on /metrics."""

import struct
import unittest

from harness import DaemonTest, HOUSING_COLUMNS, read_rows, wait_for, write_rows

TIMELESS = ["--ignore", "timestamp,id"]


class Row4cBadData(DaemonTest):
    def setUp(self):
        super().setUp()
        self.header, self.rows = read_rows("california_housing/reference.csv.gz")
        self.header.append("region")
        for number, row in enumerate(self.rows):
            row.append("north" if number % 3 else "south")
        baseline = write_rows(self.folder / "baseline.csv", self.header, self.rows)
        self.daemon.command("baseline", "create", "--model", "m", "--csv", baseline,
                            *HOUSING_COLUMNS)

    def send(self, header, rows):
        path = write_rows(self.folder / "live.csv", header, rows)
        self.daemon.command("send", "--model", "m", "--csv", path, "--ignore",
                            "timestamp,id,clf_target")

    def broken(self, column, value, share=20):
        """Every `share`-th row of the first 2,000 has `value` in `column`."""
        index = self.header.index(column)
        rows = [list(row) for row in self.rows[:2000]]
        for row in rows[::share]:
            row[index] = value
        return rows

    def expect(self, **labels):
        wait_for(f"alert {labels}", lambda: self.daemon.fires(**labels))

    def test_untouched_rows_alert_nobody(self):
        self.send(self.header, self.rows)
        self.daemon.json("report", "--model", "m")
        wait_for("an evaluation",
                 lambda: self.daemon.metric("plumbline_window_rows") == [float(len(self.rows))])
        self.assertNotIn(1.0, self.daemon.metric("plumbline_alert_active"))

    def test_nan(self):
        self.send(self.header, self.broken("MedInc", "NaN"))
        self.expect(check="nan_rate", variable="MedInc")

    def test_infinity(self):
        self.send(self.header, self.broken("MedInc", "inf"))
        self.expect(check="inf_rate", variable="MedInc")

    def test_null(self):
        self.send(self.header, self.broken("MedInc", ""))
        self.expect(check="null_rate", variable="MedInc", severity="warning")

    def test_new_category(self):
        self.send(self.header, self.broken("region", "west"))
        self.expect(check="unseen_category", variable="region", severity="warning")
        report = self.daemon.json("report", "--model", "m", "--variable", "region")[0]
        reasons = [f["reason"] for f in report["findings"] if f["check"] == "unseen_category"]
        self.assertIn("`west` 100", reasons[0])

    def test_nan_prediction(self):
        self.send(self.header, self.broken("y_pred_proba", "NaN"))
        self.expect(check="nan_rate", variable="y_pred_proba", severity="critical")

    def test_dropped_column(self):
        index = self.header.index("MedInc")
        self.send([name for name in self.header if name != "MedInc"],
                  [row[:index] + row[index + 1:] for row in self.rows[:500]])
        self.expect(check="absent_variable", variable="MedInc", severity="critical")

    def test_renamed_column(self):
        header = ["median_income" if name == "MedInc" else name for name in self.header]
        self.send(header, self.rows[:500])
        self.expect(check="absent_variable", variable="MedInc", severity="critical")
        self.expect(check="unknown_variable", variable="median_income")

    def test_row1b_numbers_that_are_written_less_finely(self):
        rows = [list(row) for row in self.rows]
        income, rooms, people = (self.header.index(name) for name in ("MedInc", "AveRooms", "Population"))
        for number, row in enumerate(rows):
            row[income] = repr(struct.unpack("f", struct.pack("f", float(row[income])))[0])
            row[rooms] = f"{float(row[rooms]):.2f}"
            row[people] = float(row[people]) + (0.5 if number % 3 == 0 else 0)
        self.send(self.header, rows)
        self.expect(check="precision", variable="MedInc", cause="rounded_to_float32", severity="info")
        self.expect(check="precision", variable="AveRooms", cause="decimals_cut")
        self.expect(check="precision", variable="Population", cause="integers_became_fractions")
        self.assertEqual(self.daemon.metric("plumbline_alert_active", check="precision").count(1.0), 3)
        alerts = self.daemon.command("alerts", "--model", "m").stdout
        self.assertRegex(alerts, r"MedInc: rounded to float32; 100% fit float32, [0-9.]+% in training")
        self.assertIn("AveRooms: decimals were cut; 0% need more than 2 decimals", alerts)

    def test_text_instead_of_numbers(self):
        index = self.header.index("MedInc")
        rows = [list(row) for row in self.rows[:500]]
        for row in rows:
            row[index] = "high"
        self.send(self.header, rows)
        self.expect(check="wrong_type", variable="MedInc")


if __name__ == "__main__":
    unittest.main()
