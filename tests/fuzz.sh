#!/usr/bin/env bash
# Fuzzes with clang's libFuzzer under ASAN and UBSAN, on Debian 12, as root or with sudo.
#   tests/fuzz.sh [--seconds N] [names]     all targets for 60 seconds each by default
# New inputs go to build-fuzz/corpus/<name>; an input that fails is left as build-fuzz/<name>-crash-*: once mended, add it to
# tests/data/fuzz/<name>, which runs as an ordinary test under every compiler.
#   tests/fuzz.sh --write_seeds             writes tests/data/fuzz/<name>/seed-* anew, by the build in BUILD_DIR (default build)
set -euo pipefail
cd "$(dirname "$0")/.."

seconds=60
if [ "${1:-}" = "--seconds" ]; then
  seconds="$2"
  shift 2
fi
names=()
for file in tests/*/*_fuzz.cc; do
  name="$(basename "$file" _fuzz.cc)"
  if [ "${1:-}" = "--write_seeds" ]; then
    "${BUILD_DIR:-build}/$(dirname "$file")/${name}_fuzz" --write_seeds "tests/data/fuzz/$name"
  fi
  names+=("$name")
done
if [ "${1:-}" = "--write_seeds" ]; then exit 0; fi
if [ $# -gt 0 ]; then names=("$@"); fi

deploy/packages.sh clang-14 libclang-rt-14-dev
cmake -S . -B build-fuzz -G Ninja -DCMAKE_BUILD_TYPE=RelWithDebInfo -DPLUMBLINE_FUZZ=ON -DPLUMBLINE_UNITY=ON \
  -DCMAKE_C_COMPILER=clang-14 -DCMAKE_CXX_COMPILER=clang++-14 \
  -DPLUMBLINE_SANITIZE=address,undefined,fuzzer-no-link >/dev/null
cmake --build build-fuzz -j "$(nproc)" --target "${names[@]/%/_fuzz}"
# gRPC and RocksDB come uninstrumented: a container of theirs has no red zones of ours.
export ASAN_OPTIONS=detect_container_overflow=0
for name in "${names[@]}"; do
  mkdir -p "build-fuzz/corpus/$name"
  echo "== $name, $seconds s"
  log="build-fuzz/$name.log"
  if ! "build-fuzz/fuzz/${name}_fuzz" "build-fuzz/corpus/$name" "tests/data/fuzz/$name" \
      -max_total_time="$seconds" -max_len=16384 -timeout=20 -rss_limit_mb=2048 \
      -artifact_prefix="build-fuzz/$name-" -print_final_stats=1 >"$log" 2>&1; then
    tail -40 "$log"
    echo "$name: FAILED, see $log" >&2
    exit 1
  fi
  grep -E "stat::number_of_executed_units|stat::average_exec_per_sec|stat::peak_rss_mb" "$log"
done
