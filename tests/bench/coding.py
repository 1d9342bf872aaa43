"""Coding and counting of one kind of column at a time."""

import google_bench


def run(bench, report):
    # Where all values fall into one bin, a branch is learnt and the obvious version is fast.
    google_bench.run_rates(
        bench, report, "coding_bench", "M values/s", goals={"obvious": 10},
        judged=lambda case: case not in ("double/constant", "double/drifted-out")
        and not case.startswith("string/"))
