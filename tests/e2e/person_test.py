"""From a row to a person: what goes wrong arrives through a real Prometheus and a real Alertmanager, and on the dashboards."""

import datetime
import itertools
import json
import math
import pathlib
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

import yaml

import alerting
import dashboards
from harness import DATA, HOUSING_COLUMNS, Daemon, read_rows, wait_for, write_rows

START = datetime.datetime(2026, 1, 1)
POLICY = {"pane": "3600s", "window_panes": 24, "source_idle_timeout": "86400s"}
ROWS_AN_HOUR = 60


class Feed:
    """Sends the rows of a data set in any order, hour after hour of event time, spoiled on request."""

    def __init__(self, daemon, folder, name, header, rows, *columns):
        self.daemon, self.folder, self.name = daemon, folder, name
        self.header, self.rows = header, rows
        self.random = random.Random(7)
        model, version = name
        path = write_rows(folder / f"{model}-{version}.csv", header, rows)
        daemon.command("baseline", "create", *self.model(), "--csv", path, *columns)

    def model(self):
        return ["--model", self.name[0], "--version", self.name[1]]

    def policy(self, **policy):
        path = self.folder / "policy.json"
        path.write_text(json.dumps({**POLICY, **policy}))
        self.daemon.command("model", "policy", "set", *self.model(), "--file", path)

    def send(self, first_hour, hours, *flags, without=(), spoil=None):
        """Rows of so many hours; `spoil` may change each, a dict by column."""
        kept = [name for name in self.header if name not in without and name != "timestamp"]
        rows = []
        for i in range(hours * ROWS_AN_HOUR):
            row = dict(zip(self.header, self.random.choice(self.rows)))
            if spoil is not None:
                spoil(i, row)
            at = START + datetime.timedelta(minutes=60 * first_hour + i * 60 // ROWS_AN_HOUR)
            rows.append([at.isoformat(sep=" ")] + [row[name] for name in kept])
        path = write_rows(self.folder / "live.csv", ["timestamp", *kept], rows)
        self.daemon.command("send", *self.model(), "--csv", path, "--timestamp", "timestamp", *flags)


def burst_of_nan(i, row):
    """Where an input is null the prediction is NaN."""
    if i % 40 == 0:
        row["MedInc"], row["y_pred_proba"] = "", "NaN"


def drifted(_, row):
    row["HouseAge"] = str(float(row["HouseAge"]) + 15)


def no_hour(i, row):
    if i % 3 == 0:
        row["hr"], row["cnt"] = "", "1"


# What goes wrong -> the alert that says so.
INCIDENTS = {
    "a NaN burst": {"model": "housing", "version": "canary", "check": "nan_rate",
                    "variable": "y_pred_proba", "cause": "input_null", "severity": "critical",
                    "alertname": "PlumblineModelCritical"},
    "a dropped variable": {"model": "bikes", "version": "default", "check": "absent_variable",
                           "variable": "atemp", "cause": "column_absent", "severity": "critical",
                           "alertname": "PlumblineModelCritical"},
    "a drift": {"model": "housing", "version": "stable", "check": "drift", "variable": "HouseAge",
                "cause": "shifted_up", "source": "eu", "severity": "warning",
                "alertname": "PlumblineModelWarning"},
}


class Person(unittest.TestCase):
    """One story, told in order: all is well, three things go wrong, and are right again."""

    @classmethod
    def setUpClass(cls):
        alerting.fetch_tools()
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="plumbline-e2e."))
        cls.daemon = Daemon(cls.folder).start()
        cls.stack = None
        try:
            cls.stack = alerting.Stack(cls.folder, f"127.0.0.1:{cls.daemon.http_port}")
            cls.seed()
        except BaseException:
            cls.tearDownClass()
            raise

    @classmethod
    def tearDownClass(cls):
        if cls.stack is not None:
            cls.stack.close()
        if cls.daemon.process.poll() is None:
            cls.daemon.kill()
        shutil.rmtree(cls.folder)

    @classmethod
    def feed(cls, name, header, rows, *columns, **policy):
        feed = Feed(cls.daemon, cls.folder, name, header, rows, *columns)
        feed.policy(**policy)
        return feed

    @classmethod
    def seed(cls):
        header, rows = read_rows("california_housing/reference.csv.gz")
        cls.canary = cls.feed(("housing", "canary"), header, rows, *HOUSING_COLUMNS)
        # Its labels come with the rows.
        cls.stable = cls.feed(("housing", "stable"), header, rows, *HOUSING_COLUMNS,
                              performance_limits={"roc_auc": 0.6})
        kept = ["season", "hr", "temp", "atemp", "hum", "windspeed", "cnt"]
        header, rows = read_rows("bike_sharing/hour.csv.gz")
        rows = [[row[header.index(name)] for name in kept] for row in rows]
        cls.bikes = cls.feed(("bikes", "default"), kept, rows, "--role", "cnt=prediction",
                             "--kind", "season=categorical")
        # Fed once, and never again.
        cls.quiet = cls.feed(("quiet", "default"), kept, rows, "--role", "cnt=prediction",
                             "--kind", "season=categorical,hr=categorical", no_data_after="1s")
        cls.quiet.send(0, 3, spoil=no_hour)
        cls.normal(0, 24)

    @classmethod
    def normal(cls, first_hour, hours):
        cls.canary.send(first_hour, hours, "--id", "id", "--ignore", "clf_target")
        cls.bikes.send(first_hour, hours)
        cls.two_sources(first_hour, hours)

    @classmethod
    def two_sources(cls, first_hour, hours, spoil=None):
        """Each holds the panes open for the other; `spoil` is for those of eu."""
        cls.stable.send(first_hour, 1, "--id", "id", "--source", "eu", spoil=spoil)
        cls.stable.send(first_hour, hours, "--id", "id", "--source", "us")
        cls.stable.send(first_hour + 1, hours - 1, "--id", "id", "--source", "eu", spoil=spoil)

    def pages(self, labels, status="firing"):
        return self.stack.receiver.got("on-call", status, **labels)

    def test_1_normal_rows_page_nobody(self):
        wait_for("all models scraped", lambda: len(self.stack.query(
            "plumbline_window_rows > 0")) == 4)
        for labels in INCIDENTS.values():
            self.assertEqual(self.stack.query("plumbline_alert_active{%s} == 1" % ",".join(
                f'{key}="{labels[key]}"' for key in ("model", "version"))), [])

    def test_2_each_incident_is_one_page_that_says_why(self):
        self.canary.send(24, 24, "--id", "id", "--ignore", "clf_target", spoil=burst_of_nan)
        self.bikes.send(24, 24, without=["atemp"])
        self.two_sources(24, 24, drifted)
        for what, labels in INCIDENTS.items():
            page = wait_for(f"the page of {what}", lambda: self.pages(labels))[0]
            alert = next(a for a in page["alerts"] if labels.items() <= a["labels"].items())
            text = alert["annotations"]["description"]
            for key in ("variable", "cause", "model", "version", "source"):
                self.assertIn(labels.get(key, "all"), text)
            self.assertIn(labels["check"], alert["annotations"]["summary"])
            self.assertRegex(text, r" value \S+,.* fires at \S+,.* since 20\d\d-\d\d-\d\d ")
            self.assertEqual(page["groupLabels"], {key: alert["labels"][key]
                                                   for key in ("model", "version", "incident")})
            which = ",".join(f'{key}="{alert["labels"][key]}"'
                             for key in ("model", "version", "variable", "check", "incident"))
            since, = self.stack.query("plumbline_alert_since_timestamp_seconds{%s}" % which)
            print(f"{what}: paged {page['arrived'] - float(since['value'][1]):.1f} s after it began to fire (scrape 1 s, "
                  "evaluation 1 s, group wait 5 s)", file=sys.stderr)
            # All of the page is this incident's.
            for other in page["alerts"]:
                self.assertEqual(other["labels"]["model"], labels["model"])
                self.assertEqual(other["labels"]["version"], labels["version"])
        self.assertIn(" 0% in training,", self.pages(INCIDENTS["a NaN burst"])[0]
                      ["alerts"][0]["annotations"]["description"])

    def test_3_a_silent_model_and_the_watchdog(self):
        wait_for("the page of no data", lambda: self.pages(
            {"alertname": "PlumblineModelNoData", "model": "quiet", "check": "no_data"}))
        labels = {"model": "quiet", "check": "null_rate", "variable": "hr"}
        page = wait_for("the page of an input that matters", lambda: self.pages(labels))[0]
        alert = next(a for a in page["alerts"] if labels.items() <= a["labels"].items())
        self.assertIn("; predictions differ by ", alert["annotations"]["description"])
        wait_for("the watchdog", lambda: self.stack.receiver.got(
            "watchdog", alertname="PlumblineWatchdog"))

    def test_3_categories_have_no_name_and_are_bounded(self):
        shares = wait_for("the distribution", lambda: self.stack.query(
            'plumbline_distribution_ratio{model="quiet",variable="hr",side="training"}'))
        shares.sort(key=lambda share: share["metric"]["bin"])
        self.assertEqual([share["metric"]["edge"] for share in shares],
                         [*map(str, range(20)), "other"])
        self.assertAlmostEqual(sum(float(share["value"][1]) for share in shares), 1)

    def test_3_what_somebody_looks_after_is_told_no_more_and_not_called_over(self):
        who = ["--model", "housing", "--version", "stable"]
        incident, = self.daemon.json("incidents", *who)[0]["incidents"]
        self.assertEqual(incident["causes"][0]["kind"], "source")
        self.daemon.command("acknowledge", *who, "--incident", incident["id"], "--by", "anna",
                            "--reason", "on it")
        labels = {**INCIDENTS["a drift"], "incident": incident["id"]}

        def inhibited():
            known, = [a for a in self.stack.alerts() if labels.items() <= a["labels"].items()]
            return known["status"]["inhibitedBy"]

        wait_for("the acknowledgement", inhibited)
        self.assertEqual(self.pages(INCIDENTS["a drift"], "resolved"), [])

    def values_of(self, variable, chosen):
        selector, label = dashboards.label_values(variable)
        return self.stack.api(f"label/{label}/values", **{"match[]": dashboards.fill(
            selector, chosen)})

    def choices(self, board):
        """Every way to choose the variables of a dashboard that Prometheus has values for."""
        chosen = [{}]
        for variable in dashboards.variables(board, "query"):
            longer = []
            for values in chosen:
                found = [".+"] if variable["multi"] else self.values_of(variable, values)
                if variable["multi"]:
                    self.assertNotEqual(self.values_of(variable, values), [], variable["name"])
                longer += [{**values, variable["name"]: value} for value in found]
            self.assertNotEqual(longer, [], f"{board['title']}: no value of {variable['name']}")
            chosen = longer
        return chosen

    def has_data(self, target, values):
        expression = dashboards.fill(target["expr"], values)
        self.assertNotIn("$", expression)
        if target["instant"]:
            results = [[series["value"]] for series in self.stack.query(expression)]
        else:
            now = time.time()
            results = [series["values"] for series in self.stack.api(
                "query_range", query=expression, start=now - 30, end=now, step=5)["result"]]
        return any(math.isfinite(float(value)) for _, value in itertools.chain(*results))

    def test_4_every_panel_has_data(self):
        for name, board in dashboards.load().items():
            choices = self.choices(board)
            for panel in dashboards.panels(board):
                for target in panel["targets"]:
                    # A rate needs two scrapes, and there are panels that only some variables have.
                    wait_for(f"data of {name}, {panel['title']}, {target['refId']}", lambda: any(
                        self.has_data(target, values) for values in choices))

    def test_5_rules_and_dashboards_know_only_what_there_is(self):
        labels_of = {}
        for line in self.daemon.http("/metrics").splitlines():
            if match := re.match(r"(\w+)(?:\{(.*)\})? ", line):
                found = re.findall(r'(\w+)="', match[2] or "")
                labels_of.setdefault(match[1], {"job", "instance"}).update(found)
        labels_of["up"] = {"job", "instance"}
        rules = [rule for group in yaml.safe_load(alerting.RULES.read_text())["groups"]
                 for rule in group["rules"]]
        for rule in rules:
            if "record" in rule:
                labels_of[rule["record"]] = set(dashboards.grouping_labels(rule["expr"]))
        labels_of["plumbline_alert_active"].add("slice")  # nobody has slices here
        alert_labels = labels_of["plumbline_alert_active"] | {"reason", "quota"}
        expressions = [(rule.get("alert", rule.get("record")), rule["expr"]) for rule in rules]
        for rule in rules:
            texts = [*rule.get("labels", {}).values(), *rule.get("annotations", {}).values()]
            for text in texts:
                self.assertLessEqual(set(re.findall(r"\$labels\.(\w+)", text)), alert_labels)
                for metric in re.findall(r"plumbline_\w+(?=%s|\{)", text):
                    self.assertIn(metric, labels_of)
        for name, board in dashboards.load().items():
            for panel in dashboards.panels(board):
                for target in panel["targets"]:
                    expressions.append((f"{name} {panel['title']}", target["expr"]))
            for variable in dashboards.variables(board, "query"):
                selector, label = dashboards.label_values(variable)
                expressions.append((f"{name} {variable['name']}", f"{selector}"))
                self.assertIn(label, labels_of[dashboards.selectors(selector).__next__()[0]])
        everywhere = set().union(*labels_of.values())
        for where, expression in expressions:
            for metric, labels in dashboards.selectors(expression):
                self.assertIn(metric, labels_of, where)
                self.assertLessEqual(set(labels), labels_of[metric], f"{where}: {metric}")
            self.assertLessEqual(set(dashboards.grouping_labels(expression)), everywhere, where)
        checked = subprocess.run(
            [alerting.TOOLS / "usr/bin/promtool", "check", "metrics"],
            input=self.daemon.http("/metrics"), capture_output=True, text=True)
        self.assertEqual((checked.returncode, checked.stdout + checked.stderr), (0, ""))

    def test_6_what_explains_another_alert_inhibits_it(self):
        def alert(alertname, **labels):
            return {"alertname": alertname, "job": "j", "instance": "i", **labels}

        a = {"model": "a", "version": "v"}
        down = {**alert("PlumblineDown", severity="critical"), "instance": "down"}
        lost = alert("PlumblineModelCritical", **a, check="rows_lost", cause="batches_missing",
                     severity="critical")
        incomplete = alert("PlumblineModelIncomplete", **a, severity="info")
        absent = alert("PlumblineModelCritical", **a, check="absent_variable", variable="x",
                       severity="critical")
        drift = alert("PlumblineModelWarning", **a, check="drift", variable="y", severity="warning")
        null = alert("PlumblineModelWarning", **a, check="null_rate", variable="x",
                     severity="warning")
        silent = {**alert("PlumblineModelNoData", **a, check="no_data", severity="critical"), "instance": "down"}
        unheard = {**absent, "instance": "down"}
        over = {**lost, "alertname": "PlumblineIncidentGoesOn", "model": "c"}
        elsewhere = [
            {**drift, "model": "b"}, {**lost, "model": "b"}, {**drift, "model": "c"}, {**null, "variable": "z"}, {**null, "source": "eu"},
            {**silent, "instance": "i"}]
        self.stack.post(down, lost, incomplete, absent, drift, null, silent, unheard, over, *elsewhere)
        inhibits = {}
        by_fingerprint = {}
        for known in self.stack.alerts():
            key = json.dumps(known["labels"], sort_keys=True)
            by_fingerprint[known["fingerprint"]] = known["labels"]
            inhibits[key] = known["status"]["inhibitedBy"]
        for labels, by in [(drift, incomplete), (null, absent), (silent, down), (unheard, down)]:
            fingerprint, = inhibits[json.dumps(labels, sort_keys=True)]
            self.assertEqual(by_fingerprint[fingerprint], by)
        for labels in [down, lost, incomplete, absent, over, *elsewhere]:
            self.assertEqual(inhibits[json.dumps(labels, sort_keys=True)], [], labels)

    def test_7_what_is_right_again_is_told(self):
        self.normal(48, 72)
        for what, labels in INCIDENTS.items():
            # Of what somebody looks after, what ended last is named.
            names = ("model", "version") if what == "a drift" else labels
            over = {name: labels[name] for name in names}
            wait_for(f"the end of {what}", lambda: self.pages(over, "resolved"))
            # One incident from its beginning to its end, and no notification that tells nothing new: on a slow machine
            # what belongs to it may begin, or end, one scrape after the other.
            pages = self.pages(labels)
            incident = pages[0]["groupLabels"]
            self.assertEqual([page["groupLabels"] for page in pages], [incident] * len(pages), what)
            told = [{(alert["fingerprint"], alert["status"]) for alert in page["alerts"]}
                    for page in pages]
            for before, after in itertools.pairwise(told):
                self.assertNotEqual(before, after, what)
            ends = [page for page in self.pages(over, "resolved") if page["groupLabels"] == incident]
            self.assertEqual(len(ends), 1, what)

    def test_8_a_service_that_is_down_pages(self):
        self.daemon.kill()
        wait_for("the page", lambda: self.pages({
            "alertname": "PlumblineDown", "severity": "critical",
            "instance": f"127.0.0.1:{self.daemon.http_port}"}))


if __name__ == "__main__":
    unittest.main()
