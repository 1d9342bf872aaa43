"""Predictions that cannot be right are alerted on from the first row, with what was wrong in the same rows."""

import unittest

from harness import DaemonTest, HOUSING_COLUMNS, read_rows, wait_for, write_rows


class Row4aPredictionIntegrity(DaemonTest):
    def setUp(self):
        super().setUp()
        self.header, self.rows = read_rows("california_housing/reference.csv.gz")
        baseline = write_rows(self.folder / "baseline.csv", self.header, self.rows)
        self.daemon.command("baseline", "create", "--model", "m", "--csv", baseline,
                            *HOUSING_COLUMNS)
        self.live = [list(row) for row in self.rows[:2000]]

    def set(self, row, column, value):
        self.live[row][self.header.index(column)] = value

    def send(self):
        path = write_rows(self.folder / "live.csv", self.header, self.live)
        self.daemon.command("send", "--model", "m", "--csv", path, "--ignore",
                            "timestamp,id,clf_target")

    def expect(self, **labels):
        wait_for(f"alert {labels}", lambda: self.daemon.fires(**labels))

    def finding(self, check):
        report = self.daemon.json("report", "--model", "m")[0]
        return next(f for f in report["findings"] if f["check"] == check and
                    f["status"] == "FIRING")

    def test_untouched_rows_alert_nobody(self):
        self.send()
        wait_for("an evaluation",
                 lambda: self.daemon.metric("plumbline_window_rows") == [float(len(self.live))])
        self.assertNotIn(1.0, self.daemon.metric("plumbline_alert_active"))

    def test_nan_where_an_input_is_null(self):
        for row in range(0, 500, 10):
            self.set(row, "y_pred_proba", "NaN")
            self.set(row, "MedInc", "" if row else "3")
        self.send()
        self.expect(check="nan_rate", variable="y_pred_proba", severity="critical",
                    cause="input_null")
        finding = self.finding("nan_rate")
        cause = finding["causes"][0]
        self.assertEqual((cause["variable"], cause["state"]), ("MedInc", "null"))
        self.assertAlmostEqual(cause["share"], 0.98)
        self.assertIn("in the same rows: `MedInc` null in 98%", finding["reason"])

    def test_infinite_where_an_input_is_out_of_range(self):
        for row in range(0, 500, 10):
            self.set(row, "y_pred_proba", "inf")
            self.set(row, "AveRooms", "1e9")
        self.send()
        self.expect(check="inf_rate", variable="y_pred_proba", cause="input_out_of_range")

    def test_one_probability_above_one(self):
        self.set(7, "y_pred_proba", "1.5")
        self.send()
        self.expect(check="prediction_domain", variable="y_pred_proba",
                    cause="probability_outside")

    def test_one_class_not_in_training(self):
        self.set(7, "y_pred", "2")
        self.send()
        self.expect(check="unseen_category", variable="y_pred", severity="critical",
                    cause="class_unseen")

    def test_probabilities_that_do_not_sum_to_one(self):
        proba = self.header.index("y_pred_proba")
        header = self.header + ["p_other"]
        rows = [row + [str(1 - float(row[proba]))] for row in self.rows]
        path = write_rows(self.folder / "two.csv", header, rows)
        columns = [text.replace("y_pred_proba=prediction",
                                "y_pred_proba=prediction,p_other=prediction")
                   for text in HOUSING_COLUMNS]
        self.daemon.command("baseline", "create", "--model", "m", "--csv", path, *columns)
        self.header = header
        self.live = [list(row) for row in rows[:2000]]
        self.set(7, "p_other", "0.5")
        self.set(7, "y_pred_proba", "0.4")
        self.send()
        self.expect(check="probability_sum", severity="critical", cause="probability_sum")


if __name__ == "__main__":
    unittest.main()
