#!/usr/bin/env bash
# Puts Debian's Prometheus and Alertmanager (with promtool and amtool) into a folder, without installing them: a test must not
# start a service.
#   tests/e2e/prometheus.sh FOLDER
set -euo pipefail
folder="$1"
mkdir -p "$folder/download" "$folder/usr/bin"
cd "$folder/download"
exec 9>lock  # tests run side by side
flock 9
missing=()
# $1: the package; the others: its programs.
need() {
  local package="$1" program
  shift
  for program in "$@"; do
    if [ -x "$folder/usr/bin/$program" ]; then continue; fi
    if ! command -v "$program" >/dev/null; then missing+=("$package"); return; fi
    ln -sf "$(command -v "$program")" "$folder/usr/bin/"
  done
}
need prometheus prometheus promtool
need prometheus-alertmanager prometheus-alertmanager amtool
if [ "${#missing[@]}" -eq 0 ]; then exit 0; fi
sudo=()
if [ "$(id -u)" -ne 0 ]; then sudo=(sudo); fi
"${sudo[@]}" apt-get update -qq
for package in "${missing[@]}"; do
  apt-get download -qq "$package"
  dpkg -x "$package"_*.deb "$folder"
done
# Debian's Alertmanager reads its templates from this place only.
templates=usr/share/prometheus/alertmanager
if [ ! -e "/$templates/default.tmpl" ]; then
  "${sudo[@]}" install -D -m 644 -t "/$templates" "$folder/$templates"/*.tmpl
fi
