"""Labels that come late: performance by the month as if computed directly, and the estimate beside it."""

import random
import subprocess
import unittest

from harness import BIN, DATA, HOUSING_COLUMNS, DaemonTest, read_rows, wait_for, write_rows

ANALYSIS = DATA / "california_housing" / "analysis.csv.gz"


def roc_auc(rows):
    """Of pairs of score and label, by its definition."""
    below, wins = 0, 0.0
    negatives = {}
    for score, label in rows:
        if label == "0":
            negatives[score] = negatives.get(score, 0) + 1
    positives = [score for score, label in rows if label == "1"]
    counted = 0
    ranks = {}
    for score in sorted(set(negatives) | set(positives)):
        here = negatives.get(score, 0)
        ranks[score] = below + here / 2
        below += here
    for score in positives:
        wins += ranks[score]
        counted += 1
    return wins / (counted * below)


class Row5bLateLabels(DaemonTest):
    def setUp(self):
        super().setUp()
        self.daemon.command("baseline", "create", "--model", "housing", "--csv",
                            DATA / "california_housing" / "reference.csv.gz", *HOUSING_COLUMNS)
        policy = self.folder / "policy.json"
        policy.write_text('{"pane": "86400s", "window_panes": 1000, '
                          '"performance_limits": {"roc_auc": 0.8}}')
        self.daemon.command("model", "policy", "set", "--model", "housing", "--file", policy)
        self.header, self.rows = read_rows("california_housing/analysis.csv.gz")
        _, labels = read_rows("california_housing/analysis_gt.csv")
        self.labels = dict(labels)

    def send(self, path, *flags):
        return ["send", "--model", "housing", "--csv", path, "--id", "id", *flags]

    def performance(self):
        return self.daemon.json("performance", "--model", "housing", "--by", "month")[0]

    def expect_months(self, labels):
        """Every month is as computed from these labels, and has an estimate with its error."""
        scores = {}
        at = [self.header.index(name) for name in ("id", "timestamp", "y_pred_proba")]
        for row in self.rows:
            key, time, score = (row[i] for i in at)
            if key in labels:
                scores.setdefault(time[:7], []).append((float(score), labels[key]))
        months = {chunk["start"][:7]: chunk for chunk in self.performance()["chunks"]}
        self.assertEqual(set(months), set(scores))
        for month, chunk in months.items():
            auc = next(m for m in chunk["metrics"] if m["metric"] == "roc_auc")
            self.assertAlmostEqual(auc["realised"]["value"], roc_auc(scores[month]), places=9)
            self.assertLess(auc["estimated"]["lower"], auc["estimated"]["value"])
            self.assertGreater(auc["estimated"]["upper"], auc["estimated"]["value"])
        return months

    def test_late_out_of_order_twice_missing_and_killed_on_the_way(self):
        rng = random.Random(7)
        known = {key: label for key, label in self.labels.items() if rng.random() > 0.1}
        rows = [[key, label] for key, label in known.items()]
        rows += [row for row in rows if rng.random() < 0.2]
        rng.shuffle(rows)
        path = write_rows(self.folder / "labels.csv", ["id", "clf_target"], rows)
        self.daemon.command(*self.send(ANALYSIS, "--timestamp", "timestamp"))
        sender = subprocess.Popen(
            [BIN / "plumbline", "--server", f"127.0.0.1:{self.daemon.grpc_port}",
             *self.send(path, "--batch_rows", "100", "--epoch", "5", "--rate", "6000")],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        wait_for("labels to arrive",
                 lambda: sum(self.daemon.metric("plumbline_labels_joined_total")) > 1500)
        self.daemon.kill()
        self.daemon.start()
        output, _ = sender.communicate()
        self.assertEqual(sender.returncode, 0, output)

        report = self.performance()
        self.assertEqual(int(report["predictions"]), len(self.rows))
        self.assertEqual(int(report["labelled"]), len(known))
        self.assertEqual(int(report["counts"]["duplicates"]), len(rows) - len(known))
        self.assertEqual(int(report["counts"].get("contradictions", 0)), 0)
        months = self.expect_months(known)
        estimate = next(m for m in months["2022-03"]["metrics"] if m["metric"] == "roc_auc")
        self.assertAlmostEqual(estimate["estimated"]["value"], 0.829077, places=6)

        text = self.daemon.command("performance", "--model", "housing", "--by", "month").stdout
        self.assertIn("2021-09-01 00:00:00", text)
        self.assertIn("positive `1`", text)
        wait_for("the metrics", lambda: self.daemon.metric(
            "plumbline_performance_unlabelled_predictions") == [float(len(self.rows) - len(known))])
        self.assertEqual(len(self.daemon.metric("plumbline_performance", metric="roc_auc")), 1)

        # A few labels are corrected, of months that closed long ago; nothing else changes.
        wrong = rng.sample(sorted(known), 7)
        for key in wrong:
            known[key] = "1" if known[key] == "0" else "0"
        path = write_rows(self.folder / "again.csv", ["id", "clf_target"],
                          [[key, known[key]] for key in wrong])
        self.daemon.command(*self.send(path))
        self.expect_months(known)
        self.assertEqual(int(self.performance()["counts"]["contradictions"]), len(wrong))

    def test_the_month_in_which_the_model_failed_alerts(self):
        at = self.header.index("timestamp")
        rows = [row for row in self.rows if row[at] < "2021-10"]
        path = write_rows(self.folder / "live.csv", self.header, rows)
        self.daemon.command(*self.send(path, "--timestamp", "timestamp"))
        labels = write_rows(self.folder / "labels.csv", ["id", "clf_target"],
                            [[row[0], self.labels[row[0]]] for row in rows])
        refused = self.daemon.command("send", "--model", "housing", "--csv", labels, "--ignore",
                                      "id", check=False)
        self.assertEqual(refused.returncode, 1)
        self.assertIn("without row ids they find no prediction", refused.stdout + refused.stderr)
        self.assertFalse(self.daemon.fires(check="performance"))
        self.daemon.command(*self.send(labels))
        for check, variable in (("performance", "clf_target"), ("performance_limit", "roc_auc")):
            wait_for(check, lambda: self.daemon.fires(check=check, variable=variable))
        alerts = self.daemon.command("alerts", "--model", "housing").stdout
        self.assertRegex(alerts, r"clf_target: roc_auc 0\.6\d+ \(95% .*\), 0\.9079 in training")
        self.assertNotIn("absent", alerts)


if __name__ == "__main__":
    unittest.main()
