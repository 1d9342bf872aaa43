"""Runs the benchmarks by name, prints one table and writes JSON. run.sh builds what this needs."""

import argparse
import json
import os
import pathlib
import platform
import sys

import baseline
import checks
import commit
import coding
import end_to_end
import evaluation
import fleet
import report
import scrape
import stop
import strings
import wide

# Name -> what runs it: a function of (bench, report).
BENCHMARKS = {
    "coding": coding.run,
    "end_to_end": end_to_end.run,
    "checks": checks.run,
    "evaluation": evaluation.run,
    "baseline": baseline.run,
    "commit": commit.run,
    "fleet": fleet.run,
    "stop": stop.run,
    "scrape": scrape.run,
    "strings": strings.run,
    "wide": wide.run,
}


class Bench:
    """Where things are, and how long to take."""

    def __init__(self, build_dir, quick):
        self.build_dir = pathlib.Path(build_dir).resolve()
        self.quick = quick

    def tool(self, name):
        return self.build_dir / "bench" / name

    def daemon(self):
        return self.build_dir / "bin" / "plumblined"


def main():
    parser = argparse.ArgumentParser(description="Runs Plumbline's benchmarks.")
    parser.add_argument("--build_dir", default="build")
    parser.add_argument("--quick", action="store_true", help="less data and shorter rounds")
    parser.add_argument("--out", help="JSON file; default bench.json in the build folder")
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(BENCHMARKS))
    args = parser.parse_args()
    unknown = [name for name in args.names if name not in BENCHMARKS]
    if unknown:
        parser.error(f"no benchmark {', '.join(unknown)}; there are {', '.join(BENCHMARKS)}")
    bench = Bench(args.build_dir, args.quick)
    results = report.Report()
    failed = []
    before = os.getloadavg()[0]
    for name in args.names or BENCHMARKS:
        print(f"{name} ...", file=sys.stderr, flush=True)
        try:
            BENCHMARKS[name](bench, results.of(name))
        except Exception as error:  # the others still run, and the table says so
            failed.append(name)
            results.of(name).add("failed", str(error).strip().splitlines()[-1][:80], "", "")
            print(f"{name} failed: {error}", file=sys.stderr)
    machine = (f"{os.cpu_count()} cores, {platform.machine()}, Linux {platform.release()}; "
               f"load average before {before:.1f}, after {os.getloadavg()[0]:.1f}")
    print(results.table(machine))
    out = pathlib.Path(args.out) if args.out else bench.build_dir / "bench.json"
    out.write_text(json.dumps({"machine": machine, "quick": args.quick,
                               "results": results.rows}, indent=1) + "\n")
    print(f"JSON: {out}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
