#!/usr/bin/env bash
# What is promised of false pages and of delays, simulated and on real data: prints tables, and fails if it does not hold.
#   tests/trust/run.sh [--quick] [no_drift] [drift] [real]
# All tables if none is named; --quick takes half a minute in the place of minutes.  BUILD_DIR names the build folder
# (default build).
set -euo pipefail
cd "$(dirname "$0")/../.."
build_dir="${BUILD_DIR:-build}"
deploy/packages.sh
cmake -S . -B "$build_dir" -G Ninja -DCMAKE_BUILD_TYPE=Release >/dev/null
cmake --build "$build_dir" -j "$(nproc)" --target trust >&2
exec "$build_dir/tests/trust/trust" "$@"
