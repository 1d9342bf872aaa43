"""What people on call say of alerts is done, survives a kill, and ends in time."""

import json
import unittest

from harness import DaemonTest, read_rows, wait_for, write_rows

WHO = ["--by", "anna", "--reason", "night shift"]


class OnCall(DaemonTest):
    def setUp(self):
        super().setUp()
        self.header, rows = read_rows("adult/adults.csv.gz")
        path = write_rows(self.folder / "baseline.csv", self.header, rows[:20_000])
        self.daemon.command("baseline", "create", "--model", "m", "--csv", path,
                            "--role", "class=label,age=prediction")
        self.live = rows[20_000:22_000]

    def says(self, *words):
        return self.daemon.command(words[0], *words[1:], "--model", "m").stdout

    def send(self, source="", only=None, **spoiled):
        """Rows with these cells in every tenth row, or in every tenth of those with `only` (column, value)."""
        column = self.header.index(only[0]) if only else 0
        seen, rows = 0, []
        for row in self.live:
            meant = only is None or row[column] == only[1]
            spoil = meant and seen % 10 == 0
            seen += meant
            rows.append([spoiled.get(name.replace("-", "_"), cell) if spoil else cell
                         for name, cell in zip(self.header, row)])
        path = write_rows(self.folder / "live.csv", self.header, rows)
        self.daemon.command("send", "--model", "m", "--csv", path, "--ignore", "class",
                            *(["--source", source] if source else []))

    def held(self, **labels):
        return self.daemon.metric("plumbline_alert_held", **labels) == [1.0] and \
            self.daemon.metric("plumbline_alert_active", **labels) == [0.0]

    def test_a_mute_is_kept_through_a_kill_and_what_is_there_fires_at_its_end(self):
        self.says("mute", "set", "--check", "null_rate", "--variable", "education", "--for", "1h",
                  *WHO)
        self.send(education="", sex="")
        education = {"check": "null_rate", "variable": "education"}
        wait_for("the other alert", lambda: self.daemon.fires(check="null_rate", variable="sex"))
        self.assertTrue(self.held(**education))
        incident, = {a["finding"]["incident"] for a in self.alerts()}
        self.daemon.command("acknowledge", "--model", "m", "--incident", incident, *WHO)
        self.daemon.kill()
        self.daemon.start()
        self.assertTrue(self.held(**education))
        self.assertEqual(self.daemon.metric("plumbline_alert_acknowledged", check="null_rate",
                                            variable="sex", incident=incident), [1.0])
        self.assertEqual({a["finding"]["incident"] for a in self.alerts()}, {incident})
        text = self.says("report")
        self.assertRegex(text, rf"incident {incident}  \d+ alerts on \d+ variables since ")
        self.assertIn("by anna: night shift", text)
        self.assertRegex(self.says("mute", "list"), r"null_rate +education .* anna +night shift")
        self.says("mute", "end", "--check", "null_rate", "--variable", "education", *WHO)
        self.assertTrue(self.daemon.fires(**education))
        self.assertIn("by anna: night shift", self.says("mute", "list", "--all"))
        self.says("mute", "set", "--check", "null_rate", "--for", "1s", *WHO)
        wait_for("the end of the mute", lambda: self.daemon.metric("plumbline_mutes") == [0.0])
        self.assertTrue(self.daemon.fires(**education))

    def alerts(self):
        return self.daemon.json("alerts", "--model", "m")[0]["alerts"]

    def test_a_release_holds_back_drift_and_not_what_is_broken(self):
        self.says("change", "declare", "--name", "v2", "--for", "1h", *WHO)
        self.send(sex="", age="NaN")
        wait_for("the page of the prediction",
                 lambda: self.daemon.fires(check="nan_rate", variable="age"))
        nulls = {"check": "null_rate", "variable": "sex"}
        wait_for("the finding", lambda: self.held(**nulls))
        # Made shorter, it is over soon, and what is left fires with its name.
        self.says("change", "declare", "--name", "v2", "--for", "2s", *WHO)
        wait_for("the page", lambda: self.daemon.fires(**nulls))
        alert, = [a for a in self.alerts() if a["finding"]["variable"] == "sex"]
        self.assertIn('began within the expected change "v2"', alert["finding"]["reason"])
        self.assertIn("no expected changes", self.says("change", "list"))

    def test_a_slice_is_acknowledged_and_a_source_muted_and_what_a_policy_ends_says_so(self):
        policy = self.folder / "policy.json"
        policy.write_text(json.dumps({"slice_variables": ["sex"]}))
        self.says("model", "policy", "set", "--file", policy)
        self.send("eu")
        self.send("us", ("sex", "Female"), education="")
        of_us = {"check": "null_rate", "variable": "education", "source": "us"}
        of_slice = {"check": "null_rate", "variable": "education", "slice": "sex:2"}
        wait_for("the alerts", lambda: self.daemon.fires(**of_us) and self.daemon.fires(**of_slice))
        self.says("acknowledge", "--check", "null_rate", "--slice", "sex=Female", *WHO)
        self.says("mute", "set", "--check", "null_rate", "--source", "us", "--for", "1h", *WHO)
        # Of that slice and that source alone.
        acknowledged = self.daemon.metric("plumbline_alert_acknowledged", check="null_rate")
        self.assertEqual(acknowledged.count(1.0), 1)
        self.assertEqual(self.daemon.metric("plumbline_alert_acknowledged", **of_slice), [1.0])
        self.assertTrue(self.daemon.fires(**of_slice))
        self.assertTrue(self.held(**of_us))
        alerts = {(a["finding"].get("source", ""), a["finding"].get("slice", "")): a for a in self.alerts()}
        self.assertEqual(alerts["us", ""]["state"], "HELD")
        self.assertEqual(alerts["", ""]["state"], "FIRING")
        self.assertEqual(alerts["", "sex=Female"]["finding"]["acknowledgement"]["by"], "anna")
        self.assertRegex(self.says("report"), r"null_rate +us .* anna +night shift")
        self.assertRegex(self.says("mute", "list"), r"null_rate +us +m/")
        done = self.daemon.command("mute", "end", "--model", "m", "--check", "null_rate", *WHO, check=False)
        self.assertIn("no mute of check null_rate", done.stderr)
        done = self.daemon.command("mute", "set", "--model", "m", "--check", "drift", "--source", "asia",
                                   "--for", "1h", *WHO, check=False)
        self.assertIn('no source "asia" that is judged by itself; these are: us', done.stderr)
        self.says("mute", "end", "--check", "null_rate", "--source", "us", *WHO)
        self.assertTrue(self.daemon.fires(**of_us))

        policy.write_text(json.dumps({"slice_variables": ["sex"], "pane": "120s"}))
        self.says("model", "policy", "set", "--file", policy)
        self.assertNotIn(1.0, self.daemon.metric("plumbline_alert_active"))
        self.assertEqual(set(self.daemon.metric("plumbline_alert_active", **of_slice)), {0.0})
        ended = [a for a in self.daemon.json("alerts", "--model", "m", "--all")[0]["alerts"]
                 if a["finding"]["check"] == "null_rate"]
        self.assertEqual(len(ended), 3)
        for alert in ended:
            self.assertEqual(alert["state"], "RESOLVED")
            self.assertIn("; the policy changed: its panes are 2m long now", alert["finding"]["reason"])

    def test_nonsense_is_an_error_in_words(self):
        for words, why in [
                (["mute", "set", "--check", "drift", "--variable", "agee", "--for", "1h", *WHO],
                 'no variable "agee"'),
                (["mute", "set", "--check", "drift", *WHO], "needs `until` or `lasts`"),
                (["mute", "set", "--check", "drift", "--until", "2001-01-01", *WHO], "is over"),
                (["mute", "set", "--check", "drift", "--slice", "sex=Male", "--for", "1h", *WHO],
                 'no slice "sex=Male" that is judged by itself; none is'),
                (["mute", "set", "--check", "drift", "--source", "eu", "--for", "1h", *WHO],
                 'no source "eu" that is judged by itself; none is'),
                (["mute", "end", "--check", "drift", *WHO], "no mute of check drift"),
                (["change", "withdraw", "--name", "v9", *WHO], 'no change "v9"'),
                (["acknowledge", "--check", "drift", *WHO], "is pending or fires"),
                (["acknowledge", *WHO], "check is missing")]:
            done = self.daemon.command(*words, "--model", "m", check=False)
            self.assertEqual(done.returncode, 1, done.stdout)
            self.assertIn(why, done.stderr)
            self.assertIn("m", done.stderr)


if __name__ == "__main__":
    unittest.main()
