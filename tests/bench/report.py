"""Collects what the benchmarks measured, and prints it as one table."""


def number(value):
    """Three significant digits, thousands separated."""
    if value is None:
        return ""
    if isinstance(value, str):  # of a benchmark that failed
        return value
    if value == 0 or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


class Section:
    """Adds rows of one benchmark."""

    def __init__(self, rows, name):
        self.rows = rows
        self.name = name

    def add(self, case, what, value, unit, yardstick=None, yardstick_name=None, ratio=None,
            goal=None, **more):
        """One measured value. `yardstick` was measured in the same run, in the same unit; `ratio` is
        value / yardstick unless given; `goal` is (">=" or "<=", limit) and binds the ratio if there is
        a yardstick, else the value. `more` only goes to the JSON."""
        if ratio is None and yardstick:
            ratio = value / yardstick
        judged = value if ratio is None else ratio
        met = None
        if goal is not None:
            met = judged >= goal[1] if goal[0] == ">=" else judged <= goal[1]
        self.rows.append({
            "benchmark": self.name, "case": case, "what": what, "value": value, "unit": unit,
            "yardstick": yardstick, "yardstick_name": yardstick_name, "ratio": ratio,
            "goal": None if goal is None else f"{goal[0]} {goal[1]}", "met": met, **more})


class Report:
    def __init__(self):
        self.rows = []

    def of(self, name):
        return Section(self.rows, name)

    def table(self, machine):
        head = ["benchmark", "case", "what", "value", "unit", "yardstick", "ratio", "goal", "met"]
        lines = [head]
        for row in self.rows:
            yardstick = ""
            if row["yardstick"] is not None:
                yardstick = f"{number(row['yardstick'])} {row['yardstick_name'] or ''}".strip()
            met = {None: "", True: "yes", False: "NO"}[row["met"]]
            lines.append([row["benchmark"], row["case"], row["what"], number(row["value"]),
                          row["unit"], yardstick, number(row["ratio"]), row["goal"] or "", met])
        widths = [max(len(line[i]) for line in lines) for i in range(len(head))]
        right = {3, 6}
        text = [machine]
        for line in lines:
            cells = [cell.rjust(width) if i in right else cell.ljust(width)
                     for i, (cell, width) in enumerate(zip(line, widths))]
            text.append("  ".join(cells).rstrip())
        return "\n".join(text)
