"""Judging models as the engine does, on one core, per 100,000 variables."""

import google_bench

VARIABLES = 100_000


def run(bench, report):
    models = 100 if bench.quick else 1000
    found = google_bench.run_binary(bench, "evaluation_bench", f"/{models}$")
    case = f"{models:,} models x 100 variables"
    for name, what, goal in (("statistics", "all statistics", ("<=", 1)),
                             ("judge", "window, statistics, alerts", None)):
        report.add(case, what, VARIABLES / found[f"{name}/{models}"]["items_per_second"],
                   "s/100,000 var", goal=goal)
    clean = VARIABLES / found[f"clean/{models}"]["items_per_second"]
    judge = VARIABLES / found[f"judge/{models}"]["items_per_second"]
    report.add(case, "clean models", clean, "s/100,000 var", judge, "judged", goal=("<=", 0.001))
