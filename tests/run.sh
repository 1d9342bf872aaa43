#!/usr/bin/env bash
# Builds Plumbline and passes all its tests, on a fresh Debian 12 machine, as root or with sudo.
#   tests/run.sh [--sanitize]
# --sanitize builds with ASAN and UBSAN.  BUILD_DIR names the build folder (default build, or build-asan).
set -euo pipefail
cd "$(dirname "$0")/.."

sanitize=""
build_dir="${BUILD_DIR:-build}"
case "${1:-}" in
  "") ;;
  --sanitize) sanitize="address,undefined"; build_dir="${BUILD_DIR:-build-asan}" ;;
  *) echo "usage: tests/run.sh [--sanitize]" >&2; exit 2 ;;
esac

deploy/packages.sh
export LSAN_OPTIONS="suppressions=$PWD/tests/lsan.supp:print_suppressions=0"
cmake -S . -B "$build_dir" -G Ninja -DCMAKE_BUILD_TYPE=Release -DPLUMBLINE_SANITIZE="$sanitize"
cmake --build "$build_dir" -j "$(nproc)"
ctest --test-dir "$build_dir" --output-on-failure -j "$(nproc)"
