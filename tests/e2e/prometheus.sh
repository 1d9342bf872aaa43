#!/usr/bin/env bash
# Puts Debian's Prometheus (with promtool) into a folder, without installing it: a test must not start a service.
#   tests/e2e/prometheus.sh FOLDER
set -euo pipefail
folder="$1"
if [ -x "$folder/usr/bin/promtool" ]; then exit 0; fi
mkdir -p "$folder/download"
cd "$folder/download"
if command -v prometheus >/dev/null && command -v promtool >/dev/null; then
  mkdir -p "$folder/usr/bin"
  ln -sf "$(command -v prometheus)" "$(command -v promtool)" "$folder/usr/bin/"
  exit 0
fi
sudo=()
if [ "$(id -u)" -ne 0 ]; then sudo=(sudo); fi
"${sudo[@]}" apt-get update -qq
apt-get download -qq prometheus
dpkg -x prometheus_*.deb "$folder"
