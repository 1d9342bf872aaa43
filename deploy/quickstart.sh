#!/usr/bin/env bash
# Plumbline's main job on real data: stores the California-housing reference as a baseline, streams half a year of later
# traffic through the service, and shows what on-call would have been told.
#   deploy/quickstart.sh          leaves the service running, and says how to stop it
#   deploy/quickstart.sh --once   stops by itself; exits non-zero unless the variables that moved were found
# GRPC_ADDRESS, HTTP_ADDRESS and BUILD_DIR may be set; RATE is rows a second (default 1500).
set -euo pipefail
cd "$(dirname "$0")/.."

once=false
case "${1:-}" in
  "") ;;
  --once) once=true ;;
  *) echo "usage: deploy/quickstart.sh [--once]" >&2; exit 2 ;;
esac

build_dir="${BUILD_DIR:-build}"
grpc_address="${GRPC_ADDRESS:-127.0.0.1:7700}"
http_address="${HTTP_ADDRESS:-127.0.0.1:7701}"
rate="${RATE:-1500}"
housing=tests/data/california_housing
work="$(mktemp -d "${TMPDIR:-/tmp}/plumbline-quickstart.XXXXXX")"
log="$work/plumblined.log"
server_pid=""

say() { printf '\n\033[1m%s\033[0m\n' "$*"; }

stop_server() {
  if [ -n "$server_pid" ] && kill -0 "$server_pid" 2>/dev/null; then
    kill -TERM "$server_pid"
    wait "$server_pid" || true
  fi
  server_pid=""
}

# Leaves the service running only at the very end of a run without --once.
keep=false
trap 'if ! $keep; then stop_server; rm -rf "$work"; fi' EXIT

start_server() {
  "$build_dir/bin/plumblined" --data_dir "$work/data" --grpc_address "$grpc_address" \
    --http_address "$http_address" >>"$log" 2>&1 &
  server_pid=$!
  for _ in $(seq 100); do
    if curl -fsS -o /dev/null "http://$http_address/readyz" 2>/dev/null; then return; fi
    if ! kill -0 "$server_pid" 2>/dev/null; then
      echo "The service did not start:" >&2
      cat "$log" >&2
      exit 1
    fi
    sleep 0.1
  done
  echo "The service was not ready within 10 seconds:" >&2
  cat "$log" >&2
  exit 1
}

plumbline() { "$build_dir/bin/plumbline" --server "$grpc_address" "$@"; }

say "1. Building (about ten minutes the first time, on two cores)"
deploy/packages.sh
how=(-DCMAKE_BUILD_TYPE=Release)
if [ ! -e "$build_dir/CMakeCache.txt" ]; then how+=(-DPLUMBLINE_UNITY=ON); fi  # half the time, from nothing
cmake -S . -B "$build_dir" -G Ninja "${how[@]}" >"$work/cmake.log" || { cat "$work/cmake.log" >&2; exit 1; }
cmake --build "$build_dir" -j "$(nproc)" --target plumblined plumbline

say "2. Starting the service: gRPC on $grpc_address, metrics on http://$http_address/metrics"
start_server

say "3. Storing the training data as a baseline: 5,832 hours of California housing with the model's predictions"
plumbline baseline create --model housing --csv "$housing/reference.csv.gz" --timestamp timestamp --id id \
  --role y_pred=prediction,y_pred_proba=prediction,clf_target=label \
  --kind y_pred=categorical,clf_target=categorical
plumbline model policy set --model housing --file deploy/quickstart-policy.json >/dev/null

say "4. Live traffic: the year that followed, 8,232 rows in time order, in panes of a day and a window of 120"
plumbline send --model housing --csv "$housing/analysis.csv.gz" --timestamp timestamp --id id \
  --batch_rows 24 --rate "$rate" --source quickstart

say "5. A restart forgets nothing: killing the service (-9) and starting it again"
kill -9 "$server_pid"
wait "$server_pid" 2>/dev/null || true
start_server

say "6. What on-call has been told"
sleep 2 # the first evaluation after a start
plumbline alerts --all
say "7. The last window beside the baseline"
plumbline report --model housing
say "8. The same on /metrics"
curl -fsS "http://$http_address/metrics" | grep -E '^plumbline_alert_active' | head -8

fired="$(plumbline --format json alerts --model housing --all)"
status=0
for variable in Longitude Latitude; do
  if ! printf '%s' "$fired" | tr '{' '\n' | grep '"check":"drift"' | grep -q "\"variable\":\"$variable\""; then
    echo "expected an alert of drift for $variable; there was none" >&2
    status=1
  fi
done

if $once; then
  stop_server
  [ "$status" -eq 0 ] && say "Done: the variables that moved were found."
  exit "$status"
fi
keep=true
say "The service keeps running (pid $server_pid, data and log in $work)."
cat <<TXT
  look     $build_dir/bin/plumbline --server $grpc_address report --model housing --variable Longitude
  past     $build_dir/bin/plumbline --server $grpc_address backtest --model housing --csv $housing/analysis.csv.gz \\
             --timestamp timestamp --id id --chunk month
  metrics  http://$http_address/metrics
  stop     kill $server_pid
TXT
exit "$status"
