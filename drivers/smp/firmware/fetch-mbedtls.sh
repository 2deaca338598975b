#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Gets the source of Debian's mbedTLS package into FOLDER/mbedtls, for the reference
# firmware. Uses package lists of its own below FOLDER: neither the system's sources nor
# its lists are read or changed, and no rights are needed. Does nothing when it is there
# already. Needs apt and dpkg-dev.
#
#   fetch-mbedtls.sh FOLDER
set -eu

if [ $# -ne 1 ]; then
  echo "usage: fetch-mbedtls.sh FOLDER" >&2
  exit 2
fi

suite=bookworm
keyring=/usr/share/keyrings/debian-archive-keyring.gpg

mkdir -p "$1"
folder=$(cd "$1" && pwd)
if [ -f "$folder/mbedtls/include/mbedtls/version.h" ]; then
  exit 0
fi

for tool in apt-get dpkg-source; do
  if ! command -v "$tool" >/dev/null; then
    echo "fetch-mbedtls.sh: $tool is missing; install apt and dpkg-dev" >&2
    exit 1
  fi
done

# Where this machine gets its packages from, it gets their sources from too.
system_mirror() {
  # shellcheck disable=SC2016
  apt-get indextargets --format '$(REPO_URI)' "Codename: $suite" "Component: main" 2>/dev/null |
    grep '^http' | head -n 1
}

mirror=${KEYCRADLE_DEBIAN_MIRROR:-$(system_mirror || true)}
if [ -z "$mirror" ]; then
  echo "fetch-mbedtls.sh: apt knows no source of $suite main here: run 'apt-get update' as root," >&2
  echo "or set KEYCRADLE_DEBIAN_MIRROR to a Debian mirror" >&2
  exit 1
fi

work=$folder/apt
rm -rf "$work" "$folder/mbedtls" "$folder/mbedtls.new"
mkdir -p "$work/lists/partial" "$work/cache/archives/partial" "$work/sources" "$work/parts" "$work/packages"
: >"$work/status"
printf 'deb-src [signed-by=%s] %s %s main\n' "$keyring" "$mirror" "$suite" >"$work/sources/src.list"

# Everything that apt would read or write below / is put below $work; what the system sets
# about proxies stays.
private_apt() {
  apt-get -q \
    -o Dir::Etc::SourceList=/dev/null \
    -o Dir::Etc::SourceParts="$work/sources" \
    -o Dir::State::Lists="$work/lists" \
    -o Dir::State::Status="$work/status" \
    -o Dir::Cache="$work/cache" \
    -o APT::Sandbox::User="$(id -un)" \
    -o Acquire::Languages=none \
    -o Acquire::Retries=3 \
    "$@"
}

private_apt update
(cd "$work/packages" && private_apt source --download-only mbedtls)
dpkg-source --no-copy -x "$work"/packages/mbedtls_*.dsc "$folder/mbedtls.new"
mv "$folder/mbedtls.new" "$folder/mbedtls"
rm -rf "$work"
