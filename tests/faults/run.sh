#!/usr/bin/env bash
# Kills a real daemon again and again under load, and compares what it counted with the clients' own books.
#   tests/faults/run.sh [--kills N] [--seconds S] [--clients C] [--seed X]
#   tests/faults/run.sh --fills N [--disk tmpfs|ext4] [--within S]    the same on a small disk that is filled and freed
#   tests/faults/run.sh --replays N [--kills K] [--producers P] [--seed X]    batches replayed and reordered over several
#                                                                   streams, with planted holes, and kills in between
#   tests/faults/run.sh --overload [--seconds S] [--clients C] [--times X] [--core F]    ten times what a daemon held to a
#                                                                   fraction of a core can take: memory, goodput, health
#   tests/faults/run.sh --hostile [--seconds S]    frozen clients, silent connections, slow scrapers
# Stops after N kills, or after S seconds if that is sooner.  BUILD_DIR names the build folder (default build).
set -euo pipefail
cd "$(dirname "$0")/../.."
export BUILD_DIR="${BUILD_DIR:-build}"
deploy/packages.sh
cmake -S . -B "$BUILD_DIR" -G Ninja -DCMAKE_BUILD_TYPE=Release >/dev/null
cmake --build "$BUILD_DIR" -j "$(nproc)"
case "${1:-}" in
  --fills) script=disk_full ;;
  --replays) script=replays ;;
  --overload) script=overload; shift ;;
  --hostile) script=hostile; shift ;;
  *) script=kills ;;
esac
exec python3 -B "tests/faults/$script.py" "$@"
