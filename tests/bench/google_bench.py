"""Runs an executable of Google Benchmark and sets each benchmark beside its yardsticks."""

import json
import subprocess

YARDSTICKS = ("obvious", "memcpy")


def run_binary(bench, binary, only=""):
    """Name -> what Google Benchmark says of it: the median of several runs. `only` is a pattern of
    names."""
    seconds, repetitions = (0.1, 3) if bench.quick else (0.5, 5)
    done = subprocess.run(
        [bench.tool(binary), f"--benchmark_filter={only or '.'}", "--benchmark_format=json",
         f"--benchmark_min_time={seconds}",
         f"--benchmark_repetitions={repetitions}", "--benchmark_enable_random_interleaving=true",
         "--benchmark_report_aggregates_only=true"],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=True)
    return {entry["run_name"]: entry for entry in json.loads(done.stdout)["benchmarks"]
            if entry.get("aggregate_name") == "median"}


def run_rates(bench, report, binary, unit, goals=None, judged=lambda case: True):
    """Benchmarks named `case/plumbline`, `case/obvious` and `case/memcpy`, which all set
    items_per_second (of CPU time). `goals`: yardstick -> least ratio, of the cases that are
    `judged`."""
    found = run_binary(bench, binary)
    for name, entry in found.items():
        case, _, variant = name.rpartition("/")
        if variant != "plumbline":
            continue
        value = entry["items_per_second"] / 1e6
        others = [y for y in YARDSTICKS if f"{case}/{y}" in found]
        for yardstick in others:
            limit = (goals or {}).get(yardstick) if judged(case) else None
            report.add(case, "rate", value, unit,
                       found[f"{case}/{yardstick}"]["items_per_second"] / 1e6, yardstick,
                       goal=limit and (">=", limit))
        if not others:
            report.add(case, "rate", value, unit)
