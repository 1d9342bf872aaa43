"""Splits of California housing in two environments: another seed, another order, rows in both parts."""

import json
import random
import unittest

from harness import DATA, HOUSING_COLUMNS, DaemonTest, read_rows, write_rows


class Row3Splits(DaemonTest):
    def setUp(self):
        super().setUp()
        self.header, self.rows = read_rows("california_housing/reference.csv.gz")
        self.id = self.header.index("id")
        self.label = "clf_target"

    def shuffled(self, seed):
        rows = list(self.rows)
        random.Random(seed).shuffle(rows)
        return [row + ["train" if i < 0.8 * len(rows) else "test"] for i, row in enumerate(rows)]

    def write(self, name, rows):
        return write_rows(self.folder / name, self.header + ["part"], rows)

    def record(self, name, rows, seed, *flags):
        out = self.folder / f"{name}.json"
        self.daemon.command("split", "record", "--csv", self.write(f"{name}.csv", rows), "--id", "id",
                            "--split", "part", "--label", self.label, "--method", "shuffle",
                            "--seed", str(seed), "--out", out, *flags)
        return out

    def run_json(self, *words):
        result = self.daemon.command("--format", "json", "split", *words, check=False)
        return result.returncode, json.loads(result.stdout), result.stderr

    def test_two_environments(self):
        self.daemon.command("baseline", "create", "--model", "housing", "--csv",
                            DATA / "california_housing/reference.csv.gz", *HOUSING_COLUMNS)
        research = self.record("research", self.shuffled(42), 42, "--model", "housing")
        again = self.record("again", self.shuffled(42), 42)
        code, found, _ = self.run_json("compare", research, again)
        self.assertEqual((code, found["verdict"], found["causes"]), (0, "same", []))
        # The one that lies beside the baseline survives the daemon.
        self.daemon.kill()
        self.daemon.start()
        self.assertEqual(self.run_json("compare", again, "--model", "housing")[0], 0)

        other_seed = self.record("seed", self.shuffled(43), 43)
        code, found, _ = self.run_json("compare", other_seed, "--model", "housing")
        self.assertEqual((code, found["verdict"]), (3, "different"))
        self.assertEqual(found["causes"], ["seed_changed", "rows_moved"])
        self.assertEqual([part["verdict"] for part in found["parts"]], ["other_rows"] * 2)

        rows = self.shuffled(42)
        other_order = self.record("order", sorted(rows, key=lambda row: row[-1] + row[0]), 42)
        code, found, _ = self.run_json("compare", other_order, "--model", "housing")
        self.assertEqual((code, found["verdict"], found["causes"]),
                         (3, "other_order", ["order_changed"]))
        self.assertIn("although method and seed are the same", found["reasons"][0])

    def test_rows_in_both_parts(self):
        rows = self.shuffled(42)
        command = ["check", "--id", "id", "--split", "part", "--csv"]
        code, found, _ = self.run_json(*command, self.write("clean.csv", rows))
        self.assertEqual((code, found["overlaps"]), (0, []))
        leaked = [row[:-1] + ["test"] for row in rows if row[-1] == "train"][:37]
        code, found, _ = self.run_json(*command, self.write("leak.csv", rows + leaked))
        self.assertEqual(code, 3)
        overlap, = found["overlaps"]
        self.assertEqual((overlap["first_part"], overlap["second_part"], overlap["shared"]),
                         ("train", "test", "37"))
        self.assertEqual(len(overlap["examples"]), 10)
        self.assertIn(overlap["examples"][0]["id"], [row[self.id] for row in leaked])
        # One file a part, told apart by content, ids without sense.
        train = self.write("train.csv", [row[:-1] + [""] for row in rows[:1000]])
        test = self.write("test.csv", [row[:-1] + [""] for row in rows[963:2000]])
        code, found, _ = self.run_json("check", "--csv", f"train={train}", "--csv", f"test={test}")
        self.assertEqual((code, found["overlaps"][0]["shared"]), (3, "37"))
        text = self.daemon.command("split", *command, self.folder / "leak.csv", check=False).stdout
        self.assertIn("37 rows are in both train and test", text)

    def test_stored_beside_the_baseline(self):
        self.daemon.command("baseline", "create", "--model", "housing", "--csv",
                            DATA / "california_housing/reference.csv.gz", *HOUSING_COLUMNS)
        self.record("a", self.shuffled(1), 1, "--model", "housing", "--name", "cv")
        splits = self.daemon.json("split", "list", "--model", "housing")[0]["splits"]
        self.assertEqual([(split["name"], split["rows"]) for split in splits],
                         [("cv", str(len(self.rows)))])
        result = self.daemon.command("split", "delete", "--model", "housing", check=False)
        self.assertIn('has no split "default"', result.stderr)
        self.daemon.command("split", "delete", "--model", "housing", "--name", "cv")
        self.assertEqual(self.daemon.json("split", "list", "--model", "housing")[0]["splits"], [])
        result = self.daemon.command("split", "list", "--model", "nobody", check=False)
        self.assertIn('model "nobody" does not exist', result.stderr)


if __name__ == "__main__":
    unittest.main()
