#!/usr/bin/env bash
# Builds and runs the benchmarks on Debian 12, as root or with sudo; prints one table and writes JSON.
#   tests/bench/run.sh [--quick] [--out FILE] [NAME...]
# Names: see README.md; none: all.  BUILD_DIR names the build folder (default build).
set -euo pipefail
cd "$(dirname "$0")/../.."
build_dir="${BUILD_DIR:-build}"
deploy/packages.sh
cmake -S . -B "$build_dir" -G Ninja -DCMAKE_BUILD_TYPE=Release -DPLUMBLINE_BENCH=ON >/dev/null
cmake --build "$build_dir" -j "$(nproc)" --target bench >&2
exec python3 -B tests/bench/run.py --build_dir "$build_dir" "$@"
