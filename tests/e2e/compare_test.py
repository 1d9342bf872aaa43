"""Rows 1a, 1b and 2a: profiles of adult are stored and compared, and the command says what differs, and ends with 3."""

import json
import random
import struct
import unittest

from harness import DaemonTest, read_rows, write_rows


class Compare(DaemonTest):
    @classmethod
    def setUpClass(cls):
        cls.header, cls.rows = read_rows("adult/adults.csv.gz")

    def profile(self, name, rows, *flags, header=None):
        path = write_rows(self.folder / "rows.csv", header or self.header, rows)
        return self.daemon.json("profile", "create", "--csv", path, "--name", name, *flags)[0]

    def compare(self, *words, code):
        """The comparison of one stage, or of several."""
        result = self.daemon.command("--format", "json", "compare", *words, check=False)
        self.assertEqual(result.returncode, code, result.stdout + result.stderr)
        return json.loads(result.stdout)

    def changed(self, column, change, every=1):
        at = self.header.index(column)
        rows = [list(row) for row in self.rows]
        for row in rows[::every]:
            row[at] = change(row[at])
        random.Random(1).shuffle(rows)
        return rows

    def test_row_1a_1b_2a_each_change_is_found_and_named(self):
        first = self.profile("adult", self.rows, "--environment", "research")["summary"]
        shuffled = random.Random(7).sample(self.rows, len(self.rows))
        second = self.profile("shuffled", shuffled)["summary"]
        self.assertEqual(first["digest"], second["digest"])
        self.assertNotEqual(first["ordered_digest"], second["ordered_digest"])
        found = self.compare("adult", "shuffled", code=0)
        self.assertEqual(found["verdict"], "VERDICT_IDENTICAL")
        self.assertEqual(found["stages"][0]["causes"], [])

        one = [list(row) for row in shuffled]
        one[4711][0] = "17.5"
        holes = self.changed("age", lambda cell: "", every=50)
        changes = {
            "cell": (one, f"`age`: one cell differs: `{shuffled[4711][0]}` became `17.5`"),
            "unit": (self.changed("fnlwgt", lambda cell: str(int(cell) * 1000)),
                     "`fnlwgt`: unit change x1000"),
            "fewer": ([row for number, row in enumerate(self.rows) if number % 100], "489 rows fewer (1.0%)"),
            "encoded": (self.changed("class", lambda cell: " <=50K" if cell == "<=50K" else cell),
                        "`class`: category `<=50K` re-encoded as ` <=50K`"),
        }
        for name, (rows, cause) in changes.items():
            self.profile(name, rows)
            found = self.compare("adult", name, code=3)
            self.assertEqual(len(found["stages"][0]["causes"]), 1, found["stages"][0]["causes"])
            self.assertIn(cause, found["stages"][0]["causes"][0])
        # What null became, and what a wide number became in float32.
        self.profile("holes", holes)
        self.profile("nan", [["nan" if not row[0] else row[0], *row[1:]] for row in holes])
        found = self.compare("holes", "nan", code=3)
        self.assertEqual(found["stages"][0]["causes"], ["`age`: NaN in place of null (977 rows)"])
        wide = self.changed("fnlwgt", lambda cell: repr(int(cell) / 7))
        at = self.header.index("fnlwgt")
        narrow = [list(row) for row in wide]
        for row in narrow:
            row[at] = repr(struct.unpack("f", struct.pack("f", float(row[at])))[0])
        self.profile("wide", wide)
        self.profile("narrow", narrow)
        found = self.compare("wide", "narrow", code=3)
        self.assertIn("`fnlwgt`: rounded to float32 (", found["stages"][0]["causes"][0])
        # A tolerance, and in words.
        self.compare("adult", "fewer", "--tolerance", "0.05", code=0)
        self.compare("adult", "fewer", "--tolerance", "0.05,rows=0.001", code=3)
        text = self.daemon.command("compare", "adult", "cell", check=False)
        self.assertEqual(text.returncode, 3)
        self.assertIn("* `age`: one cell differs", text.stdout)
        # Parts merge to what the whole is; what is stored outlives the process.
        self.profile("part-2", self.rows[10_000:])
        self.profile("part-1", self.rows[:10_000])
        self.daemon.command("profile", "merge", "part-1", "part-2", "--name", "merged")
        self.daemon.kill()
        self.daemon.start()
        merged = self.daemon.json("profile", "show", "--name", "merged")[0]["summary"]
        self.assertEqual(merged["ordered_digest"], first["ordered_digest"])
        self.compare("adult", "merged", code=0)
        self.daemon.command("profile", "delete", "--name", "merged")
        self.assertEqual(self.daemon.command("compare", "adult", "merged", check=False).returncode, 1)

    def test_row_1a_stages_are_compared_in_order_and_a_canary_beside_the_stable_version(self):
        rows = self.rows[:20_000]
        for environment in ["research", "production"]:
            self.profile("adult", rows, "--stage", "raw", "--environment", environment)
            self.profile("adult", rows[::2], "--stage", "joined", "--environment", environment)
        features = [[row[0], row[4], row[12]] for row in rows[::2]]
        names = ["age", "education-num", "hours-per-week"]
        self.profile("adult", features, "--stage", "features", "--environment", "research", header=names)
        broken = [[row[0], row[1], str(int(row[2]) / 40)] for row in features]
        self.profile("adult", broken, "--stage", "features", "--environment", "production", header=names)
        found = self.compare("research", "production", code=3)
        self.assertEqual(found["summary"], "raw identical, joined identical, features different")
        self.assertEqual(found["first_difference"], "features")
        self.assertIn("`hours-per-week`: scaled by 0.025", found["stages"][2]["causes"][0])
        # Two versions of a model, with the same rows and with older people.
        older = [row for row in self.rows[20_000:40_000] if int(row[0]) > 30][:8_000]
        for version, live in [("stable", self.rows[20_000:28_000]), ("canary", self.rows[28_000:36_000]),
                              ("broken", older)]:
            path = write_rows(self.folder / "live.csv", self.header, rows)
            self.daemon.command("baseline", "create", "--model", "m", "--version", version, "--csv", path)
            path = write_rows(self.folder / "live.csv", self.header, live)
            self.daemon.command("send", "--model", "m", "--version", version, "--csv", path)
        self.compare("live=m/stable", "live=m/canary", code=0)
        found = self.compare("live=m/stable", "live=m/broken", code=3)
        self.assertTrue(any(cause.startswith("`age`: ") for cause in found["stages"][0]["causes"]),
                        found["stages"][0]["causes"])
        self.compare("name=adult,stage=raw,environment=research", "live=m/canary", code=0)


if __name__ == "__main__":
    unittest.main()
