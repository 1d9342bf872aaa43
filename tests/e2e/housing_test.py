"""California housing through the command: the published figures, and what fires."""

import collections
import json
import unittest

from harness import DATA, HOUSING_COLUMNS, DaemonTest, read_rows, write_rows

HOUSING = DATA / "california_housing"
TIME = ["--timestamp", "timestamp", "--id", "id"]


class Row5aDrift(DaemonTest):
    def setUp(self):
        super().setUp()
        self.daemon.command("baseline", "create", "--model", "housing", "--csv",
                            HOUSING / "reference.csv.gz", *HOUSING_COLUMNS)

    def backtest(self, *words):
        return self.daemon.json("backtest", "--model", "housing", *TIME, *words)

    def test_thirty_day_chunks_find_the_coordinates_and_spare_the_rest(self):
        chunks = self.backtest("--csv", HOUSING / "analysis.csv.gz", "--chunk", "30d")
        fired = collections.Counter(
            finding["variable"] for chunk in chunks for finding in chunk["findings"]
            if finding["check"] == "drift" and finding["status"] == "FIRING")
        self.assertGreater(fired["Longitude"], len(chunks) / 2)
        self.assertGreaterEqual(fired["Latitude"], len(chunks) / 2)  # training varies by months as well
        self.assertEqual(fired["Population"], 0)
        self.assertLessEqual(fired["AveBedrms"], 1)

    def test_monthly_ks_is_the_published_one(self):
        header, rows = read_rows("california_housing/reference.csv.gz")
        later_header, later = read_rows("california_housing/analysis.csv.gz")
        shared = [name for name in header if name in later_header]

        def pick(names, table):
            index = [names.index(name) for name in shared]
            return [[row[i] for i in index] for row in table]

        both = write_rows(self.folder / "both.csv", shared,
                          pick(header, rows) + pick(later_header, later))
        chunks = self.backtest("--csv", both, "--chunk", "month")
        self.assertEqual(len(chunks), 20)
        oracle = json.loads((DATA / "oracles" / "california_housing.json").read_text())
        published = oracle["california_ks"]["published_mean_over_20_chunks"]
        for name, expected in published.items():
            if name == "id":
                continue
            ks = [s["ks"] for chunk in chunks for s in chunk["statistics"] if s["variable"] == name]
            self.assertEqual(len(ks), 20)
            self.assertAlmostEqual(sum(ks) / 20, expected, delta=0.01, msg=name)

    def test_a_backtest_stores_nothing(self):
        self.backtest("--csv", HOUSING / "analysis.csv.gz")
        self.assertEqual(self.daemon.json("report", "--model", "housing")[0]["rows"], "0")


if __name__ == "__main__":
    unittest.main()
