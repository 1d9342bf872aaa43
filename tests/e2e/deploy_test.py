"""What deploy/ ships for Prometheus, Alertmanager, Grafana and Docker is sound, as far as can be said without running it."""

import re
import subprocess
import unittest

import alerting
import dashboards
from alerting import DEPLOY, RULES, run_tool, yaml
from harness import BIN, ROOT

ALERTMANAGER = DEPLOY / "alertmanager" / "alertmanager.yml"


def headings(path):
    """The anchors of a Markdown page."""
    return {re.sub(r"[^\w -]", "", line.lstrip("# ")).lower().replace(" ", "-")
            for line in path.read_text().splitlines() if line.startswith("#")}


class Rules(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        alerting.fetch_tools()

    def expect_fine(self, *command):
        code, text = run_tool(*command)
        self.assertEqual(code, 0, text)

    def test_promtool_and_amtool_find_nothing(self):
        self.expect_fine("promtool", "check", "rules", RULES)
        self.expect_fine("promtool", "test", "rules", RULES.with_suffix(".test.yml"))
        self.expect_fine("promtool", "check", "config", DEPLOY / "prometheus" / "prometheus.yml")
        self.expect_fine("amtool", "check-config", ALERTMANAGER)

    def test_routes(self):
        for receiver, labels in [
                ("on-call", ["severity=critical", "alertname=PlumblineDown"]),
                ("on-call", ["severity=warning", "model=m"]),
                ("nobody", ["severity=info", "model=m"]),
                ("watchdog", ["severity=none", "alertname=PlumblineWatchdog"])]:
            code, text = run_tool("amtool", "config", "routes", "test",
                                  f"--config.file={ALERTMANAGER}", *labels)
            self.assertEqual((code, text.split()[0]), (0, receiver), labels)

    def test_every_alert_says_what_why_and_what_to_do(self):
        known = headings(DEPLOY / "runbooks.md")
        names = re.search(r"kCheckNames\[\] = \{(.*?)\};",
                          (ROOT / "server/checks/policy.cc").read_text(), re.DOTALL)[1]
        self.assertLessEqual(set(re.findall(r'"(\w+)"', names)), known)
        for group in yaml.safe_load(RULES.read_text())["groups"]:
            for rule in group["rules"]:
                if "alert" not in rule:
                    self.assertRegex(rule["record"], r"^(model|instance):plumbline_\w+:\w+$")
                    continue
                notes = rule["annotations"]
                self.assertTrue(notes["summary"] and notes["description"], rule["alert"])
                self.assertTrue("severity" in rule.get("labels", {}) or "severity" in rule["expr"])
                page, anchor = notes["runbook_url"].split("#")
                self.assertTrue((ROOT / page).is_file())
                self.assertIn(anchor, {rule["alert"].lower(), "{{ $labels.check }}"})
                self.assertTrue(anchor in known or "check" in anchor, anchor)


# Keys and types after Grafana's kinds/dashboard/dashboard_kind.cue; a key that is not here is a mistake.
DASHBOARD = {
    "uid": str, "title": str, "description": str, "tags": list, "schemaVersion": int,
    "version": int, "editable": bool, "graphTooltip": int, "timezone": str, "refresh": str,
    "time": dict, "timepicker": dict, "weekStart": str, "fiscalYearStartMonth": int,
    "liveNow": bool, "links": list, "annotations": dict, "templating": dict, "panels": list}
PANEL = {
    "id": int, "type": str, "title": str, "description": str, "datasource": dict, "gridPos": dict,
    "targets": list, "fieldConfig": dict, "options": dict}
ROW = {"id": int, "type": str, "title": str, "collapsed": bool, "gridPos": dict, "panels": list}
TARGET = {
    "refId": str, "datasource": dict, "expr": str, "legendFormat": str, "editorMode": str,
    "format": str, "instant": bool, "range": bool}
VARIABLE = {
    "name": str, "label": str, "description": str, "type": str, "query": (str, dict),
    "refresh": int, "regex": str, "hide": int, "skipUrlSync": bool, "multi": bool,
    "includeAll": bool, "options": list, "current": dict}
QUERY_VARIABLE = {**VARIABLE, "datasource": dict, "definition": str, "sort": int}
FIELD = {"unit", "decimals", "min", "max", "color", "custom", "thresholds", "mappings", "links"}
OPTIONS = {
    "stat": {"colorMode", "graphMode", "justifyMode", "orientation", "textMode", "reduceOptions"},
    "timeseries": {"legend", "tooltip"},
    "table": {"showHeader", "cellHeight", "footer", "sortBy"},
    "barchart": {
        "orientation", "xField", "showValue", "stacking", "groupWidth", "barWidth", "barRadius",
        "fullHighlight", "xTickLabelRotation", "xTickLabelSpacing", "legend", "tooltip"}}
# Of Grafana's units those that are of use here.
UNITS = {
    "none", "short", "percentunit", "bytes", "Bps", "s", "cps", "ops", "reqps", "bool_yes_no",
    "dateTimeAsIso"}


class Dashboards(unittest.TestCase):
    def setUp(self):
        self.boards = dashboards.load()

    def expect_shape(self, where, value, required, optional=()):
        self.assertEqual(set(required) - set(value), set(), f"{where}: missing")
        self.assertEqual(set(value) - set(required) - set(optional), set(), f"{where}: unknown")
        for key, kind in required.items():
            self.assertIsInstance(value[key], kind, f"{where}: {key}")

    def test_the_four_are_there(self):
        self.assertEqual({board["uid"] for board in self.boards.values()}, {
            "plumbline-fleet", "plumbline-model", "plumbline-variable", "plumbline-service"})

    def test_schema(self):
        for name, board in self.boards.items():
            self.expect_shape(name, board, DASHBOARD)
            self.assertLessEqual(len(board["uid"]), 40)
            self.assertEqual(set(board["time"]), {"from", "to"})
            for variable in board["templating"]["list"]:
                where = f"{name}: ${variable['name']}"
                if variable["type"] == "datasource":
                    self.expect_shape(where, variable, VARIABLE)
                    continue
                self.expect_shape(where, variable, QUERY_VARIABLE,
                                  ["allValue"] if variable["multi"] else [])
                self.assertEqual(variable["query"]["query"], variable["definition"])
            for panel in board["panels"]:
                if panel["type"] == "row":
                    self.expect_shape(f"{name}: {panel['title']}", panel, ROW)
                else:
                    self.expect_panel(name, panel)

    def expect_panel(self, name, panel):
        where = f"{name}: {panel['title']}"
        self.expect_shape(where, panel, PANEL, ["transformations"])
        self.assertEqual(set(panel["fieldConfig"]), {"defaults", "overrides"}, where)
        defaults = panel["fieldConfig"]["defaults"]
        self.assertLessEqual(set(defaults), FIELD, where)
        steps = defaults["thresholds"]["steps"]
        self.assertIsNone(steps[0]["value"], where)
        self.assertEqual(steps[1:], sorted(steps[1:], key=lambda step: step["value"]), where)
        self.assertEqual(set(panel["options"]), OPTIONS[panel["type"]], where)
        for override in panel["fieldConfig"]["overrides"]:
            self.assertEqual(set(override), {"matcher", "properties"}, where)
            for change in override["properties"]:
                self.assertEqual(set(change), {"id", "value"}, where)
                self.assertIn(change["id"].split(".")[0], FIELD, where)
        for target in panel["targets"]:
            self.expect_shape(f"{where}: {target['refId']}", target, TARGET)
            self.assertIn(target["format"], ["time_series", "table"])
            self.assertNotEqual(target["instant"], target["range"])
        refs = [target["refId"] for target in panel["targets"]]
        self.assertEqual(len(refs), len(set(refs)), where)

    def test_panels_lie_beside_each_other(self):
        for name, board in self.boards.items():
            ids = [panel["id"] for panel in board["panels"]]
            self.assertEqual(len(ids), len(set(ids)), name)
            taken = {}
            for panel in board["panels"]:
                at = panel["gridPos"]
                self.assertEqual(set(at), {"x", "y", "w", "h"})
                self.assertLessEqual(at["x"] + at["w"], 24, panel["title"])
                for x in range(at["x"], at["x"] + at["w"]):
                    for y in range(at["y"], at["y"] + at["h"]):
                        self.assertNotIn((x, y), taken, panel["title"])
                        taken[x, y] = panel["id"]

    def test_links_lead_to_dashboards_that_are_there(self):
        uids = {board["uid"] for board in self.boards.values()}
        texts = [path.read_text() for path in dashboards.FOLDER.glob("*.json")]
        for text in [*texts, RULES.read_text()]:
            for uid in re.findall(r"/d/(plumbline-\w+)\?", text):
                self.assertIn(uid, uids)
            for name in re.findall(r"[?&]var-(\w+)=", text):
                self.assertIn(name, {"model", "version", "variable"})

    # What follows are the rules of Grafana's dashboard-linter, by their names there.

    def test_template_rules(self):
        for name, board in self.boards.items():
            source, = dashboards.variables(board, "datasource")  # template-datasource-rule
            self.assertEqual((source["name"], source["label"], source["query"]),
                             ("datasource", "Data source", "prometheus"))
            found = {variable["name"]: variable for variable in board["templating"]["list"]}
            for label in ("job", "instance"):  # template-job-rule, template-instance-rule
                variable = found[label]
                self.assertEqual(
                    (variable["type"], variable["label"], variable["multi"], variable["allValue"]),
                    ("query", label.capitalize(), True, ".+"), name)
            for variable in dashboards.variables(board, "query"):
                dashboards.label_values(variable)  # template-label-promql-rule
                self.assertEqual(variable["refresh"], 2)  # template-on-time-change-reload-rule
                self.assertEqual(variable["datasource"]["uid"], "$datasource")
            self.assertFalse(board["editable"])  # uneditable-dashboard-rule

    def test_panel_rules(self):
        for name, board in self.boards.items():
            for panel in dashboards.panels(board):
                where = f"{name}: {panel['title']}"
                # panel-datasource-rule, panel-title-description-rule, panel-no-targets-rule
                self.assertEqual(panel["datasource"], {"type": "prometheus", "uid": "$datasource"})
                self.assertTrue(panel["title"] and panel["description"].endswith("."), where)
                self.assertTrue(panel["targets"], where)
                units = [panel["fieldConfig"]["defaults"]["unit"]]  # panel-units-rule
                for override in panel["fieldConfig"]["overrides"]:
                    units += [p["value"] for p in override["properties"] if p["id"] == "unit"]
                self.assertLessEqual(set(units), UNITS, where)

    def test_target_rules(self):
        for name, board in self.boards.items():
            for panel in dashboards.panels(board):
                for target in panel["targets"]:
                    expression = target["expr"]
                    where = f"{name}: {panel['title']}: {expression}"
                    self.assertEqual(target["datasource"]["uid"], "$datasource")
                    found = list(dashboards.selectors(expression))
                    self.assertTrue(found, where)
                    # target-job-rule, target-instance-rule
                    self.assertEqual(expression.count('job=~"$job"'), len(found), where)
                    self.assertEqual(expression.count('instance=~"$instance"'), len(found), where)
                    # target-rate-interval-rule
                    self.assertEqual(set(re.findall(r"\[([^\]]*)\]", expression)) -
                                     {"$__rate_interval"}, set(), where)
                    rates = len(re.findall(r"\b(?:rate|irate|increase)\(", expression))
                    self.assertEqual(rates, expression.count("["), where)
                    for metric, _ in found:
                        if metric.endswith(("_total", "_bucket")):  # target-counter-agg-rule
                            self.assertRegex(expression, rf"rate\({metric}\{{", where)
                        if metric.endswith("_bucket"):  # target-histogram-rule
                            self.assertIn("histogram_quantile(", expression, where)


class Compose(unittest.TestCase):
    def setUp(self):
        self.compose = yaml.safe_load((DEPLOY / "docker-compose.yml").read_text())
        self.services = self.compose["services"]

    def mounts(self, service):
        """Source by path in the container."""
        return {volume.split(":")[1]: volume.split(":")[0]
                for volume in self.services[service]["volumes"]}

    def in_repository(self, service, path):
        """The file that the container sees there."""
        for inside, outside in self.mounts(service).items():
            if path == inside or path.startswith(inside + "/"):
                return DEPLOY / outside / path[len(inside):].lstrip("/")
        self.fail(f"{service} has nothing at {path}")

    def test_every_service_is_whole(self):
        self.assertEqual(set(self.services), {"plumbline", "prometheus", "alertmanager", "grafana"})
        for name, service in self.services.items():
            self.assertRegex(service["image"], r"^(\w+/)?\w+:[\w.]+$")
            self.assertIn("test", service["healthcheck"], name)
            self.assertIn(service["restart"], ["unless-stopped"])
            for port in service["ports"]:
                self.assertRegex(port, r"^127\.0\.0\.1:(\d+):\1$")
            for inside, outside in self.mounts(name).items():
                if outside.startswith("."):
                    self.assertTrue((DEPLOY / outside).exists(), f"{name}: {inside}")
                else:
                    self.assertIn(outside, self.compose["volumes"])
            for other in service.get("depends_on", []):
                self.assertIn(other, self.services)
        # All that is declared is used.
        used = {outside for name in self.services for outside in self.mounts(name).values()}
        self.assertLessEqual(set(self.compose["volumes"]), used)

    def test_flags_are_those_of_the_programs(self):
        alerting.fetch_tools()
        for service, program in [
                ("plumbline", BIN / "plumblined"),
                ("prometheus", alerting.TOOLS / "usr/bin/prometheus"),
                ("alertmanager", alerting.TOOLS / "usr/bin/prometheus-alertmanager")]:
            done = subprocess.run([program, "--help"], capture_output=True, text=True)
            for word in self.services[service]["command"]:
                if word.startswith("--"):
                    self.assertRegex(done.stdout + done.stderr,
                                     re.escape(word.split("=")[0]) + r"[ =\n]", service)
            for flag in self.services[service]["command"]:
                if match := re.fullmatch(r"--config.file=(.+)", flag):
                    self.assertTrue(self.in_repository(service, match[1]).is_file())

    def test_ports_and_names_agree(self):
        docker = (ROOT / "Dockerfile").read_text()
        exposed = set(re.search(r"EXPOSE ([\d ]+)", docker)[1].split())
        ports = {name: {port.split(":")[-1] for port in service["ports"]}
                 for name, service in self.services.items()}
        self.assertEqual(ports["plumbline"], exposed)
        self.assertIn("plumbline:/var/lib/plumbline", self.services["plumbline"]["volumes"])
        self.assertIn("VOLUME /var/lib/plumbline", docker)
        prometheus = yaml.safe_load(
            self.in_repository("prometheus", "/etc/prometheus/prometheus.yml").read_text())
        addresses = [*prometheus["scrape_configs"][0]["static_configs"][0]["targets"],
                     *prometheus["alerting"]["alertmanagers"][0]["static_configs"][0]["targets"]]
        self.assertEqual(prometheus["scrape_configs"][0]["job_name"], "plumbline")
        for rules in prometheus["rule_files"]:
            self.assertTrue(self.in_repository("prometheus", f"/etc/prometheus/{rules}").is_file())
        sources = yaml.safe_load(self.in_repository(
            "grafana", "/etc/grafana/provisioning/datasources/plumbline.yml").read_text())
        addresses += [s["url"].removeprefix("http://") for s in sources["datasources"]]
        for address in addresses:
            host, port = address.split(":")
            self.assertIn(port, ports[host], address)
        self.assertEqual(prometheus["global"]["scrape_interval"],
                         sources["datasources"][0]["jsonData"]["timeInterval"])
        for name, service in self.services.items():
            url = service["healthcheck"]["test"][-1]
            self.assertIn(re.search(r":(\d+)/", url)[1], ports[name])

    def test_grafana_finds_its_dashboards(self):
        providers = yaml.safe_load(self.in_repository(
            "grafana", "/etc/grafana/provisioning/dashboards/plumbline.yml").read_text())
        folder = providers["providers"][0]["options"]["path"]
        self.assertEqual(self.in_repository("grafana", folder).resolve(), dashboards.FOLDER)
        home = self.services["grafana"]["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
        self.assertTrue(self.in_repository("grafana", home).is_file())


if __name__ == "__main__":
    unittest.main()
