"""Grafana's dashboards of deploy/: what is in them, with variables filled in as Grafana would."""

import json
import re

from alerting import DEPLOY

FOLDER = DEPLOY / "grafana" / "dashboards"


def load():
    """The dashboards by file name."""
    return {path.name: json.loads(path.read_text()) for path in sorted(FOLDER.glob("*.json"))}


def panels(board):
    """All panels but the rows, those of collapsed rows too."""
    for panel in board["panels"]:
        if panel["type"] != "row":
            yield panel
        yield from panel.get("panels", [])


def variables(board, kind):
    return [v for v in board["templating"]["list"] if v["type"] == kind]


def label_values(variable):
    """Selector and label of a variable's query label_values(selector, label)."""
    match = re.fullmatch(r"label_values\((.+), *(\w+)\)", variable["query"]["query"])
    return match[1], match[2]


def fill(expression, values):
    """The expression with its $variables; what is of no value stays, and is an error in PromQL."""
    values = {"__rate_interval": "1m", **values}
    return re.sub(r"\$(\w+)", lambda m: values.get(m[1], m[0]), expression)


def selectors(expression):
    """(metric, [labels of its matchers]) of each selector."""
    bare = re.sub(r'"(?:[^"\\]|\\.)*"', '""', expression)
    for match in re.finditer(r"(?<![\w:$])([a-zA-Z_:][\w:]*)(?:\{([^}]*)\})?(?=[^\w(]|$)", bare):
        if match[2] is not None or re.match(r"(plumbline|process)_|\w+:plumbline|up$", match[1]):
            yield match[1], re.findall(r"(\w+)\s*(?:=~|!~|!=|=)", match[2] or "")


def grouping_labels(expression):
    """The labels in by (...), on (...) and their like."""
    for match in re.finditer(
            r"\b(?:by|without|on|ignoring|group_left|group_right)\s*\(([^)]*)\)", expression):
        yield from re.findall(r"\w+", match[1])
