"""Loads that are declared: what came is compared with what was sent, without keeping the rows."""

import json
import unittest

from harness import HOUSING_COLUMNS, DaemonTest, read_rows, wait_for, write_rows


class Row1cLoads(DaemonTest):
    def setUp(self):
        super().setUp()
        self.header, self.rows = read_rows("california_housing/reference.csv.gz")
        whole = write_rows(self.folder / "whole.csv", self.header, self.rows)
        self.daemon.command("baseline", "create", "--model", "m", "--csv", whole, *HOUSING_COLUMNS)
        self.send_flags = ["--ignore", "timestamp,id"]

    def send(self, rows, *flags):
        path = write_rows(self.folder / "part.csv", self.header, rows)
        result = self.daemon.command("--format", "json", "send", "--model", "m", "--csv", path, *self.send_flags, *flags,
                                     check=False)
        self.assertIn(result.returncode, (0, 3), result.stderr)
        return result.returncode, json.loads(result.stdout.splitlines()[-1])

    def alert(self, **labels):
        return self.daemon.fires(check="load_mismatch", severity="critical", **labels)

    def test_what_came_is_what_was_declared(self):
        code, load = self.send(self.rows, "--declare", "--load", "all")
        self.assertEqual((code, load["state"]), (0, "LOAD_STATE_COMPLETE"))
        self.assertEqual(int(load["arrived_rows"]), len(self.rows))
        self.assertEqual(load["arrived_digest"], load["declared_digest"])
        # The same rows in another order, in other batches, as their origin declared them by a profile.
        shuffled = write_rows(self.folder / "origin.csv", self.header, self.rows[::-1])
        self.daemon.command("profile", "create", "--name", "origin", "--csv", shuffled, *self.send_flags,
                            *HOUSING_COLUMNS[4:])
        profile, = self.daemon.json("profile", "list")[0]["profiles"]
        self.assertEqual(profile["digest"], load["arrived_digest"])
        code, _ = self.send(self.rows, "--load_digest", profile["digest"], "--load_rows", str(len(self.rows)), "--batch_rows",
                            "777", "--load", "again")
        self.assertEqual(code, 0)
        wait_for("the loads in the metrics", lambda: self.daemon.metric("plumbline_loads") == [2.0])
        self.assertFalse(self.alert())

        # One cell changed on the way; rows lost before they were sent; and none of it is forgotten by a kill.
        changed = [list(row) for row in self.rows]
        changed[1234][self.header.index("MedInc")] += "1"
        code, load = self.send(changed, "--load_digest", profile["digest"], "--load", "changed")
        self.assertEqual((code, load["state"]), (3, "LOAD_STATE_CONTENT_DIFFERS"))
        wait_for("an alert", lambda: self.alert(cause="content_differs"))
        self.send(self.rows[:-100], "--load", "short")
        ended = self.daemon.command("load", "end", "--model", "m", "--load", "short", "--rows", str(len(self.rows)),
                                    check=False)
        self.assertEqual(ended.returncode, 3)
        self.assertIn("waiting for rows", ended.stdout)
        self.daemon.kill()
        self.daemon.start()
        states = {one["name"]: one["state"] for one in self.daemon.json("load", "list", "--model", "m")}
        self.assertEqual(states, {"all": "LOAD_STATE_COMPLETE", "again": "LOAD_STATE_COMPLETE",
                                  "changed": "LOAD_STATE_CONTENT_DIFFERS", "short": "LOAD_STATE_WAITING"})
        report = self.daemon.command("report", "--model", "m").stdout
        self.assertIn("other content", report)
        self.assertIn(f"`changed`: its {len(self.rows):,} rows are not those that were declared", report)
        self.send(self.rows[-100:], "--load", "short")
        self.assertEqual(self.daemon.command("load", "end", "--model", "m", "--load", "short").returncode, 0)

        # A mistake is explained.
        result = self.daemon.command("load", "end", "--model", "m", "--load", "x", "--digest", "12", check=False)
        self.assertIn('"12" is not 32 hex digits', result.stderr)
        result = self.daemon.command("load", "end", "--model", "m", "--load", "x", check=False)
        self.assertIn('load "x" ends, but nobody said how many rows it has', result.stderr)


if __name__ == "__main__":
    unittest.main()
