#!/usr/bin/env bash
# Builds Plumbline and passes all its tests, on a fresh Debian 12 machine, as root or with sudo.
#   tests/run.sh [--sanitize | --tsan | --shipped]
# --sanitize builds the libraries and their tests with ASAN and UBSAN (the latter not of transport, tests and generated code);
# --tsan builds and passes the rooms below gRPC with TSAN; --shipped builds what is shipped (in eights), and passes the tests that run it and
# those of the command.
# BUILD_DIR names the build folder (default build, build-asan or build-tsan).
set -euo pipefail
cd "$(dirname "$0")/.."

sanitize=""
shipped=""
build_dir="${BUILD_DIR:-build}"
case "${1:-}" in
  "") ;;
  --sanitize) sanitize="address,undefined"; build_dir="${BUILD_DIR:-build-asan}" ;;
  --tsan) sanitize="thread"; build_dir="${BUILD_DIR:-build-tsan}" ;;
  --shipped) shipped=1 ;;
  *) echo "usage: tests/run.sh [--sanitize | --tsan | --shipped]" >&2; exit 2 ;;
esac

deploy/packages.sh
export LSAN_OPTIONS="suppressions=$PWD/tests/lsan.supp:print_suppressions=0"
export TSAN_OPTIONS="suppressions=$PWD/tests/tsan.supp:print_suppressions=0"
# The plain build is to see a missing include; the others are to be quick. Headers are precompiled for the sanitizers only: at -O3
# g++ 12 warns of what is inside precompiled system headers.
cmake -S . -B "$build_dir" -G Ninja -DCMAKE_BUILD_TYPE=Release -DPLUMBLINE_SANITIZE="$sanitize" \
  -DPLUMBLINE_PRECOMPILE="${sanitize:+ON}" -DPLUMBLINE_UNITY="${1:+ON}"
if [ "$sanitize" = thread ]; then
  # gRPC comes uninstrumented: what it synchronises looks like races.
  rooms=(base stats profile checks storage engine)
  cmake --build "$build_dir" -j "$(nproc)" --target "${rooms[@]/%/_test}"
  for room in "${rooms[@]}"; do "$build_dir/tests/$room/${room}_test" --gtest_brief=1; done
  exit 0
fi
if [ -n "$shipped" ]; then
  cmake --build "$build_dir" -j "$(nproc)" --target plumblined plumbline kill_points oracle_client overload_client \
    replay_client client_commands_test trust
  ctest --test-dir "$build_dir" --output-on-failure -j "$(nproc)" -R '^(e2e|faults|rooms|client_commands_test|trust)[.]'
  exit 0
fi
if [ -n "$sanitize" ]; then
  cmake --build "$build_dir" -j "$(nproc)" --target library_tests
  ctest --test-dir "$build_dir" --output-on-failure -j "$(nproc)" -E '^(e2e|faults|client_commands_test)[.]'
  exit 0
fi
cmake --build "$build_dir" -j "$(nproc)"
ctest --test-dir "$build_dir" --output-on-failure -j "$(nproc)"
