#!/usr/bin/env bash
# Installs what building, testing and running Plumbline needs from Debian 12, as root or with sudo.
#   deploy/packages.sh [PACKAGE...]     and these too
# Does nothing when everything is there.
set -euo pipefail

packages=(
  ca-certificates cmake curl g++ git ninja-build pkg-config ccache mold
  libgrpc++-dev protobuf-compiler protobuf-compiler-grpc libprotobuf-dev libabsl-dev
  librocksdb-dev prometheus-cpp-dev libcivetweb-dev libboost-math-dev libxxhash-dev
  libcli11-dev libcsv-dev zlib1g-dev
  libgtest-dev libgmock-dev libbenchmark-dev nlohmann-json3-dev openssl python3 python3-yaml
  "$@"
)

missing=()
for package in "${packages[@]}"; do
  if [ "$(dpkg-query -W -f '${Status}' "$package" 2>/dev/null)" != "install ok installed" ]; then
    missing+=("$package")
  fi
done
if [ "${#missing[@]}" -eq 0 ]; then
  exit 0
fi

sudo=()
if [ "$(id -u)" -ne 0 ]; then
  sudo=(sudo)
fi
echo "Installing: ${missing[*]}"
"${sudo[@]}" apt-get update -qq
"${sudo[@]}" env DEBIAN_FRONTEND=noninteractive \
  apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
