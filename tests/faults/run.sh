#!/usr/bin/env bash
# Kills a real daemon again and again under load, and compares what it counted with the clients' own books.
#   tests/faults/run.sh [--kills N] [--seconds S] [--clients C] [--seed X]
# Batches replayed and reordered over several streams, with planted holes, and kills in between:
#   tests/faults/run.sh --replays N [--kills K] [--producers P] [--seed X]
# The same for a disk that fills up, where a tmpfs may be mounted: python3 -B tests/faults/disk_full.py [--fills N].
# Stops after N kills, or after S seconds if that is sooner.  BUILD_DIR names the build folder (default build).
set -euo pipefail
cd "$(dirname "$0")/../.."
export BUILD_DIR="${BUILD_DIR:-build}"
deploy/packages.sh
cmake -S . -B "$BUILD_DIR" -G Ninja -DCMAKE_BUILD_TYPE=Release >/dev/null
cmake --build "$BUILD_DIR" -j "$(nproc)"
case " $* " in
  *" --replays "*) exec python3 -B tests/faults/replays.py "$@" ;;
  *) exec python3 -B tests/faults/kills.py "$@" ;;
esac
