#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Builds the reference firmware with the mbedTLS sources that fetch-mbedtls.sh put into
# FOLDER. The library is compiled once into FOLDER and used again.
#
#   build-firmware.sh FOLDER OUT.elf
set -eu

if [ $# -ne 2 ]; then
  echo "usage: build-firmware.sh FOLDER OUT.elf" >&2
  exit 2
fi

here=$(cd "$(dirname "$0")" && pwd)
folder=$(cd "$1" && pwd)
out=$2
device=$here/../device
mbedtls=$folder/mbedtls
compiler=${ARM_CC:-arm-none-eabi-gcc}
archiver=${ARM_AR:-arm-none-eabi-ar}

if [ ! -f "$mbedtls/include/mbedtls/version.h" ]; then
  echo "build-firmware.sh: no mbedTLS in $mbedtls; run fetch-mbedtls.sh $1 first" >&2
  exit 1
fi
if ! command -v "$compiler" >/dev/null; then
  echo "build-firmware.sh: $compiler is missing; install gcc-arm-none-eabi and libnewlib-arm-none-eabi" >&2
  exit 1
fi

# gcc reads its flags from a file, where a path may hold blanks.
flags=$folder/flags
{
  echo "-mcpu=cortex-m3 -mthumb -Os -g -std=gnu11 -ffunction-sections -fdata-sections"
  printf '"-I%s"\n' "$here" "$device" "$mbedtls/include"
  printf '%s\n' "-DMBEDTLS_CONFIG_FILE='\"mbedtls_config.h\"'"
} >"$flags"

# The library depends on its configuration and on this script's flags.
stamp=$(cat "$here/mbedtls_config.h" "$0" | sha256sum | cut -c 1-16)
objects=$folder/objects-$stamp
library=$objects/libmbedtls.a
if [ ! -f "$library" ]; then
  rm -rf "$folder"/objects-*
  mkdir -p "$objects"
  find "$mbedtls/library" -name '*.c' ! -name 'ssl_*' ! -name 'psa_*' ! -name 'net_*' -print0 |
    (cd "$objects" && xargs -0 -P "$(nproc)" -n 8 "$compiler" "@$flags" -w -c)
  rm -f "$library.new"
  "$archiver" rc "$library.new" "$objects"/*.o
  mv "$library.new" "$library"
fi

mkdir -p "$(dirname "$out")"
"$compiler" "@$flags" -Wall -Wextra -Werror -Wshadow -Wconversion \
  --specs=nano.specs -nostartfiles -Wl,--gc-sections -Wl,--fatal-warnings -T "$here/mps2.ld" \
  "$here"/startup.c "$here"/main.c "$here"/identity.c "$here"/uart.c "$here"/syscalls.c \
  "$device"/*.c "$library" -o "$out.new"
mv "$out.new" "$out"
