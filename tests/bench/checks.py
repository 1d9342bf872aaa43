"""What sources and digests cost on the hot path: the same load to four daemons in turn. Medians; ratios are to a daemon
that gets neither."""

import contextlib
import statistics

import end_to_end
import processes

CASE = end_to_end.Case("20 x 1,024 double", "double")
SOURCES = ("--sources", 4)
LOAD = ("--load", "nightly")
KINDS = {"neither": (), "4 sources": SOURCES, "digests of a load": LOAD, "both": SOURCES + LOAD}


def run(bench, report):
    rounds, seconds = (3, 1.5) if bench.quick else (7, 3)
    with contextlib.ExitStack() as stack:
        daemons = {}
        for kind in KINDS:
            folder = stack.enter_context(processes.Folder(bench))
            daemons[kind] = stack.enter_context(processes.Daemon(bench, folder))
            processes.make_models(bench, daemons[kind], CASE.shape)
            stack.enter_context(processes.Scraper(daemons[kind]))
        runs = {kind: [] for kind in KINDS}
        for _ in range(rounds):
            for kind, words in KINDS.items():
                runs[kind].append(end_to_end.send(bench, daemons[kind], CASE, seconds, *words))
    plain = runs["neither"]
    for kind in list(KINDS)[1:]:
        for what, unit, value in (("throughput", "batches/s", end_to_end.batch_rate),
                                  ("server CPU", "us/batch", end_to_end.cpu_micros)):
            goal = (">=", 0.7) if what == "throughput" else None
            report.add(CASE.name + ", " + kind, what, end_to_end.median(runs[kind], value), unit,
                       end_to_end.median(plain, value), "neither",
                       ratio=statistics.median(value(b) / value(a) for a, b in zip(plain, runs[kind])),
                       goal=goal, runs=[value(one) for one in runs[kind]],
                       yardstick_runs=[value(one) for one in plain])
